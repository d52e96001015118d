"""An endpoint of OpenAI's protocol on the loopback: answers as it is told to, also badly. Nothing in it thinks.

`python -m tests.support.model_stub 8080` serves one that always answers well, to try the product with.
"""

import asyncio
import base64
import io
import json
import re
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

JSON = dict[str, Any]
TOKENS = {"prompt_tokens": 100, "completion_tokens": 20, "total_tokens": 120}


@dataclass(frozen=True)
class Reply:
    """What one request is answered: `stall` keeps the line open after half of the body, for good."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    stall: bool = False


@dataclass(frozen=True)
class Asked:
    """One request as it came."""

    path: str
    headers: dict[str, str]
    body: JSON

    @property
    def words(self) -> str:
        """All that the model is told."""
        return "\n".join(str(m.get("content")) for m in self.body.get("messages", ()))

    @property
    def schema(self) -> JSON | None:
        """The JSON schema of the answer, if one was sent."""
        return self.body.get("response_format")


def said(answer: object, **tokens: int) -> Reply:
    """An answer of a chat model."""
    text = answer if isinstance(answer, str) else json.dumps(answer)
    document = {
        "id": "chatcmpl-1",
        "object": "chat.completion",
        "created": 1,
        "model": "stub",
        "choices": [{"index": 0, "message": {"role": "assistant", "content": text}, "finish_reason": "stop"}],
        "usage": TOKENS | tokens,
    }
    return Reply(body=json.dumps(document).encode())


def refused(status: int, **headers: str) -> Reply:
    """An error, as the protocol has them."""
    body = {"error": {"message": "the key sk-secret is not liked", "type": "x", "code": None}}
    named = {k.replace("_", "-"): v for k, v in headers.items()}
    return Reply(status, json.dumps(body).encode(), named)


def picture(data: bytes) -> Reply:
    """An answer of a model of pictures."""
    return Reply(
        body=json.dumps({"created": 1, "data": [{"b64_json": base64.b64encode(data).decode()}]}).encode()
    )


def a_png(color: str = "navy", size: tuple[int, int] = (64, 36)) -> bytes:
    """A small picture."""
    written = io.BytesIO()
    Image.new("RGB", size, color).save(written, "PNG")
    return written.getvalue()


def sensible(asked: Asked) -> Reply:
    """Answer each of the product's questions in the right shape, with words that say where they are from."""
    if asked.path.endswith("/images/generations"):
        return picture(a_png())
    words = asked.words
    if "You plan presentations" in words:
        found = re.search(r"Plan (?:exactly|about) (\d+) slides", words)
        count = int(found[1]) if found else 3
        slides: list[JSON] = [{"title": "Stubs", "points": ["said by a stub"], "layout": "title"}]
        slides += [
            {"title": f"Idea {i}", "points": [f"first of {i}", f"second of {i}"]} for i in range(1, count)
        ]
        return said({"title": "Stubs", "slides": slides})
    if "You write one slide" in words:
        found = re.search(r"Write slide \d+, “(.+)”", words)
        title = found[1] if found else "?"
        items = [{"text": f"Drafted for {title}", "level": 0}, {"text": "by a stub", "level": 1}]
        return said({"title": title, "blocks": [{"type": "bullets", "items": items}], "notes": "Say it."})
    if "You plan how" in words:
        return said({"aims": ["every slide has a title that says something"]})
    if "You criticise" in words:
        return said({"findings": [{"block": "b1", "problem": "the title says nothing"}]})
    if "You revise" in words:
        return said(
            {
                "revisions": [
                    {"block": "b1", "field": "title", "text": "A title that says it", "reason": "says more"}
                ]
            }
        )
    return said("?")


@dataclass
class Stub:
    """The endpoint: `script` is answered first, in its order, then `otherwise` answers."""

    url: str = ""
    script: list[Reply] = field(default_factory=list)
    otherwise: Callable[[Asked], Reply] = sensible
    asked: list[Asked] = field(default_factory=list)
    # Held while no answer may go out.
    gate: asyncio.Event = field(default_factory=asyncio.Event)
    _speaking: set[asyncio.Task[Any]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.gate.set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Speak with one client, as long as it likes."""
        task = asyncio.current_task()
        assert task is not None
        self._speaking.add(task)
        task.add_done_callback(self._speaking.discard)
        with suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while asked := await _read(reader):
                self.asked.append(asked)
                await self.gate.wait()
                reply = self.script.pop(0) if self.script else self.otherwise(asked)
                await _write(writer, reply)
                if reply.stall:
                    await reader.read()
                    break
        writer.close()

    async def hang_up(self) -> None:
        """End all conversations."""
        for task in list(self._speaking):
            task.cancel()
        await asyncio.gather(*self._speaking, return_exceptions=True)


async def _read(reader: asyncio.StreamReader) -> Asked | None:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Asked(first.split()[1], headers, json.loads(body or b"{}"))


async def _write(writer: asyncio.StreamWriter, reply: Reply) -> None:
    headers = {"Content-Type": "application/json", "Content-Length": str(len(reply.body)), **reply.headers}
    head = f"HTTP/1.1 {reply.status} x\r\n" + "".join(f"{k}: {v}\r\n" for k, v in headers.items())
    body = reply.body[: len(reply.body) // 2] if reply.stall else reply.body
    writer.write(head.encode() + b"\r\n" + body)
    await writer.drain()


@asynccontextmanager
async def stubbed(port: int = 0) -> AsyncIterator[Stub]:
    """Serve on a free port."""
    stub = Stub()
    server = await asyncio.start_server(stub.serve, "127.0.0.1", port)
    stub.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield stub
    finally:
        server.close()
        await stub.hang_up()
        await server.wait_closed()


async def _forever(port: int) -> None:
    async with stubbed(port) as stub:
        print(stub.url, flush=True)
        await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(_forever(int(sys.argv[1])))
