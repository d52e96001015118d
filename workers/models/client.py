"""The HTTP client under a model: no redirects, no retries of its own, closed when the answer is there."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING

from workers.models.endpoint import Endpoint

if TYPE_CHECKING:
    from openai import AsyncOpenAI

# A protocol of bearer tokens needs one, and an endpoint without any ignores it.
_NO_KEY = "none"


@cache
def _trusted() -> ssl.SSLContext:
    """Reading the certificates takes 20 ms, so they are read once."""
    return ssl.create_default_context()


def _loaded() -> None:
    """Import what is heavy: 3 s of processor, only for who has an endpoint, and never on the loop.

    There leases are kept alive meanwhile, and other jobs go on.
    """
    for name in ("httpx2", "openai", "pydantic_ai", "pydantic_ai.models.openai"):
        import_module(name)


@asynccontextmanager
async def client_of(endpoint: Endpoint) -> AsyncIterator["AsyncOpenAI"]:
    """Speak with an endpoint. It cannot send us elsewhere: a redirect is an error like any other."""
    await asyncio.to_thread(_loaded)
    import httpx2  # noqa: PLC0415 - loaded by now
    from openai import AsyncOpenAI  # noqa: PLC0415

    timeout = httpx2.Timeout(endpoint.timeout, connect=min(10.0, endpoint.timeout))
    async with httpx2.AsyncClient(verify=_trusted(), follow_redirects=False, timeout=timeout) as http:
        yield AsyncOpenAI(
            base_url=endpoint.base_url,
            api_key=endpoint.api_key or _NO_KEY,
            http_client=http,
            max_retries=0,
            timeout=timeout,
        )
