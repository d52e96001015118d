"""Request bodies, read up to their limit."""

from typing import Final

from starlette.requests import Request

from domain.errors import Invalid
from infra.http.fields import Fields, text_of
from infra.http.problems import PayloadTooLarge

_LENGTH: Final = b"content-length"
_PART: Final = "http.request"


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body may have at most {limit:,} bytes", limit=limit)


async def read_body(request: Request, limit: int, fields: Fields | None = None) -> bytes:
    """Read a body of at most `limit` bytes. `fields` are the request's, for whoever has read them already.

    Raises:
        PayloadTooLarge: it is larger; what is over the limit is not read.
        Invalid: its length is not a number, or the client left before it was complete.
    """
    announced = request.headers.get("content-length") if fields is None else text_of(fields, _LENGTH)
    if announced is not None:
        if not announced.isdigit():
            raise Invalid.at("Content-Length", "must be a number")
        if int(announced) > limit:
            raise _too_large(limit)
    receive = request.receive
    chunks: list[bytes] = []
    size = 0
    more = True
    while more:
        message = await receive()
        if message["type"] != _PART:
            # Nobody hears it: it ends the request without an alarm.
            raise Invalid.at("body", "ended before it was complete")
        more = message.get("more_body", False)
        chunk: bytes = message.get("body", b"")
        if not more and not chunks:
            return _within(chunk, len(chunk), limit)
        size += len(chunk)
        chunks.append(_within(chunk, size, limit))
    return b"".join(chunks)


def _within(chunk: bytes, size: int, limit: int) -> bytes:
    if size > limit:
        raise _too_large(limit)
    return chunk
