"""PostgreSQL arrays in binary form, built in one go.

psycopg's own list dumper asks each element for its dumper and picks the element type by magnitude; here
types are known, so an array is one header and a join, and a statement has one signature whatever its
values. Format: `array_recv` in PostgreSQL's `arrayfuncs.c`.
"""

import struct
from collections.abc import Iterable, Sequence
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.abc import Buffer
from psycopg.adapt import Dumper
from psycopg.pq import Format

_HEADER = struct.Struct("!iiIii")
_EMPTY = struct.Struct("!iiI")
_LENGTH = struct.Struct("!i")


class BinaryArray(bytes):
    """An array ready to be sent."""

    __slots__ = ()


class TextArray(BinaryArray):
    """`text[]`."""

    __slots__ = ()


class UuidArray(BinaryArray):
    """`uuid[]`."""

    __slots__ = ()


class ByteaArray(BinaryArray):
    """`bytea[]`."""

    __slots__ = ()


class Int2Array(BinaryArray):
    """`smallint[]`."""

    __slots__ = ()


class Int4Array(BinaryArray):
    """`int[]`."""

    __slots__ = ()


class Int8Array(BinaryArray):
    """`bigint[]`."""

    __slots__ = ()


# Array type: (oid of the array, oid of its element).
OIDS: dict[type[BinaryArray], tuple[int, int]] = {
    TextArray: (1009, 25),
    UuidArray: (2951, 2950),
    ByteaArray: (1001, 17),
    Int2Array: (1005, 21),
    Int4Array: (1007, 23),
    Int8Array: (1016, 20),
}


def _join(element_oid: int, parts: list[bytes]) -> bytes:
    if not parts:
        return _EMPTY.pack(0, 0, element_oid)
    pack = _LENGTH.pack
    body = b"".join([piece for part in parts for piece in (pack(len(part)), part)])
    return _HEADER.pack(1, 0, element_oid, len(parts), 1) + body


def texts(values: Iterable[str]) -> TextArray:
    """Build a `text[]`."""
    return TextArray(_join(25, [v.encode() for v in values]))


def encoded_texts(values: Iterable[bytes]) -> TextArray:
    """Build a `text[]` from texts that are UTF-8 already."""
    return TextArray(_join(25, list(values)))


def uuids(values: Iterable[UUID]) -> UuidArray:
    """Build a `uuid[]`."""
    return UuidArray(_join(2950, [v.bytes for v in values]))


def byteas(values: Iterable[bytes]) -> ByteaArray:
    """Build a `bytea[]`."""
    return ByteaArray(_join(17, list(values)))


def _integers(element_oid: int, code: str, size: int, values: Sequence[int]) -> bytes:
    n = len(values)
    if not n:
        return _EMPTY.pack(0, 0, element_oid)
    flat = [size] * (2 * n)
    flat[1::2] = values
    return _HEADER.pack(1, 0, element_oid, n, 1) + struct.pack("!" + f"i{code}" * n, *flat)


def int2s(values: Sequence[int]) -> Int2Array:
    """Build a `smallint[]`."""
    return Int2Array(_integers(21, "h", 2, values))


def int4s(values: Sequence[int]) -> Int4Array:
    """Build an `int[]`."""
    return Int4Array(_integers(23, "i", 4, values))


def int8s(values: Sequence[int]) -> Int8Array:
    """Build a `bigint[]`."""
    return Int8Array(_integers(20, "q", 8, values))


class _Ready(Dumper):
    """Sends what is already in binary form."""

    format = Format.BINARY

    def dump(self, obj: BinaryArray) -> Buffer:
        return bytes(obj)


def register_arrays(connection: AsyncConnection[tuple[object, ...]]) -> None:
    """Teach a connection to send these arrays."""
    for array_type, (oid, _) in OIDS.items():
        dumper = type(f"{array_type.__name__}Dumper", (_Ready,), {"oid": oid})
        connection.adapters.register_dumper(array_type, dumper)
