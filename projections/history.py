"""History needs no rows of its own: it is the log, told in the public catalogue's words."""

from collections.abc import Iterable, Sequence
from typing import Any

import orjson

from domain.catalogue import public_event
from domain.events import Recorded
from projections.ports import Personal

__all__ = ["Recorded", "ndjson", "told"]


async def told(events: Iterable[Recorded], personal: Personal) -> Sequence[dict[str, Any]]:
    """Describe events to a reader, with what is personal in them as far as it still can be told.

    Raises:
        Unavailable: that cannot be found out now.
    """
    public = [public_event(e, sealed=True) for e in events]
    await personal.reveal(public)
    return public


def ndjson(public: Iterable[dict[str, Any]]) -> bytes:
    """Render public events as lines of JSON."""
    return b"".join(orjson.dumps(e, option=orjson.OPT_APPEND_NEWLINE) for e in public)
