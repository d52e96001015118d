"""What can have happened to a theme. Its events stand in the log under the theme's own id as project id."""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class ThemeEvent(Event):
    """An event of a theme's stream."""

    KIND: ClassVar[str] = "theme"


@dataclass(frozen=True, kw_only=True)
class ThemeDefined(ThemeEvent):
    """A theme came to be, with a value for every token (`domain.theme.tokens`)."""

    TOPIC: ClassVar[str] = "decklog.theme.defined"

    owner: str
    name: str
    colors: dict[str, Any]
    fonts: dict[str, str]


@dataclass(frozen=True, kw_only=True)
class ThemeRevised(ThemeEvent):
    """A theme changed: `changes` holds a new `name`, and those of its `colors` and `fonts` that are new."""

    TOPIC: ClassVar[str] = "decklog.theme.revised"

    changes: dict[str, Any]
