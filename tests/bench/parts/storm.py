"""Connections that edit on and on in one cheap process, and note what each admitted edit took.

It reads raw sockets and looks at an answer's status and length alone, so that it is not what is measured. Who is
refused comes again ten times sooner than it was told to.
"""

import gc
import heapq
import json
import select
import socket
import sys
import time
from typing import Any

from tests.bench.part import say

PATIENCE = 10.0
PIECE = 1 << 16
IMPATIENCE = 0.1
PATH = "/api/commands/edit-block"


class Client:
    """One connection, with one edit under way or waiting to be sent again."""

    def __init__(self, port: int, token: str, project: str, block: str) -> None:
        # Another text each time, of the same length: an edit that changes nothing is none.
        body = json.dumps({"project_id": project, "block_id": block, "changes": {"text": "number %08d"}})
        length = len(body % 0)
        self._request = (
            f"POST {PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: {token}\r\nContent-Length: {length}\r\n\r\n{body}"
        ).encode()
        self._asked = 0
        self._heard = b""
        self._sent = 0.0
        self.admitted: list[float] = []
        self.refused = 0
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self) -> None:
        """Send the edit."""
        self._asked += 1
        self._sent = time.perf_counter()
        self.socket.sendall(self._request % self._asked)

    def hear(self) -> bool | None:
        """Read what has come; tell whether the edit was admitted, None while the answer is not whole."""
        piece = self.socket.recv(PIECE)
        if not piece:
            raise ConnectionError("the server closed")
        self._heard += piece
        head, end, body = self._heard.partition(b"\r\n\r\n")
        if not end:
            return None
        length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
        if len(body) < length:
            return None
        self._heard = b""
        if head.startswith(b"HTTP/1.1 200"):
            self.admitted.append(time.perf_counter() - self._sent)
            return True
        if not head.startswith(b"HTTP/1.1 503"):
            raise ConnectionError(f"neither admitted nor turned away: {head[:200]!r}")
        self.refused += 1
        return False


def storm(clients: list[Client], seconds: float) -> None:
    """Have all of them edit."""
    poll = select.epoll()
    by_fd = {client.socket.fileno(): client for client in clients}
    for fd, client in by_fd.items():
        poll.register(fd, select.EPOLLIN)
        client.ask()
    later: list[tuple[float, int]] = []
    end = time.perf_counter() + seconds
    while (now := time.perf_counter()) < end:
        while later and later[0][0] <= now:
            by_fd[heapq.heappop(later)[1]].ask()
        until = min(end, later[0][0]) if later else end
        for fd, _ in poll.poll(max(0.0, until - time.perf_counter())):
            admitted = by_fd[fd].hear()
            if admitted:
                by_fd[fd].ask()
            elif admitted is False:
                heapq.heappush(later, (time.perf_counter() + IMPATIENCE, fd))


def main() -> None:
    config: dict[str, Any] = json.loads(sys.argv[1])
    clients = [Client(config["port"], config["token"], *pair) for pair in config["blocks"]]
    gc.disable()
    begun, cpu = time.monotonic(), time.process_time()
    storm(clients, config["seconds"])
    took = time.monotonic() - begun
    times = sorted(t for client in clients for t in client.admitted)
    say(
        {
            "p50_ms": times[len(times) // 2] * 1e3,
            "p99_ms": times[int(len(times) * 0.99)] * 1e3,
            "rate": len(times) / took,
            "refused": sum(client.refused for client in clients) / took,
            "client_share": (time.process_time() - cpu) / took,
        }
    )


if __name__ == "__main__":
    main()
