"""Many live sockets, which note how they are sent away: when, with which code, and when they are to come back."""

import json
import select
import sys
import time
from collections import Counter

from tests.bench.part import say
from tests.bench.parts.subscribers import PIECE, Subscriber, subscribed

BYE = b'"retry_after_ms":'
PATIENCE = 60.0
CLOSE = b"\x88"


class Leaver:
    """One socket, and what it was told at the end."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.said = b""
        self.told = 0.0

    def read(self) -> bool:
        """Take what has come; tell whether the socket has ended."""
        try:
            piece = self.subscriber.socket.recv(PIECE)
            self.subscriber.take(piece)
        except OSError:
            return True
        self.said = (self.said + piece)[-4_096:]
        if BYE in self.said and not self.told:
            self.told = time.monotonic()
        return not piece

    @property
    def retry_ms(self) -> int | None:
        """How long it is to wait."""
        at = self.said.rfind(BYE)
        return int(self.said[at + len(BYE) :].split(b"}")[0]) if at >= 0 else None

    @property
    def code(self) -> int:
        """The code in the close frame, which is the last one."""
        at = self.said.rfind(b'"retry_after_ms":')
        at = self.said.find(CLOSE, at)
        return int.from_bytes(self.said[at + 2 : at + 4]) if at >= 0 else 0


def _watch(leavers: list[Leaver]) -> None:
    """Read from all until each has ended."""
    by_fd = {leaver.subscriber.socket.fileno(): leaver for leaver in leavers}
    poll = select.epoll()
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    deadline = time.monotonic() + PATIENCE
    while by_fd and time.monotonic() < deadline:
        for fd, _ in poll.poll(0.1):
            leaver = by_fd[fd]
            if leaver.read() or leaver.told:
                poll.unregister(fd)
                by_fd.pop(fd)


def main() -> None:
    leavers = [Leaver(subscriber) for subscriber in subscribed(json.loads(sys.argv[1]))]
    say("ready")
    begun = time.monotonic()
    _watch(leavers)
    told = [leaver for leaver in leavers if leaver.told and leaver.retry_ms is not None]
    first = min((leaver.told for leaver in told), default=begun)
    back = Counter(int((leaver.told - first) * 10 + (leaver.retry_ms or 0) / 100) for leaver in told)
    say(
        {
            "told": len(told),
            "untold": len(leavers) - len(told),
            "restarts": sum(leaver.code == 1012 for leaver in told),
            "span_s": max((leaver.told for leaver in told), default=begun) - first,
            # How many would come back within the same tenth of a second, at most.
            "herd": max(back.values(), default=0),
        }
    )


if __name__ == "__main__":
    main()
