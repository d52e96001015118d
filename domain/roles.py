"""Roles in a project, strongest first: owner, editor, commenter, viewer."""

from enum import IntEnum


class Role(IntEnum):
    """A member's role; a greater one may do all that a lesser one may."""

    VIEWER = 1
    COMMENTER = 2
    EDITOR = 3
    OWNER = 4

    @property
    def label(self) -> str:
        """The name in the public contract, such as `editor`."""
        return self.name.lower()

    @classmethod
    def of(cls, label: str) -> "Role":
        """Look a role up by its public name.

        Raises:
            KeyError: no role has this name.
        """
        return cls[label.upper()]
