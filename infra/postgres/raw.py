"""Prepared statements called past psycopg's cursors.

A cursor costs a quarter of a millisecond of this process's time a call, four times what the call itself
takes here. The log's appends are the one place where that decides; they use libpq's own interface, which
psycopg offers as `psycopg.pq`.
"""

import asyncio
from collections.abc import Sequence
from typing import LiteralString

import psycopg
from psycopg.abc import Buffer
from psycopg.pq import DiagnosticField, ExecStatus, Format
from psycopg.pq.abc import PGresult

from infra.postgres.connections import Connection

# A call has at most so many parameters.
_BINARY = [Format.BINARY] * 32


class Line:
    """A connection on which prepared statements are called, one at a time.

    Its socket stays with the loop from one call to the next: to give it to the loop and take it back each
    time costs as much as the rest of the call. Whoever uses the connection otherwise releases it first.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self.prepared: set[str] = set()
        self._pgconn = connection.pgconn
        self._loop = asyncio.get_running_loop()
        self._answer: asyncio.Future[bytes] | None = None
        self._result: PGresult | None = None
        self._socket: int | None = None

    @property
    def is_lost(self) -> bool:
        """Tell whether the connection is gone, as far as is known."""
        return self.connection.closed or self.connection.broken

    async def prepare(self, name: LiteralString, types: LiteralString, query: LiteralString) -> None:
        """Prepare a statement; it is gone with the connection."""
        self.release()
        await self.connection.execute(f"prepare {name} ({types}) as {query}".encode(), prepare=False)
        self.prepared.add(name)

    async def call(self, name: bytes, parameters: Sequence[Buffer | None]) -> bytes:
        """Run a prepared statement with binary parameters, and return the one binary value of its one row.

        Raises:
            psycopg.Error: as a cursor would.
        """
        if self._socket is None:
            self._socket = self._pgconn.socket
            self._loop.add_reader(self._socket, self._readable)
        self._result = None
        answer: asyncio.Future[bytes] = self._loop.create_future()
        self._answer = answer
        try:
            formats = _BINARY[: len(parameters)]
            self._pgconn.send_query_prepared(name, parameters, formats, Format.BINARY)
            while self._pgconn.flush():
                await self._writable()
            return await answer
        finally:
            self._answer = None

    def release(self) -> None:
        """Let somebody else wait for the connection, or close it."""
        if self._socket is not None:
            self._loop.remove_reader(self._socket)
            self._socket = None

    async def _writable(self) -> None:
        room = self._loop.create_future()
        socket = self._pgconn.socket

        def wake() -> None:
            if not room.done():
                room.set_result(None)

        self._loop.add_writer(socket, wake)
        try:
            await room
        finally:
            self._loop.remove_writer(socket)

    def _readable(self) -> None:
        try:
            self._pgconn.consume_input()
            # Between calls there is nothing to get; what comes then is the end of the connection.
            while not self._pgconn.is_busy():
                result = self._pgconn.get_result()
                if result is None:
                    break
                self._result = result
            else:
                return
        except psycopg.Error as lost:
            self.release()
            self._settle(lost)
        else:
            self._settle(self._result)

    def _settle(self, end: PGresult | psycopg.Error | None) -> None:
        answer = self._answer
        if answer is None or answer.done():
            return
        if isinstance(end, psycopg.Error):
            answer.set_exception(end)
        elif end is None or end.status != ExecStatus.TUPLES_OK:
            answer.set_exception(_error(end))
        elif (value := end.get_value(0, 0)) is None:
            answer.set_exception(_error(None))
        else:
            answer.set_result(value)


def _error(result: PGresult | None) -> psycopg.Error:
    if result is None:
        return psycopg.InternalError("a statement returned nothing")
    state = result.error_field(DiagnosticField.SQLSTATE) or b"XX000"
    message = (result.error_field(DiagnosticField.MESSAGE_PRIMARY) or b"").decode("utf-8", "replace")
    try:
        return psycopg.errors.lookup(state.decode())(message)
    except KeyError:
        return psycopg.OperationalError(f"{state.decode()}: {message}")
