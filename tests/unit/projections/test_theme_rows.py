from uuid import UUID

import pytest

from domain.theme import BUILT_IN
from domain.theme.aggregate import PLAIN_COLORS, PLAIN_FONTS
from projections.sessions.queries import document as session_document
from projections.sessions.rows import SessionRow
from projections.sessions.rows import fold as fold_session
from projections.themes.queries import built_in_document
from projections.themes.queries import document as theme_document
from projections.themes.rows import ThemeRow
from projections.themes.rows import fold as fold_theme
from tests.support.making import defined, joined, left, recorded, revised

THEME = UUID("3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09")
SESSION = UUID("6a1f4c52-5c9e-4a7e-9a54-1f6f3f0f7d77")
PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
DEFINED = recorded(defined(THEME, "Harbour"), 4)


@pytest.fixture
def theme() -> ThemeRow:
    return fold_theme(None, DEFINED, defined(THEME, "Harbour"))


@pytest.fixture
def session() -> SessionRow:
    event = joined(SESSION, PROJECT, "grace", "c")
    return fold_session(None, recorded(event, 4, project=PROJECT, by="gateway"), event)


def test_a_theme_begins_as_it_was_defined_and_changes_as_revised(theme: ThemeRow) -> None:
    revision = revised(THEME, 2, name="Port", colors={"accent": "#010203"})
    later = fold_theme(theme, recorded(revision, 7, by="ada"), revision)

    assert theme_document(theme) == {
        "id": str(THEME),
        "name": "Harbour",
        "owner": "ada",
        "built_in": False,
        "colors": PLAIN_COLORS,
        "fonts": PLAIN_FONTS,
        "version": 1,
        "position": 4,
        "created_at": "2026-01-31T12:00:04.000000Z",
        "created_by": "ada",
        "updated_at": "2026-01-31T12:00:04.000000Z",
        "updated_by": "ada",
    }
    assert theme_document(later) == {
        **theme_document(theme),
        "name": "Port",
        "colors": {**PLAIN_COLORS, "accent": "#010203"},
        "version": 2,
        "position": 7,
        "updated_at": "2026-01-31T12:00:07.000000Z",
    }
    assert later.defined == theme.defined == 4


def test_a_built_in_theme_has_the_same_fields_as_any(theme: ThemeRow) -> None:
    for built_in in BUILT_IN.values():
        told = built_in_document(built_in)
        assert told.keys() == theme_document(theme).keys()
        assert (told["built_in"], told["owner"], told["position"]) == (True, None, 0)


def test_a_session_begins_and_ends(session: SessionRow) -> None:
    gone = fold_session(
        session, recorded(left(SESSION, 2, "expired"), 9, project=PROJECT), left(SESSION, 2, "expired")
    )

    assert session_document(session) == {
        "id": str(SESSION),
        "project_id": str(PROJECT),
        "user": "grace",
        "client": "c",
        "active": True,
        "version": 1,
        "position": 4,
        "created_at": "2026-01-31T12:00:04.000000Z",
        "created_by": "gateway",
        "updated_at": "2026-01-31T12:00:04.000000Z",
        "updated_by": "gateway",
    }
    assert (gone.active, gone.reason, gone.version, gone.position, gone.joined) == (False, "expired", 2, 9, 4)


def test_an_event_before_the_first_one_is_told_by_its_position() -> None:
    with pytest.raises(ValueError, match="event 8 "):
        fold_theme(None, recorded(revised(THEME, 2, name="B"), 8), revised(THEME, 2, name="B"))
    with pytest.raises(ValueError, match="event 9 "):
        fold_session(None, recorded(left(SESSION, 2), 9), left(SESSION, 2))
