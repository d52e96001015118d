"""Whether a pooled connection still has a server, without asking the server each time.

A server that ends, or ends a connection, closes the socket, or says why: either makes it readable, and an idle
connection never is otherwise. A server that is gone without a word is found by asking, once in a while.
"""

import select
import time
from typing import Any
from weakref import WeakKeyDictionary

from psycopg import AsyncConnection
from psycopg_pool import AsyncConnectionPool

# Seconds for which an answer is believed while the socket is silent.
BELIEVED = 1.0


class Alive:
    """Checks connections of one pool when they are borrowed: by a look at the socket, and now and then by asking.

    Args:
        believed: seconds between two times that a server is asked.
    """

    def __init__(self, believed: float = BELIEVED) -> None:
        self._believed = believed
        self._asked: WeakKeyDictionary[AsyncConnection[Any], float] = WeakKeyDictionary()

    async def __call__(self, connection: AsyncConnection[Any]) -> None:
        """Check one.

        Raises:
            psycopg.OperationalError: its server is gone.
        """
        now = time.monotonic()
        if now - self._asked.get(connection, float("-inf")) < self._believed and not _says_something(
            connection
        ):
            return
        await AsyncConnectionPool.check_connection(connection)
        self._asked[connection] = now


def _says_something(connection: AsyncConnection[Any]) -> bool:
    look = select.poll()
    look.register(connection.fileno(), select.POLLIN)
    return bool(look.poll(0))
