"""What both sockets share: how one is opened, and whether to come back after it was closed."""

from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidHandshake
from websockets.typing import Subprotocol

from decklog.errors import SocketEnded, Unreachable
from decklog.tokens import Tokens
from infra.http import close_codes

_FINAL: Final = {close.code for close in close_codes.ALL if not close.reconnect}
_LARGEST = 1 << 26


async def opened(url: str, token: str, *, timeout: float, trust_env: bool) -> ClientConnection:  # noqa: ASYNC109 - it is the library's own
    """Open a socket.

    Raises:
        Unreachable: there is no server, or none that wants one now.
    """
    try:
        return await connect(
            url.replace("http", "ws", 1),
            subprotocols=[Subprotocol("decklog.v1"), Subprotocol(f"bearer.{token}")],
            proxy=True if trust_env else None,
            open_timeout=timeout,
            max_size=_LARGEST,
        )
    except (OSError, InvalidHandshake, TimeoutError, EOFError) as error:
        raise Unreachable(f"{url}: {error or type(error).__name__}") from error


async def may_return(closed: ConnectionClosed, tokens: Tokens, token: str) -> None:
    """Return if a new socket is worth a try.

    Raises:
        SocketEnded: it would be closed like this one.
    """
    code, reason = (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd else (1006, "")
    if code == close_codes.UNAUTHENTICATED.code and await tokens.renewed(token) is not None:
        return
    if code in _FINAL:
        raise SocketEnded(code, reason) from closed
