"""Request bodies, read up to their limit."""

from starlette.requests import Request

from domain.errors import Invalid
from infra.http.problems import PayloadTooLarge


def _too_large(limit: int) -> PayloadTooLarge:
    return PayloadTooLarge(f"the body may have at most {limit:,} bytes", limit=limit)


async def read_body(request: Request, limit: int) -> bytes:
    """Read a body of at most `limit` bytes.

    Raises:
        PayloadTooLarge: it is larger; what is over the limit is not read.
        Invalid: its length is not a number.
    """
    announced = request.headers.get("content-length")
    if announced is not None:
        if not announced.isdigit():
            raise Invalid.at("Content-Length", "must be a number")
        if int(announced) > limit:
            raise _too_large(limit)
        return await request.body()
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise _too_large(limit)
        chunks.append(chunk)
    return b"".join(chunks)
