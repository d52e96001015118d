"""Which tokens are refused although their signature is right: as a process knows it."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revocation:
    """One token (`jti`), or all of a user's that were issued before a moment, in seconds since 1970."""

    jti: str | None
    user: str | None
    issued_before: float
    expires: float


class Revocations:
    """The revocations that a process has heard of."""

    def __init__(self) -> None:
        self._tokens: dict[str, float] = {}
        self._users: dict[str, tuple[float, float]] = {}
        # How many were heard of that were not known before: whoever looks after very many sockets compares it.
        self.heard = 0
        self._watchers: set[Callable[[], None]] = set()

    def watch(self, told: Callable[[], None]) -> Callable[[], None]:
        """Call something after more was heard of; what is returned ends it."""
        self._watchers.add(told)
        return lambda: self._watchers.discard(told)

    def revoked(self, user: str, jti: str | None, issued: float) -> bool:
        """Tell whether a token is refused. One that does not say when it was issued counts as old."""
        if not self._tokens and not self._users:
            return False
        before = self._users.get(user)
        return (before is not None and issued < before[0]) or (jti is not None and jti in self._tokens)

    def add(self, revocations: Iterable[Revocation]) -> None:
        """Hear of more; one that is known already changes nothing."""
        known_before = self.heard
        for revocation in revocations:
            if revocation.jti is not None:
                if revocation.jti not in self._tokens:
                    self.heard += 1
                self._tokens[revocation.jti] = revocation.expires
            elif revocation.user is not None:
                known = self._users.get(revocation.user)
                if known is None or known[0] < revocation.issued_before:
                    self._users[revocation.user] = (revocation.issued_before, revocation.expires)
                    self.heard += 1
        if self.heard != known_before:
            for told in tuple(self._watchers):
                told()

    def forget_ended(self, now: float) -> None:
        """Forget what speaks only of tokens that have ended by themselves."""
        self._tokens = {jti: end for jti, end in self._tokens.items() if end > now}
        self._users = {user: known for user, known in self._users.items() if known[1] > now}
