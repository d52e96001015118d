"""The account that the servers run as when the supervisor is root (PostgreSQL refuses to be root)."""

import os
import pwd
from dataclasses import dataclass
from typing import Self

from infra.embedded.errors import EmbeddedError

ROOT = 0
# An administrator who wants the servers apart from other daemons makes an account of this name.
_PREFERRED = ("decklog", "nobody")


@dataclass(frozen=True)
class Account:
    """An unprivileged account of this machine."""

    name: str
    uid: int
    gid: int

    @classmethod
    def of_uid(cls, uid: int, gid: int) -> Self:
        """Make the account of a user id, which need not have a name."""
        try:
            return cls(name=pwd.getpwuid(uid).pw_name, uid=uid, gid=gid)
        except KeyError:
            return cls(name=f"uid {uid}", uid=uid, gid=gid)


def server_account() -> Account | None:
    """Choose the account for new servers: None (stay who we are) unless we are root.

    Raises:
        EmbeddedError: We are root and this machine has no unprivileged account that we know.
    """
    if os.geteuid() != ROOT:
        return None
    for name in _PREFERRED:
        try:
            entry = pwd.getpwnam(name)
        except KeyError:
            continue
        if entry.pw_uid != ROOT:
            return Account(name=name, uid=entry.pw_uid, gid=entry.pw_gid)
    raise EmbeddedError(
        "PostgreSQL does not run as root, and there is neither an account `decklog` nor `nobody`: "
        "make one, or start `decklog up` as an ordinary user"
    )
