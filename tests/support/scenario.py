"""Given events, when commands, then events and an answer or a refusal."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any
from uuid import UUID, uuid4

from commands.bus import Bus, FailedInBatch, Request
from commands.handlers import all_handlers
from commands.messages import Command
from commands.ports import ANY_VERSION, Append, Appended, Caller, EventWrite, StreamWrite
from commands.repository import Repository
from domain.block import Block, BlockEvent
from domain.errors import DomainError
from domain.events import Event, Recorded
from domain.outline import Outline
from domain.problems import problem_of
from domain.project import Project, ProjectEvent
from tests.support.making import ADA, added, created, granted
from tests.support.memory_decks import InMemoryDecks
from tests.support.memory_log import InMemoryEventLog

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a01")
LAST_SLIDE = UUID("0d3c1c1e-6f0e-4c9b-8f25-3b3f7b0d8a02")
TEXT = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02")
HEADING = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c03")
GROUP = UUID("5a7e9a54-1f6f-4f0f-8d11-0d3c1c1e6f0e")
IN_GROUP = UUID("c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c04")
NOWHERE = UUID("ffffffff-2b1e-4e39-9d5e-8a7f0a4f5c05")

MEMBERS = {"edna": "editor", "carl": "commenter", "vera": "viewer"}


def shared_deck() -> list[Event]:
    """Ada's project with a member of each role; two slides, the first with a text, a group and a heading."""
    slide = {"layout": "content", "title": "", "notes": "", "background": None}
    return [
        created(PROJECT),
        *(granted(PROJECT, i, user, role) for i, (user, role) in enumerate(MEMBERS.items(), 2)),
        added(SLIDE, PROJECT, "slide", rank="a0", content=slide),
        added(LAST_SLIDE, PROJECT, "slide", rank="a1", content=slide),
        added(TEXT, PROJECT, "text", parent=SLIDE, rank="a0", content={"text": "A"}),
        added(GROUP, PROJECT, "group", parent=SLIDE, rank="a1", content={"direction": "row"}),
        added(HEADING, PROJECT, "heading", parent=SLIDE, rank="a2", content={"text": "H", "level": 2}),
        added(IN_GROUP, PROJECT, "text", parent=GROUP, rank="a0", content={"text": "in"}),
    ]


class Clock:
    """Monotonic seconds that only a test moves."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@dataclass(frozen=True)
class Outcome:
    """What came of a request: the answer or the problem, and what the log took meanwhile."""

    status: int
    body: dict[str, Any]
    replayed: bool
    recorded: list[Recorded]
    raised: DomainError | None = None

    @property
    def events(self) -> list[Event]:
        return [r.event for r in self.recorded]

    @property
    def code(self) -> str | None:
        found: str | None = self.body.get("code")
        return found

    @property
    def fields(self) -> list[str]:
        return [e["field"] for e in self.body["errors"]]


class Process:
    """One write process: a bus with caches of its own."""

    def __init__(self, log: InMemoryEventLog, clock: Clock) -> None:
        self._log = log
        self.repository = Repository(log, clock, decks=InMemoryDecks(log))
        self.bus = Bus(log, self.repository, all_handlers())

    async def run(
        self,
        *commands: Command,
        user: str = "ada",
        key: UUID | None = None,
        batch: bool = False,
        machine: bool = False,
        job: UUID | None = None,
    ) -> Outcome:
        """Post one command, or a batch, as a client would."""
        digest = sha256(b"batch" if batch else b"")
        for command in commands:
            digest.update(command.NAME.encode() + command.model_dump_json(exclude_unset=True).encode())
        caller = Caller(user, "machine" if machine or job else "person", job_id=job)
        request = Request(
            caller, key or uuid4(), digest.digest(), commands, batch=batch, keyed=key is not None
        )
        before = len(self._log.events)
        try:
            answer = await self.bus.run(request)
        except FailedInBatch as failed:
            document = {**problem_of(failed.error), "index": failed.index}
            return Outcome(
                document["status"],
                document,
                replayed=False,
                recorded=self._since(before),
                raised=failed.error,
            )
        except DomainError as refused:
            document = problem_of(refused)
            return Outcome(
                document["status"], document, replayed=False, recorded=self._since(before), raised=refused
            )
        return Outcome(answer.status, json.loads(answer.body), answer.replayed, self._since(before))

    async def read_all(self, project_id: UUID = PROJECT) -> None:
        """Fill the caches with a project, its outline and all its blocks as they are now."""
        await self.repository.project(project_id)
        await self.repository.outline(project_id)
        for r in list(self._log.events):
            if r.project_id == project_id and isinstance(r.event, BlockEvent):
                await self.repository.block(project_id, r.event.originator_id)

    def _since(self, position: int) -> list[Recorded]:
        return self._log.events[position:]


@dataclass
class World:
    """One log, one clock, and any number of write processes; `run` posts to the first."""

    log: InMemoryEventLog = field(default_factory=InMemoryEventLog)
    clock: Clock = field(default_factory=Clock)

    def __post_init__(self) -> None:
        self._first = self.process()

    def process(self) -> Process:
        return Process(self.log, self.clock)

    async def given(self, *events: Event, project: UUID = PROJECT) -> None:
        """Put events of a project into the log, as if they had always been there."""
        streams = list(dict.fromkeys(e.originator_id for e in events))
        command = uuid4()
        outcome = await self.log.append(
            Append(
                caller="given",
                command_id=command,
                request_hash=b"",
                status=200,
                body=b"{}",
                metadata=ADA,
                writes=[StreamWrite(stream, project, ANY_VERSION) for stream in streams],
                events=[EventWrite(streams.index(e.originator_id), e, command) for e in events],
            )
        )
        assert isinstance(outcome, Appended)

    async def run(
        self,
        *commands: Command,
        user: str = "ada",
        key: UUID | None = None,
        machine: bool = False,
        job: UUID | None = None,
    ) -> Outcome:
        return await self._first.run(*commands, user=user, key=key, machine=machine, job=job)

    async def run_batch(self, *commands: Command, user: str = "ada", key: UUID | None = None) -> Outcome:
        return await self._first.run(*commands, user=user, key=key, batch=True)

    def project(self, project_id: UUID = PROJECT) -> Project:
        state: Project | None = None
        for r in self._stream(project_id):
            assert isinstance(r.event, ProjectEvent)
            state = Project.evolve(state, r.event)
        assert state is not None
        return state

    def block(self, block_id: UUID) -> Block:
        state: Block | None = None
        for r in self._stream(block_id):
            assert isinstance(r.event, BlockEvent)
            state = Block.evolve(state, r.event)
        assert state is not None
        return state

    def outline(self, project_id: UUID = PROJECT) -> Outline:
        outline = Outline()
        for r in self.log.events:
            if r.project_id == project_id:
                outline.apply(r.event)
        return outline

    def _stream(self, stream_id: UUID) -> Sequence[Recorded]:
        return [r for r in self.log.events if r.event.originator_id == stream_id]
