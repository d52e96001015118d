"""Who may open a live socket here, before anything is asked of a server; streams of server-sent events count too."""

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import UUID

from infra.http import close_codes
from infra.http.auth import Authenticator, Principal, Unauthenticated
from infra.http.crowd import Crowd
from infra.http.errors import Unavailable
from infra.http.sockets import Ended
from infra.settings import Settings
from read_api.live.connection import LiveSocket
from read_api.live.handshake import Asked

POSITION_DIGITS = 18
BAD_AFTER = close_codes.BAD_MESSAGE.because("`after` must be a position")


class Admission:
    """Checks whoever asks, and counts whom it lets in."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins)
        self._crowd = Crowd(settings)
        self.streams = 0

    def let_in(self, socket: LiveSocket, asked: Asked, authenticator: Authenticator) -> int | None:
        """Check a request, count its socket, and return the position that it begins at; None: from now on.

        Raises:
            Ended: it may not.
        """
        if not asked.from_page_of(self._origins):
            raise Ended(close_codes.BAD_ORIGIN)
        self._crowd.require_room()
        principal = verified(authenticator, asked.token)
        try:
            project_id = UUID(asked.project)
        except ValueError:
            raise Ended(close_codes.NOT_FOUND) from None
        after = _after(asked)
        self._crowd.let_in(principal.user, socket.address)
        socket.principal, socket.project_id = principal, project_id
        return after

    def let_out(self, socket: LiveSocket) -> None:
        """Count a socket no more that was let in."""
        self._crowd.let_out(socket.user, socket.address)

    @contextmanager
    def stream(self, user: str, address: str) -> Iterator[None]:
        """Count a stream of server-sent events as long as it lasts.

        Raises:
            Unavailable: there are too many connections.
        """
        try:
            self._crowd.require_room()
            self._crowd.let_in(user, address)
        except Ended as full:
            raise Unavailable(full.close.reason) from None
        self.streams += 1
        try:
            yield
        finally:
            self.streams -= 1
            self._crowd.let_out(user, address)


def verified(authenticator: Authenticator, token: str | None) -> Principal:
    """Verify a token, with its scheme.

    Raises:
        Ended: it is missing or not valid, or that cannot be told now.
    """
    try:
        return authenticator.authorization(token)
    except Unauthenticated:
        raise Ended(close_codes.UNAUTHENTICATED) from None
    except Unavailable:
        raise Ended(close_codes.OVERLOADED.because("tokens cannot be verified now; try again")) from None


def _after(asked: Asked) -> int | None:
    after = asked.query.get("after")
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= POSITION_DIGITS):
        raise Ended(BAD_AFTER)
    return int(after)
