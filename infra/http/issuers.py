"""The keys of an issuer of tokens, from its JWKS document: fetched before they are needed."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

import httpx
import jwt
import orjson

from infra.cancelling import stop_if_cancelled
from infra.settings import PUBLIC_KEY_ALGORITHMS

logger = logging.getLogger(__name__)

REFRESH_EVERY: Final = 300.0
# A key that is not known is looked for at once, and not again within so many seconds, however many tokens name it.
AGAIN_AFTER: Final = 10.0
PATIENCE: Final = 5.0
_LARGEST: Final = 256 * 1024


class SigningKeys(Protocol):
    """Where the key of a token is found."""

    def key(self, kid: str | None, algorithm: str) -> Any | None:
        """Return the key of this id for this algorithm; None: there is none."""
        ...

    @property
    def fetching(self) -> bool:
        """Tell whether a key that is not known may be known in a moment."""
        ...


class JwksKeys:
    """Keeps the keys of a JWKS address current.

    A token that names an unknown key makes it fetch; until that is done it is not known whether it is good.
    The keys it knew stay good while the address does not answer.
    """

    def __init__(self, url: str, clock: Callable[[], float], again_after: float = AGAIN_AFTER) -> None:
        self._url = url
        self._again_after = again_after
        self._clock = clock
        self._keys: Mapping[str | None, jwt.PyJWK] = {}
        self._asked = float("-inf")
        self._want = asyncio.Event()
        self._task: asyncio.Task[None] | None = None
        self._client: httpx.AsyncClient | None = None

    async def start(self) -> None:
        """Fetch, and go on fetching; without an answer the process starts all the same."""
        self._client = httpx.AsyncClient(timeout=PATIENCE, follow_redirects=False, trust_env=False)
        await self._refresh()
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        """Stop."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    @property
    def fetching(self) -> bool:
        """Tell whether a fetch is due or under way."""
        return self._want.is_set()

    def key(self, kid: str | None, algorithm: str) -> Any | None:
        """Return the public key of this id, if it is one for this algorithm."""
        found = self._keys.get(kid)
        if found is None:
            if self._clock() - self._asked >= self._again_after:
                self._want.set()
            return None
        return found.key if found.algorithm_name == algorithm else None

    async def _run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(REFRESH_EVERY):
                    await self._want.wait()
            except TimeoutError:
                pass
            await self._refresh()
            stop_if_cancelled()

    async def _refresh(self) -> None:
        self._asked = self._clock()
        try:
            self._keys = _usable(await self._fetch())
        except (httpx.HTTPError, ValueError, TypeError, KeyError, jwt.PyJWTError) as failed:
            logger.warning("the keys at %s cannot be had: %s", self._url, failed)
        finally:
            self._want.clear()

    async def _fetch(self) -> bytes:
        if self._client is None:
            raise ValueError("it was not started")
        async with self._client.stream("GET", self._url) as answer:
            answer.raise_for_status()
            body = b""
            async for chunk in answer.aiter_bytes():
                body += chunk
                if len(body) > _LARGEST:
                    raise ValueError(f"the document has more than {_LARGEST:,} bytes")
        return body


def _usable(document: bytes) -> Mapping[str | None, jwt.PyJWK]:
    """Return the keys to verify signatures with, by id; a lone key need not have one."""
    found: dict[str | None, jwt.PyJWK] = {}
    for entry in orjson.loads(document)["keys"]:
        if entry.get("use", "sig") != "sig" or entry.get("kty") not in {"RSA", "EC", "OKP"}:
            continue
        try:
            key = jwt.PyJWK.from_dict(entry)
        except jwt.PyJWTError as strange:
            logger.warning("a key of the issuer cannot be used: %s", strange)
            continue
        if key.algorithm_name in PUBLIC_KEY_ALGORITHMS:
            found[entry.get("kid")] = key
    if len(found) == 1:
        found[None] = next(iter(found.values()))
    return found
