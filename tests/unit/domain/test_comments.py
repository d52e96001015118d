from dataclasses import fields
from uuid import UUID

import pytest

from domain.comments import REPLIES_LIMIT, CommentEvent, CommentThread
from domain.errors import Invalid
from tests.support.making import opened, reopened, replied, resolved

THREAD = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f")
PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
REPLY = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a50")


def given(*events: CommentEvent) -> CommentThread:
    state: CommentThread | None = None
    for event in events:
        state = CommentThread.evolve(state, event)
    assert state is not None
    return state


def test_a_thread_begins_on_a_block_or_on_the_project() -> None:
    on_block = CommentThread.open(THREAD, project_id=PROJECT, block_id=BLOCK, text="Why?")

    assert on_block == opened(THREAD, PROJECT, block=BLOCK)
    assert CommentThread.open(THREAD, project_id=PROJECT, block_id=None, text="Why?").block_id is None
    assert given(on_block) == CommentThread(THREAD, PROJECT, 1)


def test_a_thread_counts_replies_and_knows_whether_it_is_settled() -> None:
    thread = given(opened(THREAD, PROJECT), replied(THREAD, 2, REPLY), resolved(THREAD, 3))
    assert thread == CommentThread(THREAD, PROJECT, 3, replies=1, resolved=True)

    again = CommentThread.evolve(thread, reopened(THREAD, 4))
    assert again == CommentThread(THREAD, PROJECT, 4, replies=1, resolved=False)
    assert CommentThread.evolve(again, CommentEvent(originator_id=THREAD, originator_version=5)).version == 5


def test_no_text_is_kept() -> None:
    """It is personal: what is kept could not be shredded."""
    secret = "words that are kept nowhere"
    thread = given(opened(THREAD, PROJECT, secret), replied(THREAD, 2, REPLY, secret))

    assert not [f.name for f in fields(thread) if secret in str(getattr(thread, f.name))]


def test_settling() -> None:
    thread = given(opened(THREAD, PROJECT))

    assert thread.settle(resolved=True) == [resolved(THREAD, 2)]
    assert thread.settle(resolved=False) == []
    assert given(opened(THREAD, PROJECT), resolved(THREAD, 2)).settle(resolved=False) == [reopened(THREAD, 3)]


def test_replies_are_limited() -> None:
    full = CommentThread(THREAD, PROJECT, REPLIES_LIMIT + 1, replies=REPLIES_LIMIT)
    almost = CommentThread(THREAD, PROJECT, REPLIES_LIMIT, replies=REPLIES_LIMIT - 1)

    assert almost.reply(REPLY, "So.") == [replied(THREAD, REPLIES_LIMIT + 1, REPLY)]
    with pytest.raises(Invalid) as refused:
        full.reply(REPLY, "So.")
    assert refused.value.errors[0].limit == REPLIES_LIMIT


def test_a_stream_begins_with_the_threads_opening() -> None:
    with pytest.raises(ValueError, match=r"decklog\.comment-thread\.resolved"):
        CommentThread.evolve(None, resolved(THREAD, 1))
