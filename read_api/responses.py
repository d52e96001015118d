"""How documents and lists are answered."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

import orjson
from starlette.requests import Request
from starlette.responses import Response

from infra.http.raw import Answer, header

NOT_MODIFIED = 304
POSITION = "X-Decklog-Position"
_POSITION = POSITION.lower().encode()
# What a read answers depends on who asks: shared caches keep nothing.
PRIVATE = "private, no-cache"
# What was at a position never changes within an epoch: the asker's own cache may keep it for some minutes.
SETTLED = "private, max-age=300, immutable"


# What comes with the product is the same for everybody: a cache at the edge may keep it, and answer with it
# while it asks whether it still holds.
PUBLIC = "public, max-age=86400, stale-while-revalidate=604800"


class Responder:
    """Builds answers with their position and ETag."""

    def __init__(self, epoch: UUID) -> None:
        self._epoch = epoch.hex[:8]

    def answer(
        self,
        request: Request,
        body: bytes,
        position: int,
        tag: str,
        *,
        settled: bool = False,
        public: bool = False,
    ) -> Response:
        """Answer a body, or 304 if the caller has it.

        `settled` is what can never change, `public` what is the same for everybody.
        """
        etag = f'W/"{self._epoch}-{tag}"'
        headers = {_POSITION: str(position), b"etag": etag, b"cache-control": PRIVATE}
        if settled:
            headers |= {b"cache-control": SETTLED, b"vary": "Authorization"}
        elif public:
            headers[b"cache-control"] = PUBLIC
        asked = header(request.scope, b"if-none-match")
        if asked is not None and etag in (part.strip() for part in asked.split(",")):
            return Answer(b"", headers, NOT_MODIFIED)
        return Answer(body, headers)

    def page(
        self, request: Request, items: Sequence[Any], next_cursor: str | None, position: int
    ) -> Response:
        """Answer a page that is not cached here."""
        body = page_body(items, next_cursor)
        return self.answer(request, body, position, body_tag(body))


def body_tag(body: bytes) -> str:
    """Return a tag that stands for these bytes."""
    return sha256(body).hexdigest()[:16]


def page_body(items: Sequence[Any], next_cursor: str | None) -> bytes:
    """Render a page; instants in it are in UTC."""
    return orjson.dumps({"items": items, "next_cursor": next_cursor}, option=orjson.OPT_UTC_Z)
