"""A project with a long history, appended as commands append."""

import random
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from commands.ports import ANY_VERSION, Append, EventWrite, StreamWrite
from domain.block import BlockAdded, BlockDeleted, BlockEdited, BlockMoved, BlockUndeleted
from domain.events import Event
from domain.project import ProjectCreated
from infra.postgres.event_log import PostgresEventLog

OWNER = "ada"
SLIDES = 100
AT_ONCE = 400
WORDS = [
    "a",
    "deck",
    "is",
    "told",
    "slide",
    "by",
    "slide",
    "and",
    "each",
    "of",
    "them",
    "says",
    "one",
    "thing",
    "that",
    "people",
    "shall",
    "remember",
]


@dataclass
class LongProject:
    """Makes a project of `blocks` blocks, then edits, moves and deletes them; each time the same."""

    blocks: int
    project: UUID = field(default_factory=uuid4)
    versions: dict[UUID, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._chance = random.Random(7)  # noqa: S311 - the same history each time

    def events(self, count: int) -> Iterator[Event]:
        """Yield so many events."""
        slides = [uuid4() for _ in range(SLIDES)]
        texts = [uuid4() for _ in range(self.blocks - SLIDES)]
        yield ProjectCreated(
            **self._next(self.project), title="A long one", owner=OWNER, aspect="16:9", theme_id=None
        )
        for i, slide in enumerate(slides):
            yield self._added(
                slide, None, "slide", f"a{i:03}", {"title": self._text(6), "notes": self._text(20)}
            )
        for i, text in enumerate(texts):
            parent = slides[i % SLIDES]
            yield self._added(text, parent, "text", f"a{i // SLIDES:03}", {"text": self._text(20)})
        for _ in range(count - 1 - self.blocks):
            yield self._later(slides, texts)

    def _later(self, slides: list[UUID], texts: list[UUID]) -> Event:
        chance, block = self._chance.random(), self._chance.choice(texts)
        if chance < 0.9:
            return BlockEdited(**self._next(block), changes={"text": self._text(20)})
        if chance < 0.96:
            rank = f"a{self._chance.randrange(100):03}"
            return BlockMoved(**self._next(block), parent_id=str(self._chance.choice(slides)), rank=rank)
        return (BlockDeleted if chance < 0.98 else BlockUndeleted)(**self._next(block))

    def _added(
        self, block: UUID, parent: UUID | None, kind: str, rank: str, content: dict[str, Any]
    ) -> BlockAdded:
        return BlockAdded(
            **self._next(block),
            project_id=str(self.project),
            parent_id=str(parent) if parent else None,
            type=kind,
            rank=rank,
            content=content,
        )

    def _next(self, stream: UUID) -> dict[str, Any]:
        self.versions[stream] = self.versions.get(stream, 0) + 1
        return {"originator_id": stream, "originator_version": self.versions[stream]}

    def _text(self, words: int) -> str:
        return " ".join(self._chance.choices(WORDS, k=words))


async def append_history(log: PostgresEventLog, project: UUID, events: Iterator[Event]) -> None:
    """Append a project's events, many a command."""
    waiting: list[Event] = []
    for event in events:
        waiting.append(event)
        if len(waiting) == AT_ONCE:
            await _append(log, project, waiting)
            waiting = []
    if waiting:
        await _append(log, project, waiting)


async def _append(log: PostgresEventLog, project: UUID, events: list[Event]) -> None:
    streams = {stream: i for i, stream in enumerate(dict.fromkeys(e.originator_id for e in events))}
    command = uuid4()
    await log.append(
        Append(
            caller=OWNER,
            command_id=command,
            request_hash=b"",
            status=200,
            body=b"{}",
            metadata={"actor": {"id": OWNER, "kind": "person"}},
            writes=[StreamWrite(stream, project, ANY_VERSION) for stream in streams],
            events=[EventWrite(streams[e.originator_id], e, command) for e in events],
            keyed=False,
        )
    )
