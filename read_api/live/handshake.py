"""How an HTTP request becomes a live WebSocket (RFC 6455, section 4; RFC 7692, section 7)."""

import base64
import binascii
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl, unquote

from infra.http.sockets import BEARER, PROTOCOL, is_from_page_of
from read_api.live.frames import WINDOW_BITS

PREFIX, SUFFIX = "/api/projects/", "/live"
ACCEPT = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_SIZE = 16
VERSION = "13"
DEFLATE = "permessage-deflate"
_NO_TAKEOVER = ("server_no_context_takeover", "client_no_context_takeover")
_SERVER_WINDOW, _CLIENT_WINDOW = "server_max_window_bits", "client_max_window_bits"
_BITS = frozenset(str(n) for n in range(8, 16))
REFUSED = (
    b"HTTP/1.1 400 Bad Request\r\nContent-Type: text/plain\r\nContent-Length: 16\r\nConnection: close\r\n"
    b"Sec-WebSocket-Version: 13\r\n\r\nNot a WebSocket."
)


@dataclass(frozen=True, slots=True)
class Asked:
    """What a client asks for: all that is wanted of its request's head."""

    project: str
    query: dict[str, str]
    protocols: Sequence[str]
    authorization: str | None
    origin: str | None
    host: str
    accept: bytes | None
    # The extension as it is agreed to, None without compression.
    extension: str | None

    @property
    def token(self) -> str | None:
        """The `Authorization` header, or what stands for it among the subprotocols: a browser can send no header."""
        token = next((p.removeprefix(BEARER) for p in self.protocols if p.startswith(BEARER)), None)
        return f"Bearer {token}" if token else self.authorization

    @property
    def answer(self) -> bytes:
        """The head of the answer; nothing was asked rightly if it is `REFUSED`."""
        if self.accept is None:
            return REFUSED
        lines = [
            b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            b"Sec-WebSocket-Accept: " + self.accept
        ]
        if PROTOCOL in self.protocols:
            lines.append(b"Sec-WebSocket-Protocol: " + PROTOCOL.encode())
        if self.extension is not None:
            lines.append(b"Sec-WebSocket-Extensions: " + self.extension.encode())
        return b"\r\n".join(lines) + b"\r\n\r\n"

    def from_page_of(self, origins: Iterable[str]) -> bool:
        """Tell whether the request comes from no page, one of this host, or one of these origins."""
        return is_from_page_of(self.origin, self.host, origins)


def live_project(path: str) -> str | None:
    """Return what stands for the project in the path of a live socket; None for other paths."""
    if not path.startswith(PREFIX) or not path.endswith(SUFFIX):
        return None
    project = path[len(PREFIX) : -len(SUFFIX)]
    return project if project and "/" not in project else None


def asked(method: str, url: bytes, headers: Sequence[tuple[bytes, bytes]]) -> Asked | None:
    """Read the head of a request for an upgrade; None: it is for no live socket."""
    path, _, query = url.decode("latin-1").partition("?")
    project = live_project(unquote(path))
    if project is None:
        return None
    found: dict[str, str] = {}
    for raw, value in headers:
        name = raw.decode("latin-1").lower()
        told = value.decode("latin-1").strip()
        found[name] = f"{found[name]}, {told}" if name in found else told
    return Asked(
        project=project,
        query=dict(parse_qsl(query, keep_blank_values=True)),
        protocols=[p.strip() for p in found.get("sec-websocket-protocol", "").split(",")],
        authorization=found.get("authorization"),
        origin=found.get("origin"),
        host=found.get("host", ""),
        accept=_accept(found.get("sec-websocket-key", "")) if _is_websocket(method, found) else None,
        extension=agreed(found.get("sec-websocket-extensions", "")),
    )


def _is_websocket(method: str, headers: dict[str, str]) -> bool:
    return method == "GET" and headers.get("sec-websocket-version") == VERSION


def _accept(key: str) -> bytes | None:
    try:
        nonce = base64.b64decode(key, validate=True)
    except (ValueError, binascii.Error):
        return None
    if len(nonce) != KEY_SIZE:
        return None
    # SHA-1 is what the protocol asks for; nothing is kept secret by it.
    return base64.b64encode(hashlib.sha1(key.encode() + ACCEPT, usedforsecurity=False).digest())


def agreed(offers: str) -> str | None:
    """Return the first offer of compression that can be met without keeping anything between messages."""
    for offer in offers.split(","):
        name, *said = (part.strip() for part in offer.split(";"))
        if name.lower() != DEFLATE:
            continue
        parameters: dict[str, str | None] = {}
        for one in said:
            key, equals, value = one.partition("=")
            parameters[key.strip().lower()] = value.strip().strip('"') if equals else None
        if len(parameters) == len(said) and _possible(parameters):
            window = [f"{_SERVER_WINDOW}={WINDOW_BITS}"] if _SERVER_WINDOW in parameters else []
            return "; ".join([DEFLATE, *_NO_TAKEOVER, *window])
    return None


def _possible(parameters: dict[str, str | None]) -> bool:
    for name, value in parameters.items():
        if name in _NO_TAKEOVER:
            if value is not None:
                return False
        elif name == _SERVER_WINDOW:
            if value not in _BITS or int(value) < WINDOW_BITS:
                return False
        elif name != _CLIENT_WINDOW or (value is not None and value not in _BITS):
            return False
    return True
