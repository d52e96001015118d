"""How many sockets a process has: in all, of one user, of one address."""

from collections import Counter

from infra.http import close_codes
from infra.http.sockets import Ended
from infra.settings import Settings


class Crowd:
    """Counts sockets; 0 as a limit of a user's or an address's means none."""

    def __init__(self, settings: Settings) -> None:
        self._all = settings.ws_max_connections
        self._per_user = settings.ws_max_per_user
        self._per_address = settings.ws_max_per_ip
        self._users: Counter[str] = Counter()
        self._addresses: Counter[str] = Counter()
        self.count = 0

    def require_room(self) -> None:
        """Check that there is room for anybody; before a token is verified, which costs more.

        Raises:
            Ended: there is none.
        """
        if self.count >= self._all:
            raise Ended(close_codes.OVERLOADED.because("too many connections; try again later"))

    def let_in(self, user: str, address: str) -> None:
        """Count a socket.

        Raises:
            Ended: the user or the address has too many.
        """
        if self._per_user and self._users[user] >= self._per_user:
            raise Ended(close_codes.TOO_MANY.because(f"one user may have {self._per_user} sockets here"))
        if self._per_address and self._addresses[address] >= self._per_address:
            raise Ended(
                close_codes.TOO_MANY.because(f"one address may have {self._per_address} sockets here")
            )
        self.count += 1
        self._users[user] += 1
        self._addresses[address] += 1

    def let_out(self, user: str, address: str) -> None:
        """Count a socket no more that was let in."""
        self.count -= 1
        for counter, name in ((self._users, user), (self._addresses, address)):
            counter[name] -= 1
            if counter[name] <= 0:
                del counter[name]
