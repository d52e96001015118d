"""Refusals before a request is one: a process that is full answers them where their heads end, by constant bytes.

Through the app a refusal cost a quarter of an edit (a cycle, a task, three layers), so that a storm took from those
who were admitted what they had been admitted for. What is not plain goes through the app, whose own limit
(`Bounded`) answers the same: other methods, pages of other origins, clients that wait to be told to go on.
"""

from collections.abc import Iterable
from typing import Final

from infra.http.observed import NOWHERE, Traffic
from infra.http.overload import HEADERS, REFUSAL, Load, is_counted

# The name of the door in the state that an app's lifespan gives to its server.
DOOR: Final = "door"
_PLAIN: Final = frozenset({"GET", "POST"})
_NOT_PLAIN: Final = frozenset({b"origin", b"expect", b"upgrade"})


class Door:
    """Turns requests away while there is no room.

    Args:
        headers: what every answer of the app has, beside its own.
    """

    def __init__(self, load: Load, traffic: Traffic, headers: Iterable[tuple[bytes, bytes]] = ()) -> None:
        self._load = load
        self._traffic = traffic
        head = [b"HTTP/1.1 503 Service Unavailable", *(b": ".join(h) for h in (*HEADERS, *headers))]
        self.answer: Final = b"\r\n".join((*head, b"", REFUSAL))

    @property
    def shut(self) -> bool:
        """Tell whether there is room for no more."""
        return self._load.full

    def turns_away(self, method: str, url: bytes, headers: Iterable[tuple[bytes, bytes]]) -> bool:
        """Tell whether a request is to be answered by `answer` while the door is shut; if so, it is counted."""
        if method not in _PLAIN or b"%" in url or not is_counted(url.partition(b"?")[0].decode("ascii")):
            return False
        if any(name in _NOT_PLAIN for name, _ in headers):
            return False
        self._load.refused += 1
        self._traffic.answered(NOWHERE, method, 503, 0.0)
        return True
