"""What is installed: pinned, hashed, licensed; all that can be known without a network."""

import re
from importlib.metadata import distributions
from pathlib import Path

ROOT = Path(__file__).parents[3]
LOCK = (ROOT / "requirements.lock").read_text("utf-8")
# Words of licences that a service under Apache 2.0 may be built with.
ALLOWED = re.compile(
    r"apache|bsd|mit\b|isc|psf|python software|mpl|mozilla|lgpl|lesser general|zlib|0bsd|unlicense|cc0"
    r"|public domain|postgresql|hpnd|historical permission|ofl|zpl|cnri",
    re.IGNORECASE,
)
FORBIDDEN = re.compile(
    r"\b(a?gpl|affero|gnu general public|sspl|server side public|busl|business source)\b", re.IGNORECASE
)

# Whose metadata says nothing, by the file that comes with it.
READ = {"resvg_py": ("Permission is hereby granted, free of charge", "MIT")}


def _entries() -> list[str]:
    """Each package of the lock with its lines."""
    return re.split(r"\n(?=[A-Za-z0-9])", LOCK.strip())


def test_every_package_is_pinned_and_has_hashes() -> None:
    entries = [e for e in _entries() if not e.startswith(("#", "--"))]
    assert len(entries) > 80
    for entry in entries:
        assert re.match(r"^[A-Za-z0-9._-]+(\[[\w,-]+\])?==[^\s;\\]+", entry), entry[:60]
        hashes = re.findall(r"--hash=sha256:([0-9a-f]{64})\b", entry)
        assert hashes, entry[:60]
        assert len(hashes) == entry.count("--hash=")


def test_no_address_is_in_the_lock() -> None:
    """Packages come from whatever registry the machine trusts; the hashes say whether they are ours."""
    assert "://" not in LOCK
    assert not re.search(r"^(-i|--(extra-)?index-url|--find-links|--trusted-host)\b", LOCK, re.MULTILINE)


def test_every_licence_is_one_that_we_may_use() -> None:
    for found in distributions():
        metadata = found.metadata
        name = metadata["Name"]
        if name == "decklog":
            continue
        said = [
            metadata.get("License-Expression") or "",
            *(c for c in metadata.get_all("Classifier") or [] if c.startswith("License ::")),
        ]
        if not any(said):
            said = [(metadata.get("License") or "")[:200]]
        if not any(said) and name in READ:
            words, licence = READ[name]
            texts = [f.read_text("utf-8") for f in found.files or [] if f.name == "LICENSE"]
            assert words in texts[0], name
            said = [licence]
        text = " ".join(said)
        assert ALLOWED.search(text), f"{name}: {text!r}"
        # One licence of several may be chosen.
        others = re.sub(r"lgpl|lesser general public", "", text, flags=re.IGNORECASE)
        assert not FORBIDDEN.search(others) or " OR " in text, f"{name}: {text!r}"
