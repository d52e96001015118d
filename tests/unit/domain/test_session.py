from uuid import UUID

import pytest

from domain.session import CollaborationSession, SessionEvent
from tests.support.making import joined, left

SESSION = UUID("6a1f4c52-5c9e-4a7e-9a54-1f6f3f0f7d77")
PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")


def test_a_session_begins_and_ends_once() -> None:
    begun = CollaborationSession.join(SESSION, project_id=PROJECT, user="grace", client="c")
    assert begun == joined(SESSION, PROJECT, "grace", "c")

    there = CollaborationSession.evolve(None, begun)
    assert there == CollaborationSession(SESSION, PROJECT, 1, "grace", "c", active=True)
    assert there.leave("closed") == [left(SESSION, 2, "closed")]

    gone = CollaborationSession.evolve(there, left(SESSION, 2))
    assert gone == CollaborationSession(SESSION, PROJECT, 2, "grace", "c", active=False)
    assert gone.leave("expired") == []


def test_what_says_nothing_of_the_state_only_moves_the_version() -> None:
    there = CollaborationSession.evolve(None, joined(SESSION, PROJECT))

    for state in (there, CollaborationSession.evolve(there, left(SESSION, 2))):
        after = CollaborationSession.evolve(state, SessionEvent(originator_id=SESSION, originator_version=9))
        assert (after.version, after.active) == (9, state.active)


def test_a_stream_begins_with_joining() -> None:
    with pytest.raises(ValueError, match=r"decklog\.collaboration-session\.left"):
        CollaborationSession.evolve(None, left(SESSION, 1))
