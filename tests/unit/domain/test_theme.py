from collections.abc import Mapping
from typing import Any
from uuid import UUID

import pytest

from domain.errors import NotFound
from domain.theme import BUILT_IN, Theme, ThemeEvent
from domain.theme.aggregate import PLAIN_COLORS, PLAIN_FONTS
from domain.theme.tokens import ThemeColors, ThemeFonts
from tests.support.making import defined, revised

ID = UUID("3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09")


def given(*events: ThemeEvent) -> Theme:
    state: Theme | None = None
    for event in events:
        state = Theme.evolve(state, event)
    assert state is not None
    return state


def test_a_theme_has_a_value_for_every_token() -> None:
    event = Theme.define(ID, owner="ada", name="A", colors={"accent": "#010203"}, fonts={})

    assert event == defined(ID, "A", colors={"accent": "#010203"})
    assert set(event.colors) == set(ThemeColors.model_fields)
    assert set(event.fonts) == set(ThemeFonts.model_fields)


def test_revisions_add_up() -> None:
    theme = given(
        defined(ID, "A"),
        revised(ID, 2, name="B", colors={"accent": "#010203", "chart": ["#040506"]}),
        revised(ID, 3, fonts={"code": "Fira Code"}),
    )

    assert theme == Theme(
        ID,
        3,
        "ada",
        "B",
        {**PLAIN_COLORS, "accent": "#010203", "chart": ["#040506"]},
        {**PLAIN_FONTS, "code": "Fira Code"},
    )


def test_only_what_is_new_is_a_change() -> None:
    theme = given(defined(ID, "A"))

    changes = theme.revise(
        name="A", colors={"accent": PLAIN_COLORS["accent"], "text": "#010203"}, fonts={"body": "Lato"}
    )

    assert changes == [revised(ID, 2, colors={"text": "#010203"}, fonts={"body": "Lato"})]
    assert theme.revise(name=None, colors=PLAIN_COLORS, fonts=PLAIN_FONTS) == []


def test_a_stream_begins_with_the_themes_definition() -> None:
    with pytest.raises(ValueError, match=r"decklog\.theme\.revised"):
        Theme.evolve(None, revised(ID, 1, name="B"))


def test_an_event_that_says_nothing_of_the_state_still_moves_the_version() -> None:
    theme = Theme.evolve(given(defined(ID)), ThemeEvent(originator_id=ID, originator_version=2))

    assert theme == Theme(ID, 2, "ada", "A theme", PLAIN_COLORS, PLAIN_FONTS)


def test_nobody_owns_what_comes_with_the_product() -> None:
    for theme in BUILT_IN.values():
        with pytest.raises(NotFound):
            theme.require_owner("ada")
    given(defined(ID)).require_owner("ada")


def test_built_in_themes_keep_their_ids_and_order() -> None:
    """Projects name them for ever."""
    assert [(str(i)[-4:], t.name) for i, t in BUILT_IN.items()] == [
        ("0001", "Plain"),
        ("0002", "Ink"),
        ("0003", "Dusk"),
        ("0004", "Paper"),
    ]
    assert {str(i)[:-4] for i in BUILT_IN} == {"0b7f6c1e-3d51-4d0a-9a6e-5f2f6f1a"}


@pytest.mark.parametrize("theme", BUILT_IN.values(), ids=lambda t: t.name)
def test_a_built_in_theme_is_one_that_a_user_could_have_made(theme: Theme) -> None:
    assert ThemeColors.model_validate(dict(theme.colors)).given() == theme.colors
    assert ThemeFonts.model_validate(dict(theme.fonts)).given() == theme.fonts
    assert set(theme.colors) == set(PLAIN_COLORS)
    assert set(theme.fonts) == set(PLAIN_FONTS)
    assert len(set(theme.colors["chart"])) == 6


def luminance(color: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    dark, light = sorted((luminance(one), luminance(other)))
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize(
    "colors", [t.colors for t in BUILT_IN.values()], ids=[t.name for t in BUILT_IN.values()]
)
def test_built_in_themes_can_be_read(colors: Mapping[str, Any]) -> None:
    for text in ("text", "muted"):
        for ground in ("background", "surface"):
            assert contrast(colors[text], colors[ground]) >= 4.5, (text, ground)
    for drawn in (colors["accent"], *colors["chart"]):
        assert contrast(drawn, colors["background"]) >= 3, drawn
