"""What the sockets of both APIs share: the subprotocol, the token in it, and how one ends."""

from collections.abc import Iterable, Sequence
from urllib.parse import urlsplit

from starlette.websockets import WebSocket

from infra.http import close_codes
from infra.http.auth import Authenticator, Principal, Unauthenticated
from infra.http.close_codes import Close

PROTOCOL = "decklog.v1"
BEARER = "bearer."


class Ended(Exception):
    """The socket is to be closed."""

    def __init__(self, close: Close) -> None:
        super().__init__(close.reason)
        self.close = close


def offered(socket: WebSocket) -> Sequence[str]:
    """Return the subprotocols that a client offers."""
    found: list[str] = socket.scope.get("subprotocols", [])
    return found


def chosen(socket: WebSocket) -> str | None:
    """Return the subprotocol to answer with."""
    return PROTOCOL if PROTOCOL in offered(socket) else None


def is_from_page_of(origin: str | None, host: str, origins: Iterable[str]) -> bool:
    """Tell whether a request comes from no page, one of this host, or one of these origins."""
    if origin is None or origin in origins:
        return True
    return bool(host) and urlsplit(origin).netloc.lower() == host.lower()


def authenticated(socket: WebSocket, authenticator: Authenticator) -> Principal:
    """Verify the token among the subprotocols (a browser can send no header), or in the header.

    Raises:
        Ended: there is no valid token.
    """
    token = next((p.removeprefix(BEARER) for p in offered(socket) if p.startswith(BEARER)), None)
    header = f"Bearer {token}" if token else socket.headers.get("authorization")
    try:
        return authenticator.authorization(header)
    except Unauthenticated:
        raise Ended(close_codes.UNAUTHENTICATED) from None
