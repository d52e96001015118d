"""Rows of comments: what was written stays sealed in them, and is revealed for readers."""

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any
from uuid import UUID

import pytest

from domain.events import Recorded
from domain.personal import field_place
from projections.comments.rows import ReplyRow, ThreadRow, fold, reply_of
from projections.comments.telling import told_replies, told_threads
from tests.support.making import opened, recorded, reopened, replied, resolved

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
BLOCK = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
THREAD = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f")
REPLY = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a50")
SEALED = {"sealed": "AAAA", "key": 1}


class Keys:
    """Opens what was sealed by those whose key is there."""

    def __init__(self, *shredded: str) -> None:
        self._shredded = shredded

    async def reveal(self, events: Sequence[dict[str, Any]]) -> None:
        for event in events:
            data = event["data"]
            if isinstance(data["text"], dict):
                if event["actor"]["id"] in self._shredded:
                    data.update(text=None, shredded=True)
                else:
                    data["text"] = f"{event['position']}: {data['text']['of']}"


def happened(event: Any, position: int, by: str = "ada") -> Recorded:
    return recorded(event, position, project=PROJECT, by=by)


OPENED = happened(opened(THREAD, PROJECT, SEALED, block=BLOCK), 4)
REPLIED = happened(replied(THREAD, 2, REPLY, SEALED), 5, by="grace")


@pytest.fixture
def thread() -> ThreadRow:
    return fold(None, OPENED, opened(THREAD, PROJECT, SEALED, block=BLOCK))


@pytest.fixture
def answered(thread: ThreadRow) -> tuple[ThreadRow, ReplyRow]:
    event = replied(THREAD, 2, REPLY, SEALED)
    after = fold(thread, REPLIED, event)
    return after, reply_of(after, REPLIED, event)


def test_a_thread_begins_as_it_was_opened(thread: ThreadRow) -> None:
    assert thread == ThreadRow(
        project_id=PROJECT,
        thread_id=THREAD,
        block_id=BLOCK,
        replies=0,
        resolved=False,
        opened=4,
        version=1,
        position=4,
        created_at=OPENED.recorded_at,
        created_by="ada",
        updated_at=OPENED.recorded_at,
        updated_by="ada",
        text={**SEALED, "of": field_place(THREAD, OPENED.command_id, "text")},
    )


def test_replies_are_counted_and_have_rows_of_their_own(answered: tuple[ThreadRow, ReplyRow]) -> None:
    thread, reply = answered

    assert (thread.replies, thread.version, thread.position, thread.opened) == (1, 2, 5, 4)
    assert (thread.updated_by, thread.created_by) == ("grace", "ada")
    assert reply == ReplyRow(
        project_id=PROJECT,
        thread_id=THREAD,
        number=1,
        reply_id=REPLY,
        position=5,
        created_at=REPLIED.recorded_at,
        created_by="grace",
        text={**SEALED, "of": field_place(THREAD, REPLIED.command_id, "text")},
    )


def test_a_thread_is_settled_and_opened_again(thread: ThreadRow) -> None:
    settled = fold(thread, happened(resolved(THREAD, 2), 6, by="grace"), resolved(THREAD, 2))
    again = fold(settled, happened(reopened(THREAD, 3), 7), reopened(THREAD, 3))

    assert (settled.resolved, settled.updated_by, again.resolved, again.version) == (True, "grace", False, 3)


def test_an_event_before_the_first_one_is_told_by_its_position() -> None:
    with pytest.raises(ValueError, match="event 6 "):
        fold(None, happened(resolved(THREAD, 2), 6), resolved(THREAD, 2))


async def test_readers_are_told_what_was_written(answered: tuple[ThreadRow, ReplyRow]) -> None:
    thread, reply = answered

    [told] = await told_threads([(thread, [reply])], Keys())

    replies = told.pop("replies")
    assert told == {
        "id": str(THREAD),
        "project_id": str(PROJECT),
        "block_id": str(BLOCK),
        "text": f"4: {field_place(THREAD, OPENED.command_id, 'text')}",
        "resolved": False,
        "reply_count": 1,
        "version": 2,
        "position": 5,
        "created_at": "2026-01-31T12:00:04.000000Z",
        "created_by": "ada",
        "updated_at": "2026-01-31T12:00:05.000000Z",
        "updated_by": "grace",
    }
    assert replies == await told_replies([reply], Keys())
    assert replies == [
        {
            "id": str(REPLY),
            "number": 1,
            "text": f"5: {field_place(THREAD, REPLIED.command_id, 'text')}",
            "position": 5,
            "created_at": "2026-01-31T12:00:05.000000Z",
            "created_by": "grace",
        }
    ]


async def test_what_was_shredded_is_marked_for_its_author_alone(
    answered: tuple[ThreadRow, ReplyRow],
) -> None:
    thread, reply = answered
    before = asdict(thread)

    [of_ada] = await told_threads([(thread, [reply])], Keys("ada"))
    [of_grace] = await told_threads([(thread, [reply])], Keys("grace"))

    assert (of_ada["text"], of_ada["shredded"]) == (None, True)
    assert of_ada["replies"][0]["text"].startswith("5: ")
    assert (of_grace["replies"][0]["text"], of_grace["replies"][0]["shredded"]) == (None, True)
    assert "shredded" not in of_grace
    assert asdict(thread) == before
