"""Prepared statements called past psycopg's cursors.

A cursor costs a quarter of a millisecond of this process's time a call, four times what the call itself
takes here. The log's appends are the one place where that decides; they use libpq's own interface, which
psycopg offers as `psycopg.pq`.
"""

import asyncio
from collections.abc import Callable, Sequence
from typing import LiteralString

import psycopg
from psycopg.abc import Buffer
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGconn, PGresult

from infra.postgres.connections import Connection


async def prepare(
    connection: Connection, name: LiteralString, types: LiteralString, query: LiteralString
) -> None:
    """Prepare a statement on a connection; it is gone with it."""
    await connection.execute(f"prepare {name} ({types}) as {query}".encode(), prepare=False)


async def call(connection: Connection, name: bytes, parameters: Sequence[Buffer | None]) -> bytes:
    """Run a prepared statement with binary parameters, and return the one binary value of its one row.

    Raises:
        psycopg.Error: as a cursor would.
    """
    pgconn = connection.pgconn
    pgconn.send_query_prepared(name, parameters, [Format.BINARY] * len(parameters), Format.BINARY)
    loop = asyncio.get_running_loop()
    while pgconn.flush():
        await _ready(loop.add_writer, loop.remove_writer, pgconn.socket)
    value: bytes | None = None
    while (result := await _result(loop, pgconn)) is not None:
        if result.status != ExecStatus.TUPLES_OK:
            raise _error(result)
        value = result.get_value(0, 0)
    if value is None:
        raise psycopg.InternalError("a statement returned nothing")
    return value


async def _result(loop: asyncio.AbstractEventLoop, pgconn: PGconn) -> PGresult | None:
    while pgconn.is_busy():
        await _ready(loop.add_reader, loop.remove_reader, pgconn.socket)
        pgconn.consume_input()
    return pgconn.get_result()


async def _ready(add: Callable[..., None], remove: Callable[[int], object], socket: int) -> None:
    future = asyncio.get_running_loop().create_future()

    def wake() -> None:
        if not future.done():
            future.set_result(None)

    add(socket, wake)
    try:
        await future
    finally:
        remove(socket)


def _error(result: PGresult) -> psycopg.Error:
    state = result.error_field(DiagnosticField.SQLSTATE) or b"XX000"
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode("utf-8", "replace")
    try:
        return psycopg.errors.lookup(state.decode())(message)
    except KeyError:
        return psycopg.OperationalError(f"{state.decode()}: {message}")
