"""Who may open a live socket here, before anything is asked of a server."""

from collections import Counter
from uuid import UUID

from infra.http import close_codes
from infra.http.auth import Authenticator, Principal, Unauthenticated
from infra.http.close_codes import Close
from infra.http.sockets import Ended
from infra.settings import Settings
from read_api.live.connection import LiveSocket
from read_api.live.handshake import Asked

POSITION_DIGITS = 18


class Admission:
    """Counts sockets by process, user and address; 0 as a limit of the latter two means none."""

    def __init__(self, settings: Settings) -> None:
        self._origins = frozenset(settings.cors_origins)
        self._all = settings.ws_max_connections
        self._per_user = settings.ws_max_per_user
        self._per_address = settings.ws_max_per_ip
        self._users: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self.count = 0

    def let_in(self, socket: LiveSocket, asked: Asked, authenticator: Authenticator) -> int | None:
        """Check a request, count its socket, and return the position that it begins at; None: from now on.

        Raises:
            Ended: it may not.
        """
        if not asked.from_page_of(self._origins):
            raise Ended(close_codes.BAD_ORIGIN)
        if self.count >= self._all:
            raise Ended(close_codes.OVERLOADED.because("too many connections; try again later"))
        principal = verified(authenticator, asked.token)
        try:
            project_id = UUID(asked.project)
        except ValueError:
            raise Ended(close_codes.NOT_FOUND) from None
        after = _after(asked)
        if self._per_user and self._users[principal.user] >= self._per_user:
            raise Ended(close_codes.TOO_MANY.because(f"one user may have {self._per_user} sockets here"))
        if self._per_address and self._addresses[socket.address] >= self._per_address:
            raise Ended(
                close_codes.TOO_MANY.because(f"one address may have {self._per_address} sockets here")
            )
        socket.principal, socket.project_id = principal, project_id
        self.count += 1
        self._users[principal.user] += 1
        self._addresses[socket.address] += 1
        return after

    def let_out(self, socket: LiveSocket) -> None:
        """Count a socket no more that was let in."""
        self.count -= 1
        for counter, name in ((self._users, socket.user), (self._addresses, socket.address)):
            counter[name] -= 1
            if counter[name] <= 0:
                del counter[name]


def verified(authenticator: Authenticator, token: str | None) -> Principal:
    """Verify a token, with its scheme.

    Raises:
        Ended: it is missing or not valid.
    """
    try:
        return authenticator.authorization(token)
    except Unauthenticated:
        raise Ended(close_codes.UNAUTHENTICATED) from None


def _after(asked: Asked) -> int | None:
    after = asked.query.get("after")
    if after is None:
        return None
    if not (after.isascii() and after.isdigit() and len(after) <= POSITION_DIGITS):
        raise Ended(BAD_AFTER)
    return int(after)


BAD_AFTER: Close = close_codes.BAD_MESSAGE.because("`after` must be a position")
