"""Which tokens are refused although their signature is right: as a process knows it."""

import asyncio
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Revocation:
    """One token (`jti`), or all of a user's that were issued before a moment, in seconds since 1970."""

    jti: str | None
    user: str | None
    issued_before: float
    expires: float


class Revocations:
    """The revocations that a process has heard of, and whose sockets have to hear of them."""

    def __init__(self) -> None:
        self._tokens: dict[str, float] = {}
        self._users: dict[str, tuple[float, float]] = {}
        self._waiting: dict[str, set[asyncio.Event]] = defaultdict(set)
        # How many were heard of that were not known before: whoever looks after very many sockets compares it.
        self.heard = 0

    def revoked(self, user: str, jti: str | None, issued: float) -> bool:
        """Tell whether a token is refused. One that does not say when it was issued counts as old."""
        if not self._tokens and not self._users:
            return False
        before = self._users.get(user)
        return (before is not None and issued < before[0]) or (jti is not None and jti in self._tokens)

    def add(self, revocations: Iterable[Revocation]) -> None:
        """Hear of more; one that is known already changes nothing."""
        for revocation in revocations:
            if revocation.jti is not None:
                if revocation.jti not in self._tokens:
                    self.heard += 1
                    self._wake_all()
                self._tokens[revocation.jti] = revocation.expires
            elif revocation.user is not None:
                known = self._users.get(revocation.user)
                if known is None or known[0] < revocation.issued_before:
                    self._users[revocation.user] = (revocation.issued_before, revocation.expires)
                    self.heard += 1
                    self._wake(revocation.user)

    def forget_ended(self, now: float) -> None:
        """Forget what speaks only of tokens that have ended by themselves."""
        self._tokens = {jti: end for jti, end in self._tokens.items() if end > now}
        self._users = {user: known for user, known in self._users.items() if known[1] > now}

    @contextmanager
    def watching(self, user: str) -> Iterator[asyncio.Event]:
        """Give an event that is set when something of a user's may have been revoked."""
        event = asyncio.Event()
        self._waiting[user].add(event)
        try:
            yield event
        finally:
            waiting = self._waiting[user]
            waiting.discard(event)
            if not waiting:
                del self._waiting[user]

    def _wake(self, user: str) -> None:
        for event in self._waiting.get(user, ()):
            event.set()

    def _wake_all(self) -> None:
        # Whose token it is, an id does not tell.
        for user in self._waiting:
            self._wake(user)
