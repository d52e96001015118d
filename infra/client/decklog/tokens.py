"""Where tokens come from: a constant, or a function that is asked again when one has ended."""

from collections.abc import Awaitable, Callable

TokenSource = str | Callable[[], Awaitable[str]]


class Tokens:
    """The token of now."""

    def __init__(self, source: TokenSource) -> None:
        self._source = source
        self._token = source if isinstance(source, str) else None

    async def current(self) -> str:
        """Return the token to use."""
        if self._token is None:
            self._token = self._source if isinstance(self._source, str) else await self._source()
        return self._token

    async def renewed(self, refused: str) -> str | None:
        """Return another token than one that was refused; None if there is none."""
        if self._token != refused:
            return self._token
        if isinstance(self._source, str):
            return None
        self._token = await self._source()
        return self._token if self._token != refused else None
