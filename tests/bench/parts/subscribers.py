"""Many live sockets of one project in one cheap process, which notes when each marked edit arrives at each.

It waits for readiness on raw sockets and only looks for frame lengths and marks, so that it is not what is
measured. For the same reason not all need be timed: of every `timed_of` sockets one is read as soon as something
comes, and the others, which are sent the same in between, a few times a second; nothing may be missing at any of
them. At the end it is told when the edits were sent, and tells how long they took to arrive.
"""

import base64
import gc
import json
import os
import select
import socket
import sys
import time
from collections import Counter, defaultdict
from typing import Any

from tests.bench.part import say

MARK = b'"#'
MARK_DIGITS = 6
PIECE = 1 << 18
HELLOS = 50
PATIENCE = 20.0
# Seconds for which what comes is let gather before it is looked at, which counts as lateness: woken for each message
# alone, this process would take the processor from those that it measures.
GATHER = 0.002
# Seconds after which each socket that is not timed is read again, and in how many parts, so that the timed need not
# wait for all of them.
UNTIMED_EVERY, UNTIMED_PARTS = 0.4, 40
TEXT, CLOSE, PING = 0x1, 0x8, 0x9
PING_FRAME = b"\x89\x00"


def mark(n: int) -> str:
    """Return the beginning of the text of edit `n`."""
    return f"#{n:0{MARK_DIGITS}}"


class Subscriber:
    """One socket: bytes that are not a whole frame yet, and whether the server has welcomed it."""

    __slots__ = ("closed", "opened", "rest", "socket", "welcomed")

    def __init__(self, port: int, path: str, token: str) -> None:
        self.rest = b""
        self.opened = self.welcomed = self.closed = False
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            (
                f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
                f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
                f"Sec-WebSocket-Protocol: decklog.v1, bearer.{token}\r\n\r\n"
            ).encode()
        )

    def shake(self) -> None:
        """Wait for the handshake."""
        while not self.opened:
            self.open(self.socket.recv(PIECE))

    def open(self, piece: bytes) -> None:
        """Take what comes up to the welcome, and after it."""
        if not piece:
            raise ConnectionError(f"closed before the welcome: {self.rest[:200]!r}")
        if self.opened:
            self.take(piece)
            return
        head, end, after = (self.rest + piece).partition(b"\r\n\r\n")
        self.rest = after if end else head
        if end:
            if not head.startswith(b"HTTP/1.1 101"):
                raise ConnectionError(f"refused: {head[:200]!r}")
            self.opened, self.rest = True, b""
            self.take(after)

    def take(self, piece: bytes) -> list[int]:
        """Return the marks in the frames that are complete now; answer pings."""
        data = self.rest + piece if self.rest else piece
        found: list[int] = []
        at, end = 0, len(data)
        while at + 2 <= end:
            size, body = data[at + 1], at + 2
            if size == 126:
                size, body = int.from_bytes(data[at + 2 : at + 4]), at + 4
            elif size == 127:
                size, body = int.from_bytes(data[at + 2 : at + 10]), at + 10
            if body + size > end:
                break
            kind = data[at] & 0x0F
            if kind == TEXT:
                self.welcomed = True
                place = data.find(MARK, body, body + size)
                if place >= 0:
                    found.append(int(data[place + 2 : place + 2 + MARK_DIGITS]))
            elif kind == PING:
                self.socket.send(bytes([0x8A, 0x80 | size, 0, 0, 0, 0]) + data[body : body + size])
            elif kind == CLOSE:
                self.closed = True
            at = body + size
        self.rest = data[at:]
        return found


def subscribed(config: dict[str, Any]) -> list[Subscriber]:
    """Open sockets, some at a time. Those that are open are read from meanwhile: pings want answers."""
    made: list[Subscriber] = []
    paths = config["paths"]
    by_fd: dict[int, Subscriber] = {}
    with select.epoll() as poll:
        while len(made) < config["count"]:
            some = [
                Subscriber(config["port"], paths[n % len(paths)], config["token"])
                for n in range(len(made), min(len(made) + HELLOS, config["count"]))
            ]
            for subscriber in some:
                by_fd[subscriber.socket.fileno()] = subscriber
                poll.register(subscriber.socket.fileno(), select.EPOLLIN)
            made += some
            while not all(subscriber.welcomed for subscriber in some):
                ready = poll.poll(PATIENCE)
                if not ready:
                    raise TimeoutError(f"nothing came for {PATIENCE:.0f} s")
                for fd, _ in ready:
                    by_fd[fd].open(by_fd[fd].socket.recv(PIECE))
    for subscriber in made:
        subscriber.socket.settimeout(0)
        # As the system does by itself for whoever says something now and then, as people in a deck do: otherwise it
        # would answer each segment by one of its own, for which this machine, and no client's, would pay.
        subscriber.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_QUICKACK, 0)
    return made


