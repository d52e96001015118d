"""Frames and handshakes, judged by the `websockets` library as the other side."""

import random
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.client import ClientProtocol
from websockets.extensions.permessage_deflate import ClientPerMessageDeflateFactory
from websockets.frames import Frame, Opcode
from websockets.http11 import Response
from websockets.protocol import State
from websockets.typing import Subprotocol
from websockets.uri import parse_uri

from infra.http.sockets import Ended
from read_api.live.frames import CLOSE, PING, PING_FRAME, TEXT, Message, close_frame, deflated, pong_frame
from read_api.live.handshake import REFUSED, agreed, asked
from read_api.live.incoming import MESSAGE_LIMIT, Incoming

PATH = "/api/projects/5cb2a1a6-0000-4000-8000-000000000000/live"
THRESHOLD = 1_024


def shaken(*, deflate: bool) -> ClientProtocol:
    """Return the client's side after a handshake with ours."""
    client = ClientProtocol(
        parse_uri(f"ws://host{PATH}?after=7"),
        origin=None,
        subprotocols=[Subprotocol("decklog.v1"), Subprotocol("bearer.x.y")],
        extensions=[ClientPerMessageDeflateFactory(server_max_window_bits=12)] if deflate else None,
    )
    request = client.connect()
    headers = [(k.encode(), v.encode()) for k, v in request.headers.raw_items()]
    found = asked("GET", request.path.encode(), headers)
    assert found is not None
    assert (found.token, found.query, found.extension is not None) == ("Bearer x.y", {"after": "7"}, deflate)
    client.send_request(request)
    client.data_to_send()
    client.receive_data(found.answer)
    [response] = client.events_received()
    assert isinstance(response, Response)
    assert client.handshake_exc is None
    assert client.subprotocol == "decklog.v1"
    assert client.state is State.OPEN
    return client


@pytest.mark.parametrize("deflate", [False, True])
@pytest.mark.parametrize("size", [0, 1, 125, 126, 1_023, 1_024, 65_535, 65_536, 200_000])
def test_a_client_reads_what_was_framed_once(size: int, deflate: bool) -> None:  # noqa: FBT001
    client = shaken(deflate=deflate)
    payload = ("ä quite repetitive text, " * (size // 24 + 1)).encode()[:size].decode("utf-8", "ignore")
    message = Message(payload.encode(), THRESHOLD)
    # Twice the same bytes: nothing may depend on what came before.
    client.receive_data(message.wire(deflate=deflate) * 2 + PING_FRAME + pong_frame(b"x"))
    seen = client.events_received()
    assert [f.opcode for f in seen if isinstance(f, Frame)] == [1, 1, Opcode.PING, Opcode.PONG]
    assert [bytes(f.data).decode() for f in seen if isinstance(f, Frame)][:2] == [payload] * 2
    smaller = len(message.compressed) < len(message.plain)
    assert smaller == (len(payload.encode()) >= THRESHOLD)


def test_what_does_not_get_smaller_is_sent_as_it_is() -> None:
    message = Message(random.Random(1).randbytes(5_000), THRESHOLD)  # noqa: S311 - no secret
    assert message.compressed is message.plain


def test_a_close_frame_says_code_and_reason_and_fits() -> None:
    client = shaken(deflate=False)
    client.receive_data(close_frame(4403, "ä" * 200))
    assert client.close_rcvd is not None
    assert (client.close_rcvd.code, client.close_rcvd.reason) == (4403, "ä" * 61)


@pytest.mark.parametrize(
    ("offers", "answer"),
    [
        ("", None),
        ("permessage-bzip2", None),
        ("permessage-deflate", "permessage-deflate; server_no_context_takeover; client_no_context_takeover"),
        (
            "permessage-deflate; server_max_window_bits=9, permessage-deflate; client_max_window_bits",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover",
        ),
        (
            "permessage-deflate; server_max_window_bits=15",
            "permessage-deflate; server_no_context_takeover; client_no_context_takeover; server_max_window_bits=12",
        ),
        ("permessage-deflate; server_max_window_bits=9", None),
        ("permessage-deflate; server_max_window_bits", None),
        ("permessage-deflate; client_max_window_bits=99", None),
        ("permessage-deflate; unknown=1", None),
        ("permessage-deflate; server_no_context_takeover=1", None),
        ("permessage-deflate; client_max_window_bits; client_max_window_bits=9", None),
    ],
)
def test_compression_is_agreed_to_only_as_it_is_done(offers: str, answer: str | None) -> None:
    assert agreed(offers) == answer


@pytest.mark.parametrize("missing", ["sec-websocket-key", "sec-websocket-version"])
def test_what_is_no_websocket_is_refused(missing: str) -> None:
    headers = {"sec-websocket-key": "dGhlIHNhbXBsZSBub25jZQ==", "sec-websocket-version": "13", "host": "h"}
    del headers[missing]
    found = asked("GET", PATH.encode(), [(k.encode(), v.encode()) for k, v in headers.items()])
    assert found is not None
    assert found.answer == REFUSED


@pytest.mark.parametrize(
    "path", ["/api/commands/socket", "/api/projects//live", "/api/projects/a/b/live", "/live", "/"]
)
def test_other_paths_are_none_of_ours(path: str) -> None:
    assert asked("GET", path.encode(), []) is None


@pytest.mark.parametrize(
    ("origin", "allowed"),
    [
        (None, True),
        ("http://decks.example:8002", True),
        ("http://DECKS.example:8002", True),
        ("https://app.example", True),
        ("https://evil.example", False),
        ("http://decks.example", False),
        ("null", False),
    ],
)
def test_pages_of_other_origins_are_told_apart(origin: str | None, allowed: bool) -> None:  # noqa: FBT001
    headers = [(b"host", b"decks.example:8002"), *([(b"origin", origin.encode())] if origin else [])]
    found = asked("GET", PATH.encode(), headers)
    assert found is not None
    assert found.from_page_of({"https://app.example"}) is allowed


def masked(first: int, payload: bytes, mask: bytes = b"\x01\x02\x03\x04") -> bytes:
    size = len(payload)
    head = bytes((first, 0x80 | size)) if size < 126 else bytes((first, 0x80 | 127)) + size.to_bytes(8)
    return head + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload))


