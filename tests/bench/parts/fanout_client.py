"""Counts what a fan-out delivers, by bytes alone, so that one core here can keep one core of a server busy."""

import json
import select
import sys
import time

from tests.bench.part import listen, say
from tests.bench.parts.subscribers import Subscriber

PAYLOAD = ('{"type":"event","id":"3fa85f64-5717-4562-b3fc-2c963f66afa6","p":"' + "x" * 28 + '"}').encode()
FRAME = len(PAYLOAD) + 2
SENT = bytes((0x81, 0x80 | len(PAYLOAD), 0, 0, 0, 0)) + PAYLOAD


def _hold(sockets: list[Subscriber]) -> None:
    """Keep sockets open until told to end."""
    say(len(sockets))
    listen()


def _count(sockets: list[Subscriber], seconds: float, window: int) -> float:
    """Have messages sent to all for some seconds, so many under way at once; return deliveries a second."""
    poll = select.epoll()
    by_fd = {}
    for one in sockets:
        one.socket.settimeout(0)
        poll.register(one.socket.fileno(), select.EPOLLIN)
        by_fd[one.socket.fileno()] = one.socket
    first, share = sockets[0].socket, len(sockets) * FRAME
    got = sent = 0
    buffer = bytearray(1 << 18)
    begun = time.monotonic()
    while (now := time.monotonic()) - begun < seconds or got < sent * share:
        if now - begun > seconds * 4:
            raise TimeoutError(f"{got} of {sent * share} bytes came")
        while now - begun < seconds and (sent - window) * share < got:
            first.settimeout(None)
            first.sendall(SENT)
            first.settimeout(0)
            sent += 1
        for fd, _ in poll.poll(1):
            got += by_fd[fd].recv_into(buffer)
    return got / FRAME / (time.monotonic() - begun)


def main() -> None:
    config = json.loads(sys.argv[1])
    sockets = []
    for _ in range(config["count"]):
        one = Subscriber(config["port"], config["path"], "none")
        one.shake()
        sockets.append(one)
    if config["seconds"]:
        say(_count(sockets, config["seconds"], config["window"]))
    else:
        _hold(sockets)


if __name__ == "__main__":
    main()
