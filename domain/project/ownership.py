"""Which owner a project is named after, where it may have several."""

from collections.abc import Collection


def named_owner(named: str, owners: Collection[str]) -> str:
    """Return the owner to name: who was `named` before as long as that is an owner, else the first by user id."""
    return named if named in owners else min(owners, default=named)
