"""Commands on themes, and on which one a project is shown in."""

from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import Field

from commands.messages.base import Command, Name, ProjectCommand
from domain.roles import Role
from domain.theme.tokens import ThemeColors, ThemeFonts

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_THEME = "3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09"


class DefineTheme(Command):
    """Make a theme of the caller's own; colors and fonts that are left out are those of the plain one."""

    NAME: ClassVar[str] = "define-theme"
    SUMMARY: ClassVar[str] = "Make a theme"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "name": "Harbour",
        "colors": {"background": "#f4f8fa", "accent": "#0b6e8a", "chart": ["#0b6e8a", "#c65d21"]},
        "fonts": {"heading": "Poppins"},
    }
    REQUIRES: ClassVar[Role | None] = None
    CREATES: ClassVar[bool] = True

    name: Name
    colors: ThemeColors = ThemeColors()
    fonts: ThemeFonts = ThemeFonts()
    theme_id: UUID | None = None


class ReviseTheme(Command):
    """Change a theme of the caller's: what is left out stays, and `chart` is replaced as a whole.

    With `base_version` behind the current version it answers 409 with the current theme.
    """

    NAME: ClassVar[str] = "revise-theme"
    SUMMARY: ClassVar[str] = "Change a theme"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "theme_id": _THEME,
        "colors": {"accent": "#0b6e8a"},
        "base_version": 1,
    }
    REQUIRES: ClassVar[Role | None] = None

    theme_id: UUID
    name: Name | None = None
    colors: ThemeColors = ThemeColors()
    fonts: ThemeFonts = ThemeFonts()
    base_version: Annotated[int, Field(ge=1)] | None = None

    def lock_keys(self) -> tuple[UUID, ...]:
        """Revisions queue up by theme."""
        return (self.theme_id,)


class ApplyTheme(ProjectCommand):
    """Show the project in a theme that is built in or the caller's; null is the plain one."""

    NAME: ClassVar[str] = "apply-theme"
    SUMMARY: ClassVar[str] = "Change the theme"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "theme_id": _THEME}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    theme_id: UUID | None
