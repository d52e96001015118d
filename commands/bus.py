"""Runs commands: authorize, decide, append, answer; again if the world has moved in between.

Every attempt decides anew on what is then current. A request whose effect was already recorded under its
id (a repeat, or a lost acknowledgement) gets the recorded answer and changes nothing.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid5

import orjson

from commands.answers import Answer, Decision, decision_document, recall, shifted
from commands.context import Context, Handlers
from commands.messages.base import Command, ProjectCommand
from commands.ports import (
    NO_STREAM,
    Append,
    Appended,
    Caller,
    EventLog,
    Mismatch,
    Replayed,
    StructureChanged,
)
from commands.repository import Repository
from commands.turns import Turns
from commands.unit_of_work import UnitOfWork
from domain.errors import AlreadyExists, DomainError, IdempotencyMismatch, Unavailable, VersionConflict
from domain.problems import problem_of
from domain.records import record

ATTEMPTS = 30
RECORDED_REFUSALS = (VersionConflict, AlreadyExists)


@record
class Request:
    """One command, or an atomic batch of them, as a caller posted it under one id."""

    caller: Caller
    command_id: UUID
    request_hash: bytes
    commands: Sequence[Command]
    batch: bool = False
    # Whether the caller chose the id; an id made by the server cannot come again.
    keyed: bool = True


class FailedInBatch(Exception):
    """The command at `index` of an atomic batch was refused, and with it the batch."""

    def __init__(self, index: int, error: DomainError) -> None:
        super().__init__(f"command {index}: {error.detail}")
        self.index = index
        self.error = error


class Bus:
    """The one way in for commands."""

    def __init__(self, log: EventLog, repository: Repository, handlers: Handlers) -> None:
        self._log = log
        self._repository = repository
        self._handlers = handlers
        # Requests of this process that would only make each other retry queue up.
        self._turns = Turns()

    def begin_anew(self, repository: Repository) -> None:
        """Decide on another repository from the next attempt on: what the one so far knew is true no longer."""
        self._repository = repository

    async def run(self, request: Request) -> Answer:
        """Carry a request out.

        Raises:
            DomainError: refused; a refusal that the log keeps (409) is returned as an answer instead.
            FailedInBatch: the same for an atomic batch.
        """
        keys = sorted({key for command in request.commands for key in command.lock_keys()})
        await self._turns.take(keys)
        try:
            return await self._attempt(request)
        except (DomainError, FailedInBatch):
            # It may be refused only because it was done before: leaving twice, deleting twice.
            known = (
                await self._log.answered(request.caller.user, request.command_id) if request.keyed else None
            )
            if known is None:
                raise
            return _replay(request, known)
        finally:
            self._turns.give(keys)

    async def _attempt(self, request: Request) -> Answer:
        for _ in range(ATTEMPTS):
            work = UnitOfWork(self._repository)
            try:
                decisions, offsets = await self._decide(request, work)
            except (DomainError, FailedInBatch) as refused:
                # What is written states the versions it rests on; a refusal has to be checked for it here.
                if await work.stale():
                    continue
                return await self._refuse(request, refused)
            if not work.events and await work.stale():
                continue
            if (answer := await self._append(request, work, decisions, offsets)) is not None:
                return answer
        raise Unavailable("too many others change the same thing at this moment")

    async def _append(
        self, request: Request, work: UnitOfWork, decisions: Sequence[Decision], offsets: Sequence[int]
    ) -> Answer | None:
        """Write what was decided; None if the world has moved, and it has to be decided again."""
        status, document = _answer(request, decisions, offsets, work)
        if not work.events and not request.keyed:
            return Answer(status, orjson.dumps(document))
        metadata = _metadata(request)
        outcome = await self._log.append(
            Append(
                caller=request.caller.user,
                command_id=request.command_id,
                request_hash=request.request_hash,
                status=status,
                body=orjson.dumps(document),
                metadata=metadata,
                writes=work.writes,
                events=work.events,
                guards=work.guards if work.events else (),
                keyed=request.keyed,
            )
        )
        match outcome:
            case Appended(base):
                work.committed(base, metadata["actor"])
                return Answer(status, orjson.dumps(shifted(document, base)))
            case Replayed():
                return _replay(request, outcome)
            case Mismatch(stream_id, actual):
                if taken := _taken(work, stream_id, actual):
                    index = _index_of(request, work, stream_id)
                    return await self._refuse(
                        request, FailedInBatch(index, taken) if request.batch else taken
                    )
                await work.refresh(stream_id)
            case StructureChanged():
                pass
        return None

    async def _decide(self, request: Request, work: UnitOfWork) -> tuple[list[Decision], list[int]]:
        decisions: list[Decision] = []
        offsets: list[int] = []
        for i, command in enumerate(request.commands):
            command_id = uuid5(request.command_id, str(i)) if request.batch else request.command_id
            context = Context(work, request.caller, command_id)
            try:
                await self._authorize(command, request.caller, work)
                decisions.append(await self._handlers[type(command)](command, context))
            except DomainError as error:
                if request.batch:
                    raise FailedInBatch(i, error) from error
                raise
            offsets.append(len(work.events))
        return decisions, offsets

    async def _authorize(self, command: Command, caller: Caller, work: UnitOfWork) -> None:
        if command.REQUIRES is None or not isinstance(command, ProjectCommand):
            return
        project = await work.project(command.project_id)
        project.authorize(caller.on_behalf_of or caller.user, command.REQUIRES)
        if not command.ON_ARCHIVED:
            project.require_unarchived()

    async def _refuse(self, request: Request, refused: DomainError | FailedInBatch) -> Answer:
        """Record a 409, so that a repeat is told the same; raise what is not recorded."""
        error = refused.error if isinstance(refused, FailedInBatch) else refused
        if not isinstance(error, RECORDED_REFUSALS):
            raise refused
        if not request.keyed:
            raise refused
        document = problem_of(error)
        if isinstance(refused, FailedInBatch):
            document["index"] = refused.index
        status, body = document["status"], orjson.dumps(document)
        outcome = await self._log.append(
            Append(
                caller=request.caller.user,
                command_id=request.command_id,
                request_hash=request.request_hash,
                status=status,
                body=body,
                metadata={},
            )
        )
        return _replay(request, outcome) if isinstance(outcome, Replayed) else Answer(status, body)


def _answer(
    request: Request, decisions: Sequence[Decision], offsets: Sequence[int], work: UnitOfWork
) -> tuple[int, dict[str, Any]]:
    """Build the answer with positions relative to the first event; absolute where there are no events."""
    positions = offsets if work.events else [work.seen] * len(offsets)
    documents = [decision_document(d, p) for d, p in zip(decisions, positions, strict=True)]
    if request.batch:
        return 200, {"position": positions[-1] if positions else 0, "results": documents}
    if request.commands[0].ACCEPTS:
        return 202, documents[0]
    created = request.commands[0].CREATES and decisions[0].outcome != "unchanged"
    return (201 if created else 200), documents[0]


def _metadata(request: Request) -> dict[str, Any]:
    caller = request.caller
    actor = {"id": caller.user, "kind": caller.kind}
    if caller.name is not None:
        actor["name"] = caller.name
    if caller.email is not None:
        actor["email"] = caller.email
    return {
        "actor": actor,
        "correlation_id": str(request.command_id),
        **({"job_id": str(caller.job_id)} if caller.job_id else {}),
        **({"trace": dict(caller.trace)} if caller.trace else {}),
    }


def _replay(request: Request, known: Replayed) -> Answer:
    if known.request_hash != request.request_hash:
        raise IdempotencyMismatch("this idempotency key was used before for another request")
    return recall(known.status, known.body, known.base)


def _taken(work: UnitOfWork, stream_id: UUID, actual: int) -> AlreadyExists | None:
    if stream_id in work.shared:
        return None
    for write in work.writes:
        if write.stream_id == stream_id and write.expected == NO_STREAM and actual > 0:
            return AlreadyExists("the chosen id is taken")
    return None


def _index_of(request: Request, work: UnitOfWork, stream_id: UUID) -> int:
    ids = [uuid5(request.command_id, str(i)) for i in range(len(request.commands))]
    owner = next(w.command_id for w in work.events if w.event.originator_id == stream_id)
    return ids.index(owner) if owner in ids else 0