class Arrivals:
    """Which edit came when, and to how many. `bench` is where the bench says that it has something to say."""

    def __init__(self, subscribers: list[Subscriber], timed_of: int, bench: int) -> None:
        self.times: dict[int, list[float]] = defaultdict(list)
        self.counts: Counter[int] = Counter()
        self.lost = 0
        self._buffer = memoryview(bytearray(PIECE))
        # What all are sent is looked into once.
        self._same: bytes = b""
        self._found: list[int] = []
        self._timed = {s.socket.fileno(): s for s in subscribers[::timed_of]}
        self._untimed = [s for n, s in enumerate(subscribers) if n % timed_of]
        self._part, self._due = 0, time.monotonic()
        self._poll = select.epoll()
        for fd in self._timed:
            self._poll.register(fd, select.EPOLLIN)
        self._bench = bench
        self._poll.register(bench, select.EPOLLIN)

    def wait(self, seconds: float) -> bool:
        """Take what has come; tell whether the bench has something to say."""
        told = False
        if self._untimed:
            seconds = min(seconds, UNTIMED_EVERY / UNTIMED_PARTS)
        ready = self._poll.poll(seconds, len(self._timed) + 1)
        for fd, _ in ready:
            subscriber = self._timed.get(fd)
            if subscriber is None:
                told = True
                continue
            found = self._take(subscriber)
            now = time.monotonic()
            for n in found:
                self.times[n].append(now)
            if subscriber.closed:
                self._poll.unregister(fd)
                del self._timed[fd]
        self._take_untimed()
        if ready and not told:
            time.sleep(GATHER)
        return told

    def hush(self) -> None:
        """Take no more notice of the bench."""
        self._poll.unregister(self._bench)

    def _take_untimed(self) -> None:
        if not self._untimed or time.monotonic() < self._due:
            return
        self._due = time.monotonic() + UNTIMED_EVERY / UNTIMED_PARTS
        self._part = (self._part + 1) % UNTIMED_PARTS
        for subscriber in self._untimed[self._part :: UNTIMED_PARTS]:
            if not subscriber.closed:
                self._take(subscriber)

    def _take(self, subscriber: Subscriber) -> list[int]:
        """Return the marks of the edits that have come to one."""
        try:
            size = subscriber.socket.recv_into(self._buffer)
        except BlockingIOError:
            return []
        except OSError:
            size = 0
        piece = bytes(self._buffer[:size])
        found = self._marks(subscriber, piece)
        self.counts.update(found)
        if not piece or subscriber.closed:
            subscriber.closed = True
            subscriber.socket.close()
            self.lost += 1
        return found

    def _marks(self, subscriber: Subscriber, piece: bytes) -> list[int]:
        if piece == self._same and not subscriber.rest:
            return self._found
        found = subscriber.take(piece)
        # Neither half a frame, nor anything that wants an answer from each.
        if found and not subscriber.rest and PING_FRAME not in piece:
            self._same, self._found = piece, found
        return found


def _summary(
    arrivals: Arrivals, sent: dict[int, float], reach: tuple[int, int], ended: float
) -> dict[str, float]:
    """Sum up latencies of those who are timed, of all whom an edit reaches; what has not arrived is as late as now."""
    each, timed = reach
    late: list[float] = []
    missing = 0
    for n, at in sent.items():
        came = arrivals.times[n]
        late += [moment - at for moment in came]
        late += [ended - at] * (timed - len(came))
        missing += each - arrivals.counts[n]
    late.sort()
    return {
        "p50_ms": late[len(late) // 2] * 1e3,
        "p99_ms": late[int(len(late) * 0.99)] * 1e3,
        "max_ms": late[-1] * 1e3,
        "deliveries": sum(arrivals.counts[n] for n in sent),
        "missing": missing,
        "lost_sockets": arrivals.lost,
    }


def main() -> None:
    told = json.loads(sys.argv[1])
    timed_of = told.get("timed_of", 1)
    # Each edit reaches the subscribers of one path.
    each = told["count"] // len(told["paths"])
    arrivals = Arrivals(subscribed(told), timed_of, sys.stdin.fileno())
    gc.disable()
    say("ready")
    begun, cpu = time.monotonic(), time.process_time()
    while not arrivals.wait(1.0):
        pass
    busy = (time.process_time() - cpu) / (time.monotonic() - begun)
    asked = json.loads(sys.stdin.readline())
    arrivals.hush()
    sent = {int(n): at for n, at in asked["sent"].items()}
    deadline = time.monotonic() + asked["patience"]
    while any(arrivals.counts[n] < each for n in sent) and time.monotonic() < deadline:
        arrivals.wait(0.1)
    timed = -(-each // timed_of)
    say({**_summary(arrivals, sent, (each, timed), time.monotonic()), "client_share": busy})


if __name__ == "__main__":
    main()
