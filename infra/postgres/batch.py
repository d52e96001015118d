"""A group commit: many requests as one call of `append_events`."""

from collections.abc import Sequence
from typing import LiteralString
from uuid import UUID

import orjson

from commands.ports import Append, Appended, AppendOutcome, Mismatch, StructureChanged
from infra.postgres.arrays import BinaryArray, byteas, encoded_texts, int2s, int4s, int8s, texts, uuids
from infra.postgres.codec import encode

APPENDED, USED, MISMATCH, MOVED = range(4)

CALL: LiteralString = (
    "select request, outcome, value, stream from append_events("
    "%b, %b, %b, %b, %b,"
    " %b, %b, %b, %b,"
    " %b, %b, %b, %b,"
    " %b, %b, %b, %b, %b, %b,"
    " %b)"
)


def arguments(batch: Sequence[Append], structural: BinaryArray) -> list[BinaryArray]:
    """Lay a batch out as the arrays that the SQL function takes; indexes count from 1."""
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
        texts([a.caller for a in batch]),
        uuids([a.command_id for a in batch]),
        byteas([a.request_hash for a in batch]),
        int2s([a.status for a in batch]),
        byteas([a.body for a in batch]),
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


def outcome_of(
    request: Append, outcome: int, value: int, stream: int, first_write: int
) -> AppendOutcome | None:
    """Read one row of the function's answer; None for an id that was used before."""
    if outcome == APPENDED:
        return Appended(value)
    if outcome == MISMATCH:
        return Mismatch(request.writes[stream - first_write].stream_id, value)
    if outcome == MOVED:
        return StructureChanged()
    return None
