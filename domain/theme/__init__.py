"""The theme aggregate: the colors and fonts that a deck is shown in, and those that come with the product."""

from domain.theme.aggregate import Theme
from domain.theme.builtin import BUILT_IN
from domain.theme.events import ThemeDefined, ThemeEvent, ThemeRevised

__all__ = ["BUILT_IN", "Theme", "ThemeDefined", "ThemeEvent", "ThemeRevised"]
