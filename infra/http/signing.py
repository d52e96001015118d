"""Short-lived signed addresses, for what a browser fetches without a header: pictures and downloads."""

import hmac
from collections.abc import Callable
from hashlib import sha256
from typing import Final
from urllib.parse import urlencode

from domain.errors import NotFound

LIFETIME: Final = 300
"""Seconds that an address lives; whoever it was made for must still have the right when it is used."""


class Signer:
    """Signs addresses for a user, and verifies them.

    The user is in the address: a right that was taken away is gone from it too.
    """

    def __init__(self, secret: str, now: Callable[[], float]) -> None:
        self._key = hmac.digest(secret.encode(), b"decklog signed addresses", sha256)
        self._now = now

    def signed(self, path: str, user: str) -> tuple[str, int]:
        """Return a path with a signature, and when it ends, in seconds since 1970."""
        until = int(self._now()) + LIFETIME
        query = urlencode({"for": user, "exp": until, "sig": self._signature(path, user, until)})
        return f"{path}?{query}", until

    def user(self, path: str, user: str, until: str, signature: str) -> str:
        """Verify the parts of a signed address and return whom it was made for.

        Raises:
            NotFound: it is not one of ours, or has ended.
        """
        if not until.isascii() or not until.isdigit() or len(until) > 12:  # noqa: PLR2004 - seconds till the year 33658
            raise NotFound("no such asset")
        wanted = self._signature(path, user, int(until))
        if not hmac.compare_digest(wanted.encode(), signature.encode()) or int(until) <= self._now():
            raise NotFound("no such asset, or its address has ended")
        return user

    def _signature(self, path: str, user: str, until: int) -> str:
        said = f"{path}\n{until}\n{user}".encode()
        return hmac.new(self._key, said, sha256).hexdigest()
