"""History needs no rows of its own: it is the log, told in the public catalogue's words."""

from collections.abc import Iterable

import orjson

from domain.catalogue import public_event
from domain.events import Recorded

__all__ = ["Recorded", "ndjson", "public_event"]


def ndjson(events: Iterable[Recorded]) -> bytes:
    """Render events as lines of JSON."""
    return b"".join(orjson.dumps(public_event(e), option=orjson.OPT_APPEND_NEWLINE) for e in events)