@given(st.lists(st.text(max_size=300), max_size=5), st.data())
def test_messages_come_whole_however_they_are_cut(texts: list[str], data: st.DataObject) -> None:
    stream, wanted = b"", []
    for text in texts:
        whole = text.encode()
        cut = data.draw(st.integers(0, len(whole)))
        stream += masked(0x01, whole[:cut]) + masked(0x89, b"hi") + masked(0x80, whole[cut:])
        wanted += [(PING, b"hi"), (TEXT, whole)]
    incoming, found = Incoming(deflate=False), []
    while stream:
        n = data.draw(st.integers(1, len(stream)))
        found += list(incoming.feed(stream[:n]))
        stream = stream[n:]
    assert found == wanted


def test_compressed_messages_are_read() -> None:
    payload = b'{"type":"ping"}' * 50
    assert list(Incoming(deflate=True).feed(masked(0xC1, deflated(payload)))) == [(TEXT, payload)]


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bytes((0x81, 0x01)) + b"x", 1002),
        (masked(0xC1, b"x"), 1002),
        (masked(0x91, b"x"), 1002),
        (masked(0x83, b"x"), 1002),
        (masked(0x80, b"x"), 1002),
        (masked(0x01, b"x") + masked(0x81, b"x"), 1002),
        (masked(0x09, b"x"), 1002),
        (masked(0x89, b"x" * 126), 1002),
        (masked(0x8B, b""), 1002),
        (masked(0x88, b"\x03"), 1002),
        (masked(0x88, (1005).to_bytes(2)), 1002),
        (masked(0x88, (1000).to_bytes(2) + b"\xff"), 1007),
        (masked(0x81, b"\xff\xfe"), 1007),
        (bytes((0x81, 0x80 | 127)) + (1 << 40).to_bytes(8), 1009),
        (masked(0x01, b"x" * MESSAGE_LIMIT) + masked(0x80, b"x"), 1009),
    ],
)
@pytest.mark.parametrize("step", [1, 70_000])
def test_what_breaks_the_protocol_has_its_code(data: bytes, code: int, step: int) -> None:
    incoming = Incoming(deflate=False)
    step = step if len(data) < 1_000 else 70_000
    pieces = [data[at : at + step] for at in range(0, len(data), step)]
    with pytest.raises(Ended) as ended:
        _ = [list(incoming.feed(piece)) for piece in pieces]
    assert ended.value.close.code == code


def test_a_small_message_that_grows_is_not_unpacked() -> None:
    squeeze = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = squeeze.compress(b"\0" * 50_000_000) + squeeze.flush(zlib.Z_SYNC_FLUSH)
    with pytest.raises(Ended) as ended:
        list(Incoming(deflate=True).feed(masked(0xC1, bomb[:-4])))
    assert ended.value.close.code == 1009
    assert CLOSE == 8
