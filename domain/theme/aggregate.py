"""The theme as a fold of its events, and what may happen to it next."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from domain.errors import NotFound
from domain.theme.events import ThemeDefined, ThemeEvent, ThemeRevised

# What a theme has where its maker said nothing.
PLAIN_COLORS: Final[Mapping[str, Any]] = {
    "background": "#ffffff",
    "surface": "#f3f5f8",
    "text": "#16202c",
    "muted": "#566273",
    "accent": "#1f5fd0",
    "chart": ["#1f5fd0", "#c2571a", "#1a7f55", "#8a4fc4", "#b8336a", "#3c7d99"],
}
PLAIN_FONTS: Final[Mapping[str, str]] = {"heading": "Inter", "body": "Inter", "code": "JetBrains Mono"}


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme at one version. `owner` is None for those that come with the product."""

    id: UUID
    version: int
    owner: str | None
    name: str
    colors: Mapping[str, Any]
    fonts: Mapping[str, str]

    @staticmethod
    def define(
        theme_id: UUID, *, owner: str, name: str, colors: Mapping[str, Any], fonts: Mapping[str, str]
    ) -> ThemeDefined:
        """Make a theme; tokens that are left out get the values of the plain one."""
        return ThemeDefined(
            originator_id=theme_id,
            originator_version=1,
            owner=owner,
            name=name,
            colors={**PLAIN_COLORS, **colors},
            fonts={**PLAIN_FONTS, **fonts},
        )

    @staticmethod
    def evolve(state: "Theme | None", event: ThemeEvent) -> "Theme":
        """Apply one event. A stream begins with `ThemeDefined`, and only there `state` is None."""
        if isinstance(event, ThemeDefined):
            return Theme(event.originator_id, 1, event.owner, event.name, event.colors, event.fonts)
        if state is None:
            raise ValueError(f"a theme's stream cannot begin with {event.TOPIC}")
        changes = event.changes if isinstance(event, ThemeRevised) else {}
        return Theme(
            state.id,
            event.originator_version,
            state.owner,
            changes.get("name", state.name),
            {**state.colors, **changes.get("colors", {})},
            {**state.fonts, **changes.get("fonts", {})},
        )

    def require_owner(self, user: str) -> None:
        """Refuse whoever did not define it.

        Raises:
            NotFound: and so the user does not learn that the theme exists.
        """
        if user != self.owner:
            raise NotFound("no such theme")

    def revise(
        self, *, name: str | None, colors: Mapping[str, Any], fonts: Mapping[str, str]
    ) -> list[ThemeEvent]:
        """Give the theme new values, as far as they are new."""
        changes: dict[str, Any] = {}
        if name is not None and name != self.name:
            changes["name"] = name
        for part, new, old in (("colors", colors, self.colors), ("fonts", fonts, self.fonts)):
            if changed := {token: value for token, value in new.items() if old[token] != value}:
                changes[part] = changed
        if not changes:
            return []
        return [ThemeRevised(originator_id=self.id, originator_version=self.version + 1, changes=changes)]

    def document(self) -> dict[str, Any]:
        """Render it for a client that has to begin again from what is current."""
        return {
            "id": str(self.id),
            "version": self.version,
            "name": self.name,
            "colors": dict(self.colors),
            "fonts": dict(self.fonts),
        }
