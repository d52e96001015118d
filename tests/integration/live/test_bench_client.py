"""The client of the live benches, against a socket server that makes it wait: what it loses, the gateway has not."""

import base64
import hashlib
import socket
import threading
import time
from contextlib import ExitStack, closing

from tests.bench.parts.subscribers import HELLOS, PATIENCE, Arrivals, mark, subscribed

GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
WELCOME, PING = b'\x81\x12{"type":"welcome"}', b"\x89\x00"
PONG_SIZE = 6


def shake(client: socket.socket) -> None:
    """Read a client's request, and make a WebSocket of its connection."""
    request = b""
    while b"\r\n\r\n" not in request:
        request += client.recv(4_096)
    key = request.split(b"Sec-WebSocket-Key: ")[1].split(b"\r\n")[0]
    accept = base64.b64encode(hashlib.sha1(key + GUID, usedforsecurity=False).digest())
    client.sendall(b"HTTP/1.1 101 Switching Protocols\r\nSec-WebSocket-Accept: " + accept + b"\r\n\r\n")


def test_a_ping_is_answered_while_other_sockets_are_still_opening() -> None:
    pongs: list[bytes] = []
    all_are_open = threading.Event()

    def serve(server: socket.socket) -> None:
        clients = []
        with ExitStack() as all_of_them:
            for n in range(HELLOS + 1):
                client = all_of_them.enter_context(server.accept()[0])
                client.settimeout(PATIENCE)
                shake(client)
                clients.append(client)
                if n == HELLOS:
                    # The first has been open for long; the last waits until that one has shown that it lives.
                    clients[0].sendall(PING)
                    pongs.append(clients[0].recv(PONG_SIZE))
                client.sendall(WELCOME)
            all_are_open.wait(PATIENCE)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, args=[server])
        thread.start()
        config = {"port": server.getsockname()[1], "paths": ["/"], "token": "none", "count": HELLOS + 1}
        opened = subscribed(config)
        all_are_open.set()
        thread.join()

    assert [pong[:2] for pong in pongs] == [b"\x8a\x80"]
    assert all(subscriber.welcomed for subscriber in opened)
    for subscriber in opened:
        subscriber.socket.close()


def test_what_did_not_come_to_a_socket_that_is_not_timed_is_missed() -> None:
    timed_of, count, lost = 3, 7, 4
    frame = f'{{"text":"{mark(5)} hello"}}'.encode()
    event = bytes([0x81, len(frame)]) + frame
    all_are_open = threading.Event()

    def serve(server: socket.socket) -> None:
        with ExitStack() as all_of_them:
            clients = [all_of_them.enter_context(server.accept()[0]) for _ in range(count)]
            for client in clients:
                shake(client)
                client.sendall(WELCOME)
            all_are_open.wait(PATIENCE)
            for n, client in enumerate(clients):
                if n != lost:
                    client.sendall(event)
            # Until the other end has closed.
            for client in clients:
                client.recv(1)

    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        thread = threading.Thread(target=serve, args=[server])
        thread.start()
        config = {"port": server.getsockname()[1], "paths": ["/"], "token": "none", "count": count}
        opened = subscribed(config)
        all_are_open.set()
        silent, _ = bench = socket.socketpair()
        arrivals = Arrivals(opened, timed_of, silent.fileno())
        deadline = time.monotonic() + PATIENCE
        while arrivals.counts[5] < count - 1 and time.monotonic() < deadline:
            arrivals.wait(0.1)
        for one in (*bench, *(subscriber.socket for subscriber in opened)):
            one.close()
        thread.join()

    assert arrivals.counts == {5: count - 1}
    assert len(arrivals.times[5]) == len(opened[::timed_of])
    assert arrivals.lost == 0
