"""How a part talks with whoever started it: lines of JSON; without somebody to talk to, it ends."""

import asyncio
import json
import os
import sys
from typing import Any

LINE_LIMIT = 1 << 20


def say(message: Any) -> None:
    print(json.dumps(message), flush=True)


class Orders:
    """Lines from standard input."""

    def __init__(self, reader: asyncio.StreamReader) -> None:
        self._reader = reader

    @classmethod
    async def open(cls) -> "Orders":
        reader = asyncio.StreamReader(LINE_LIMIT)
        await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
        )
        return cls(reader)

    async def next(self) -> Any:
        """Wait for the next order; when there can be none any more, end this process at once."""
        line = await self._reader.readline()
        if not line:
            os._exit(1)
        return json.loads(line)
