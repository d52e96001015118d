"""Group commits: many requests as one call of one SQL function."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import orjson

from commands.ports import Append, Appended, AppendOutcome, Mismatch, StructureChanged
from infra.postgres.arrays import (
    bools,
    byteas,
    encoded_texts,
    int2s,
    int4s,
    int8s,
    optional_int8s,
    read_int8s,
    texts,
    uuids,
)
from infra.postgres.codec import encode

# Statement: (its parameter types, its query).
STATEMENTS: dict[LiteralString, tuple[LiteralString, LiteralString]] = {
    "append_single": (
        """text[], uuid[], boolean[], bytea[], smallint[], bytea[],
        uuid[], uuid[], bigint[], bigint[], text[], text[], bytea[], text[]""",
        "select append_single($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
    ),
    "append_events": (
        """text[], uuid[], boolean[], bytea[], smallint[], bytea[],
        int[], uuid[], uuid[], bigint[], int[], uuid[], bigint[], text[],
        int[], int[], int[], uuid[], text[], bytea[], text[]""",
        """select append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14,
        $15, $16, $17, $18, $19, $20, $21)""",
    ),
}

_USED, _MOVED, _MISMATCH = -1, -2, -3
_OUTCOME_APPENDED, _OUTCOME_MISMATCH, _OUTCOME_MOVED = 0, 2, 3


def is_single(request: Append) -> bool:
    """Tell whether a request writes one event to one stream, and rests on one structure at most."""
    return len(request.events) == 1 and len(request.writes) == 1 and len(request.guards) <= 1


def single_arguments(batch: Sequence[Append], structural: bytes) -> list[bytes]:
    """Lay requests of one event each out as the arrays of `append_single`."""
    writes = [a.writes[0] for a in batch]
    events = [a.events[0] for a in batch]
    return [
        *_requests(batch),
        uuids([w.stream_id for w in writes]),
        uuids([w.project_id for w in writes]),
        int8s([w.expected for w in writes]),
        optional_int8s([a.guards[0][1] if a.guards else None for a in batch]),
        structural,
        texts([e.event.TOPIC for e in events]),
        byteas([encode(e.event) for e in events]),
        encoded_texts([orjson.dumps(a.metadata) for a in batch]),
    ]


def _requests(batch: Sequence[Append]) -> list[bytes]:
    return [
        texts([a.caller for a in batch]),
        uuids([a.command_id for a in batch]),
        bools([a.keyed for a in batch]),
        byteas([a.request_hash for a in batch]),
        int2s([a.status for a in batch]),
        byteas([a.body for a in batch]),
    ]


def single_outcomes(batch: Sequence[Append], answer: bytes) -> list[AppendOutcome | None]:
    """Read the answer of `append_single`; None stands for an id that was used before."""
    return [single_outcome(request, value) for request, value in zip(batch, read_int8s(answer), strict=True)]


def single_outcome(request: Append, value: int) -> AppendOutcome | None:
    """Read what one request was answered; None stands for an id that was used before."""
    if value >= 0:
        return Appended(value)
    if value == _USED:
        return None
    if value == _MOVED:
        return StructureChanged()
    return Mismatch(request.writes[0].stream_id, _MISMATCH - value)


def arguments(batch: Sequence[Append], structural: bytes) -> list[bytes]:
    """Lay requests of any shape out as the arrays of `append_events`; indexes count from 1."""
    w_request: list[int] = []
    w_stream: list[UUID] = []
    w_project: list[UUID] = []
    w_expected: list[int] = []
    g_request: list[int] = []
    g_project: list[UUID] = []
    g_after: list[int] = []
    e_request: list[int] = []
    e_write: list[int] = []
    e_nth: list[int] = []
    e_command: list[UUID] = []
    e_topic: list[str] = []
    e_state: list[bytes] = []
    for r, request in enumerate(batch, 1):
        first = len(w_request) + 1
        for write in request.writes:
            w_request.append(r)
            w_stream.append(write.stream_id)
            w_project.append(write.project_id)
            w_expected.append(write.expected)
        nth = [0] * len(request.writes)
        for written in request.events:
            nth[written.write] += 1
            e_request.append(r)
            e_write.append(first + written.write)
            e_nth.append(nth[written.write])
            e_command.append(written.command_id)
            e_topic.append(written.event.TOPIC)
            e_state.append(encode(written.event))
        for project_id, after in request.guards:
            g_request.append(r)
            g_project.append(project_id)
            g_after.append(after)
    return [
        *_requests(batch),
        int4s(w_request),
        uuids(w_stream),
        uuids(w_project),
        int8s(w_expected),
        int4s(g_request),
        uuids(g_project),
        int8s(g_after),
        structural,
        int4s(e_request),
        int4s(e_write),
        int4s(e_nth),
        uuids(e_command),
        texts(e_topic),
        byteas(e_state),
        encoded_texts([orjson.dumps(a.metadata) for a in batch]),
    ]


def outcomes(batch: Sequence[Append], answer: bytes) -> list[AppendOutcome | None]:
    """Read the answer of `append_events`; None stands for an id that was used before."""
    numbers = read_int8s(answer)
    found: list[AppendOutcome | None] = []
    first = 1
    for i, request in enumerate(batch):
        outcome, value, stream = numbers[3 * i : 3 * i + 3]
        if outcome == _OUTCOME_APPENDED:
            found.append(Appended(value))
        elif outcome == _OUTCOME_MISMATCH:
            found.append(Mismatch(request.writes[stream - first].stream_id, value))
        else:
            found.append(StructureChanged() if outcome == _OUTCOME_MOVED else None)
        first += len(request.writes)
    return found
