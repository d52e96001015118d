import itertools
from pathlib import Path
from uuid import UUID

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.audit.checkpoint import Statement, sign
from infra.audit.findings import Findings
from infra.audit.keys import KeyProblem, private_key, public_key, shown
from infra.audit.trail import checked, compare, joined, keep_in_file, kept_in_file

KEY = Ed25519PrivateKey.generate()


@pytest.fixture
def lines() -> list[str]:
    made: list[str] = []
    for number in (1, 2, 3):
        said = Statement(UUID(int=7), 10 * number, 1_000, number, bytes([number]) * 32)
        made.append(sign(KEY, number, made[-1] if made else None, said).line)
    return made


def faults(lines: list[str], key: Ed25519PrivateKey = KEY) -> list[int | None]:
    findings = Findings()
    checked(lines, key.public_key(), findings)
    return [f.number for f in findings.listed()]


def test_a_chain_holds(lines: list[str]) -> None:
    findings = Findings()
    assert [c.position for c in checked(lines, KEY.public_key(), findings)] == [10, 20, 30]
    assert not findings


def test_every_edited_byte_is_found(lines: list[str], tmp_path: Path) -> None:
    file = tmp_path / "checkpoints.ndjson"
    keep_in_file(file, lines)
    text = file.read_bytes()
    # The last line break is no part of any checkpoint, but another byte in its place is.
    for at, flip in zip(range(len(text)), itertools.cycle((1, 0x20, 0x80)), strict=False):
        file.write_bytes(text[:at] + bytes([text[at] ^ flip]) + text[at + 1 :])
        assert faults(kept_in_file(file)), at


def test_removed_exchanged_and_repeated_checkpoints_are_found(lines: list[str]) -> None:
    first, second, third = lines
    assert faults([second, third])[0] == 1
    assert faults([first, third])[0] == 2
    assert faults([first, third, second])[0] == 2
    assert faults([first, first, second, third])[0] == 2


def test_another_key_is_not_trusted(lines: list[str]) -> None:
    assert faults(lines, Ed25519PrivateKey.generate()) == [1, 2, 3]


def test_the_longer_of_table_and_file_counts(lines: list[str]) -> None:
    findings = Findings()
    assert joined(lines, lines[:2], findings) == lines
    assert not findings
    assert joined(lines[:2], lines, findings) == lines
    assert findings.of("checkpoint").number == 3  # type: ignore[union-attr]
    assert joined([lines[0], lines[2]], lines, findings) == lines
    assert findings.counts["checkpoint"] == 2


def test_a_log_is_held_against_roots_and_head(lines: list[str]) -> None:
    checkpoints = checked(lines, KEY.public_key(), Findings())
    roots = {10 * n: (bytes([n]) * 32, n) for n in (1, 2, 3)}
    findings = Findings()
    compare(checkpoints, roots, 30, findings)
    assert not findings
    compare(checkpoints, {**roots, 20: (bytes(32), 2)}, 30, findings)
    assert findings.of("rewritten").position == 11  # type: ignore[union-attr]
    compare(checkpoints, roots, 25, findings)
    assert findings.of("truncated").position == 26  # type: ignore[union-attr]


def test_a_key_is_made_once_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "audit-key.pem"
    with pytest.raises(KeyProblem):
        private_key(path, make=False)
    made = private_key(path, make=True)
    assert path.stat().st_mode & 0o777 == 0o600
    assert shown(private_key(path, make=True).public_key()) == shown(made.public_key())
    assert shown(public_key(shown(made.public_key()))) == shown(made.public_key())
    path.chmod(0o640)
    with pytest.raises(KeyProblem, match="read by others"):
        private_key(path, make=False)


@pytest.mark.parametrize("given", ["", "zz", "00" * 31, "/nowhere"])
def test_what_is_no_key_is_said(given: str) -> None:
    with pytest.raises(KeyProblem):
        public_key(given)
