"""Request bodies, read up to their limit."""

from starlette.requests import ClientDisconnect, Request

from domain.errors import Invalid
from infra.http.problems import PayloadTooLarge


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body may have at most {limit:,} bytes", limit=limit)


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes.

    Raises:
        PayloadTooLarge: it is larger; what is over the limit is not read.
        Invalid: its length is not a number, or the client left before it was complete.
    """
    announced = request.headers.get("content-length")
    if announced is not None:
        if not announced.isdigit():
            raise Invalid.at("Content-Length", "must be a number")
        if int(announced) > limit:
            raise _too_large(limit)
    chunks: list[bytes] = []
    size = 0
    try:
        if announced is not None:
            return await request.body()
        async for chunk in request.stream():
            size += len(chunk)
            if size > limit:
                raise _too_large(limit)
            chunks.append(chunk)
    except ClientDisconnect:
        # Nobody hears it: it ends the request without an alarm.
        raise Invalid.at("body", "ended before it was complete") from None
    return b"".join(chunks)
