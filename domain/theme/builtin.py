"""The themes that come with the product. Their ids stand in logs for ever: themes are added, never taken away."""

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from domain.theme.aggregate import PLAIN_COLORS, PLAIN_FONTS, Theme

_CODE: Final = "JetBrains Mono"


def _theme(theme_id: str, name: str, colors: Mapping[str, object], fonts: Mapping[str, str]) -> Theme:
    return Theme(UUID(theme_id), 1, None, name, colors, fonts)


# In the order in which they are offered. Text and muted text reach a contrast of 4.5 to 1 on background and
# surface, accent and chart colors 3 to 1 on the background.
_ALL: Final = (
    _theme("0b7f6c1e-3d51-4d0a-9a6e-5f2f6f1a0001", "Plain", PLAIN_COLORS, PLAIN_FONTS),
    _theme(
        "0b7f6c1e-3d51-4d0a-9a6e-5f2f6f1a0002",
        "Ink",
        {
            "background": "#0d1117",
            "surface": "#161b22",
            "text": "#f0f3f6",
            "muted": "#9ea7b3",
            "accent": "#58a6ff",
            "chart": ["#58a6ff", "#f0883e", "#56d364", "#d2a8ff", "#f778ba", "#39c5cf"],
        },
        {"heading": "Inter", "body": "Inter", "code": _CODE},
    ),
    _theme(
        "0b7f6c1e-3d51-4d0a-9a6e-5f2f6f1a0003",
        "Dusk",
        {
            "background": "#241734",
            "surface": "#332247",
            "text": "#fbf2ff",
            "muted": "#c3aed6",
            "accent": "#ff9e64",
            "chart": ["#ff9e64", "#7dcfff", "#f7768e", "#9ece6a", "#e0af68", "#bb9af7"],
        },
        {"heading": "Poppins", "body": "Inter", "code": _CODE},
    ),
    _theme(
        "0b7f6c1e-3d51-4d0a-9a6e-5f2f6f1a0004",
        "Paper",
        {
            "background": "#fbf7ef",
            "surface": "#f1eadc",
            "text": "#2b2420",
            "muted": "#6b5d52",
            "accent": "#a63d2f",
            "chart": ["#a63d2f", "#2f6f73", "#8a6d1d", "#4b5d9b", "#5f7a3a", "#7d4e7a"],
        },
        {"heading": "Source Serif 4", "body": "Source Serif 4", "code": _CODE},
    ),
)

BUILT_IN: Final[Mapping[UUID, Theme]] = {theme.id: theme for theme in _ALL}
