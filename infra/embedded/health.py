"""Ask a process over HTTP whether it is well."""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

_ANSWER_SECONDS = 2.0
_OK = b"200"


async def is_healthy(url: str) -> bool:
    """Tell whether a plain HTTP address answers GET with status 200 within 2 s."""
    parts = urlsplit(url)
    host, port = parts.hostname or "127.0.0.1", parts.port or 80
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    request = f"GET {target} HTTP/1.1\r\nHost: {parts.netloc}\r\nConnection: close\r\n\r\n"
    with suppress(OSError, TimeoutError, ValueError):
        async with asyncio.timeout(_ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection(host, port)
            try:
                writer.write(request.encode())
                status = (await reader.readline()).split(b" ")
                return status[0].startswith(b"HTTP/") and status[1:2] == [_OK]
            finally:
                writer.close()
    return False
