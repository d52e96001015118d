"""Pictures from an endpoint that speaks OpenAI's protocol. They come as data: an address is never fetched."""

import asyncio
import base64
import binascii
import time
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

import orjson

from infra.http.sniffing import sniffed
from workers.exporting.pictures import NotDrawable, prepared
from workers.jobs.ports import FinalError, RetryableError
from workers.models.client import client_of
from workers.models.endpoint import PROVIDER, Endpoint
from workers.models.failures import NotUnderstood, of_status
from workers.models.sparing import Sparing
from workers.picturing.ports import Painted, Wish

if TYPE_CHECKING:
    from openai import AsyncOpenAI

MOST_BYTES: Final = 20 * 2**20
"""Bytes of a picture, as of an upload."""
# Of an answer: a picture in base64, and words around it.
_MOST_ANSWER: Final = MOST_BYTES * 4 // 3 + 2**20
_ALT: Final = 1_000
# From what says most to what every endpoint knows: models differ in the sizes and words that they take.
_WAYS: Final[tuple[Mapping[str, Any], ...]] = (
    {"size": "1536x1024", "response_format": "b64_json"},
    {"size": "1536x1024"},
    {"response_format": "b64_json"},
    {},
)


class EndpointPainter:
    """Implements `Painter` with a model of pictures."""

    def __init__(self, endpoint: Endpoint, clock: Callable[[], float] = time.monotonic) -> None:
        self._endpoint = endpoint
        self._sparing = Sparing(clock)
        self._way = 0

    @property
    def provider(self) -> str:
        """Any endpoint of the protocol."""
        return PROVIDER

    @property
    def model(self) -> str | None:
        """As the settings name it."""
        return self._endpoint.model

    async def paint(self, wish: Wish) -> Painted:
        """Ask for one picture."""
        with self._sparing.call():
            answer = await self._answer(wish)
        data = _data(answer)
        media_type = sniffed(data, "") or "application/octet-stream"
        try:
            # Opened once, so that what is no picture never gets into a deck.
            await asyncio.to_thread(prepared, data, media_type)
        except NotDrawable as why:
            raise RetryableError("provider-nonsense", f"what came for a picture {why}") from why
        return Painted(data, media_type, " ".join(wish.prompt.split())[:_ALT])

    async def _answer(self, wish: Wish) -> bytes:
        try:
            async with client_of(self._endpoint) as client, asyncio.timeout(self._endpoint.timeout):
                return await self._understood(client, wish.prompt)
        except TimeoutError as late:
            message = f"there was no picture within {self._endpoint.timeout:g} s"
            raise RetryableError("provider-timeout", message) from late

    async def _understood(self, client: "AsyncOpenAI", prompt: str) -> bytes:
        for way in range(self._way, len(_WAYS)):
            try:
                answer = await self._sent(client, prompt, _WAYS[way], simplest=way == len(_WAYS) - 1)
            except NotUnderstood:
                continue
            self._way = way
            return answer
        raise AssertionError("the simplest way is understood or refused")

    async def _sent(
        self, client: "AsyncOpenAI", prompt: str, way: Mapping[str, Any], *, simplest: bool
    ) -> bytes:
        from openai import APIConnectionError, APIStatusError  # noqa: PLC0415 - loaded with the client, not before

        answer = bytearray()
        try:
            async with client.images.with_streaming_response.generate(
                model=self._endpoint.model, prompt=prompt, n=1, **way
            ) as response:
                async for part in response.iter_bytes():
                    answer += part
                    if len(answer) > _MOST_ANSWER:
                        raise FinalError("too-large", f"the picture has more than {MOST_BYTES:,} bytes")
        except APIStatusError as error:
            raise of_status(error.status_code, _after(error), simplest=simplest) from error
        except APIConnectionError as away:
            raise RetryableError(
                "provider-unavailable", "the endpoint of pictures could not be reached"
            ) from away
        except OSError as broken:
            raise RetryableError("provider-unavailable", "the picture stopped in the middle") from broken
        return bytes(answer)


def _after(error: Any) -> float | None:
    try:
        return float(error.response.headers.get("retry-after", ""))
    except ValueError:
        return None


def _data(answer: bytes) -> bytes:
    try:
        [first, *_] = orjson.loads(answer)["data"]
        written = first.get("b64_json")
        if not written and first.get("url"):
            raise FinalError(
                "unsupported",
                "the endpoint answers an address, and pictures are taken as data alone (b64_json)",
            )
        return base64.b64decode(written, validate=True)
    except (
        orjson.JSONDecodeError,
        LookupError,
        TypeError,
        ValueError,
        AttributeError,
        binascii.Error,
    ) as broken:
        raise RetryableError("provider-nonsense", "the endpoint's answer holds no picture") from broken
