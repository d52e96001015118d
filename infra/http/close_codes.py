"""Why a socket ends, and whether its client may come back."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Close:
    """One way to end: the code on the wire, its reason, and whether a client should reconnect."""

    code: int
    reason: str
    reconnect: bool


GOING_AWAY = Close(1012, "the server restarts", reconnect=True)
OVERLOADED = Close(1013, "too many connections; try again later", reconnect=True)
BAD_MESSAGE = Close(4400, "a message was not understood", reconnect=False)
UNAUTHENTICATED = Close(4401, "no valid token, or it has ended", reconnect=False)
NO_ACCESS = Close(4403, "access was taken away", reconnect=False)
NOT_FOUND = Close(4404, "no such project", reconnect=False)
NEW_EPOCH = Close(4409, "the log was restored; begin anew", reconnect=True)
TOO_SLOW = Close(4408, "too slow; resume from the last position", reconnect=True)
BROKEN = Close(1011, "something went wrong here", reconnect=True)

ALL = (
    GOING_AWAY,
    OVERLOADED,
    BAD_MESSAGE,
    UNAUTHENTICATED,
    NO_ACCESS,
    NOT_FOUND,
    NEW_EPOCH,
    TOO_SLOW,
    BROKEN,
)
