"""Why a socket ends, and whether its client may come back: one table for both APIs, their clients and the docs."""

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Close:
    """One way to end: the code on the wire, its reason, and whether a client should reconnect."""

    code: int
    reason: str
    reconnect: bool

    def because(self, reason: str) -> "Close":
        """Return the same with a reason that says more."""
        return replace(self, reason=reason)


BAD_TEXT = Close(1007, "a text was no UTF-8", reconnect=False)
BAD_FRAME = Close(1002, "a frame broke the WebSocket protocol", reconnect=False)
TOO_BIG = Close(1009, "a message was too big", reconnect=False)
BROKEN = Close(1011, "something went wrong here, or a ping was not answered", reconnect=True)
GOING_AWAY = Close(1012, "the server restarts", reconnect=True)
OVERLOADED = Close(1013, "too many connections, or too slow: resume from the last position", reconnect=True)
BAD_MESSAGE = Close(4400, "a message was not understood", reconnect=False)
UNAUTHENTICATED = Close(4401, "no valid token, or it has ended", reconnect=False)
NO_ACCESS = Close(4403, "access was taken away", reconnect=False)
NOT_FOUND = Close(4404, "no such project", reconnect=False)
BAD_ORIGIN = Close(4406, "pages of this origin may not connect", reconnect=False)
NEW_EPOCH = Close(4409, "the log was restored; begin anew", reconnect=True)
TOO_MANY = Close(4429, "too many connections of this user or address", reconnect=True)

# What some of them say more exactly; the code and what it means for a client are the same.
NO_ANSWER = BROKEN.because("a ping was not answered")
TOO_SLOW = OVERLOADED.because("too slow; resume from the last position")

ALL = (
    BAD_FRAME,
    BAD_TEXT,
    TOO_BIG,
    BROKEN,
    GOING_AWAY,
    OVERLOADED,
    BAD_MESSAGE,
    UNAUTHENTICATED,
    NO_ACCESS,
    NOT_FOUND,
    BAD_ORIGIN,
    NEW_EPOCH,
    TOO_MANY,
)
