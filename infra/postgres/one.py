"""A batch of one request that writes one event: what a lone writer sends."""

import struct
from typing import LiteralString

import orjson

from commands.ports import Append, AppendOutcome
from infra.postgres.batch import single_outcome
from infra.postgres.codec import encode

# Its parameter types, its query.
STATEMENT: tuple[LiteralString, LiteralString] = (
    "text, uuid, boolean, bytea, smallint, bytea, uuid, uuid, bigint, bigint, text[], text, bytea, text",
    "select append_one($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)",
)

_INT2, _INT8 = struct.Struct("!h"), struct.Struct("!q")


def one_arguments(request: Append, structural: bytes) -> list[bytes | None]:
    """Lay the request out as the parameters of `append_one`."""
    write, event = request.writes[0], request.events[0].event
    return [
        request.caller.encode(),
        request.command_id.bytes,
        b"\1" if request.keyed else b"\0",
        request.request_hash,
        _INT2.pack(request.status),
        request.body,
        write.stream_id.bytes,
        write.project_id.bytes,
        _INT8.pack(write.expected),
        _INT8.pack(request.guards[0][1]) if request.guards else None,
        structural,
        event.TOPIC.encode(),
        encode(event),
        orjson.dumps(request.metadata),
    ]


def one_outcome(request: Append, answer: bytes) -> AppendOutcome | None:
    """Read the answer of `append_one`; None stands for an id that was used before."""
    return single_outcome(request, _INT8.unpack(answer)[0])
