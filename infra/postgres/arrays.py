"""PostgreSQL arrays in binary form, built in one go.

psycopg's own list dumper asks each element for its dumper and picks the element type by magnitude; here
types are known, so an array is one header and a join. Format: `array_recv` in PostgreSQL's `arrayfuncs.c`.
"""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

_HEADER = struct.Struct("!iiIii")
_EMPTY = struct.Struct("!iiI")
_LENGTH = struct.Struct("!i")
_INT8 = struct.Struct("!iq")
_NULL = _LENGTH.pack(-1)
_INT4_OF = struct.Struct("!i").pack
_INT8_OF = struct.Struct("!q").pack
# What timestamps are counted from, in microseconds.
_ERA = datetime(2000, 1, 1, tzinfo=UTC)


def _join(element_oid: int, parts: list[bytes]) -> bytes:
    if not parts:
        return _EMPTY.pack(0, 0, element_oid)
    sizes = list(map(len, parts))
    header = _HEADER.pack(1, 0, element_oid, len(parts), 1)
    if sizes.count(sizes[0]) == len(sizes):
        # Of one size, as ids and hashes are: the size stands between them like a comma.
        size = _LENGTH.pack(sizes[0])
        return header + size + size.join(parts)
    pieces = [b""] * (2 * len(parts))
    pieces[0::2] = map(_LENGTH.pack, sizes)
    pieces[1::2] = parts
    return header + b"".join(pieces)


def texts(values: Iterable[str]) -> bytes:
    """Build a `text[]`."""
    return _join(25, [v.encode() for v in values])


def encoded_texts(values: Iterable[bytes]) -> bytes:
    """Build a `text[]` from texts that are UTF-8 already."""
    return _join(25, list(values))


def uuids(values: Iterable[UUID]) -> bytes:
    """Build a `uuid[]`."""
    return _join(2950, [v.bytes for v in values])


def byteas(values: Iterable[bytes]) -> bytes:
    """Build a `bytea[]`."""
    return _join(17, list(values))


def _integers(element_oid: int, code: str, size: int, values: Sequence[int]) -> bytes:
    n = len(values)
    if not n:
        return _EMPTY.pack(0, 0, element_oid)
    flat = [size] * (2 * n)
    flat[1::2] = values
    return _HEADER.pack(1, 0, element_oid, n, 1) + struct.pack("!" + f"i{code}" * n, *flat)


def int2s(values: Sequence[int]) -> bytes:
    """Build a `smallint[]`."""
    return _integers(21, "h", 2, values)


def int4s(values: Sequence[int]) -> bytes:
    """Build an `int[]`."""
    return _integers(23, "i", 4, values)


def int8s(values: Sequence[int]) -> bytes:
    """Build a `bigint[]`."""
    return _integers(20, "q", 8, values)


def bools(values: Sequence[bool]) -> bytes:
    """Build a `boolean[]`."""
    return _join(16, [b"\1" if v else b"\0" for v in values])


def optional_int8s(values: Sequence[int | None]) -> bytes:
    """Build a `bigint[]` in which None is NULL."""
    if not values:
        return _EMPTY.pack(0, 0, 20)
    pack, null = _INT8.pack, _LENGTH.pack(-1)
    body = b"".join([null if v is None else pack(8, v) for v in values])
    return _HEADER.pack(1, 1 if None in values else 0, 20, len(values), 1) + body


def _moment(at: datetime) -> bytes:
    since = at - _ERA
    return _INT8_OF((since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds)


# By the name of an element's type: its oid, and how one value is written.
_ELEMENTS: Mapping[str, tuple[int, Callable[[Any], bytes]]] = {
    "bigint": (20, _INT8_OF),
    "boolean": (16, lambda v: b"\1" if v else b"\0"),
    "int": (23, _INT4_OF),
    "text": (25, str.encode),
    "timestamptz": (1184, _moment),
    "uuid": (2950, lambda v: v.bytes),
}


def array_of(kind: str, values: Sequence[Any]) -> bytes:
    """Build an array of one of the types of read tables, in which None is NULL; for example a `timestamptz[]`."""
    oid, write = _ELEMENTS[kind]
    nulls = values.count(None)
    if not nulls:
        return _join(oid, [write(v) for v in values])
    pieces: list[bytes] = []
    for value in values:
        if value is None:
            pieces.append(_NULL)
        else:
            part = write(value)
            pieces += (_LENGTH.pack(len(part)), part)
    return _HEADER.pack(1, 1, oid, len(values), 1) + b"".join(pieces)


def read_int8s(array: bytes) -> tuple[int, ...]:
    """Read a `bigint[]` without NULLs."""
    n = (len(array) - _HEADER.size) // _INT8.size
    return struct.unpack_from("!" + "iq" * n, array, _HEADER.size)[1::2]
