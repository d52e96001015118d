"""`edit-block` over HTTP: everything from the socket to the durable event and back."""

from collections.abc import Sequence

import psycopg

from infra.settings import Settings
from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Author, Deck, author
from tests.bench.harness import Bench, Stage
from tests.bench.servers import Served, bearer
from tests.bench.tools import WRK, ToolFailed
from tests.bench.wrk import CONNECTIONS, drive, script

PROJECTS, BLOCKS = 16, 40
WARM_UP = 1
PATH = "/api/commands/edit-block"

RATE = Budget("edit-block, 32 connections", "FastAPI, no work", 0.55, 0.9)
CPU = Budget("processor time of an edit", "FastAPI, no work", key="cpu_us", unit="us")

# Each request edits the next block, and its text is another each time.
LUA = """
local blocks = {%s}
local auth = "%s"
local n = 0
function request()
  n = n + 1
  local b = blocks[(n %% #blocks) + 1]
  local body = '{"project_id":"'..b[1]..'","block_id":"'..b[2]..'","changes":{"text":"hello world, this is a typical block edit with a few hundred bytes inside of it, so that the size is realistic '..n..'"}}'
  return wrk.format("POST", nil, {["Content-Type"]="application/json", ["Authorization"]=auth}, body)
end
"""


def lua(decks: Sequence[Deck]) -> str:
    pairs = ",".join(f'{{"{deck.project}","{block}"}}' for deck in decks for block in deck.blocks)
    return LUA % (pairs, bearer())


async def head(settings: Settings) -> int:
    async with await psycopg.AsyncConnection.connect(settings.dsn) as connection:
        row = await (await connection.execute("select position from log_head")).fetchone()
    assert row is not None
    return int(row[0])


class Edits:
    def __init__(self, stage: Stage, settings: Settings, write: Served, writer: Author) -> None:
        self._stage = stage
        self._settings = settings
        self._write = write
        self._author = writer

    async def yardstick(self, ceiling: Served) -> Measured:
        text = script(self._stage.folder, "edit", lua(await self._fresh()))
        return (await drive(ceiling.url + PATH, text, self._stage.options.seconds, ceiling.pid)).measured

    async def ours(self, seconds: int) -> Measured:
        """Edit fresh blocks; every 200 has to be an event in the log.

        Raises:
            ToolFailed: it is not so.
        """
        text = script(self._stage.folder, "edit", lua(await self._fresh()))
        before = await head(self._settings)
        found = await drive(self._write.url + PATH, text, seconds, self._write.pid)
        events = await head(self._settings) - before
        # wrk leaves while an answer is still due on each connection.
        if not found.requests <= events <= found.requests + CONNECTIONS:
            raise ToolFailed(f"{found.requests} edits were answered, and {events} events stand in the log")
        return found.measured

    async def _fresh(self) -> list[Deck]:
        return [await self._author.deck(BLOCKS) for _ in range(PROJECTS)]


async def _answer(writer: Author) -> bytes:
    """Edit a block and return what is answered, checked: 200, applied."""
    deck = await writer.deck(1)
    body = {"project_id": deck.project, "block_id": deck.blocks[0], "changes": {"text": "another"}}
    answer = await writer.client.post(PATH, json=body)
    if answer.status_code != 200 or answer.json()["outcome"] != "applied":
        raise ToolFailed(f"an edit was answered {answer.status_code}: {answer.text[:200]}")
    return answer.content


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as write,
        author(write) as writer,
        stage.servers.ceiling(await _answer(writer)) as ceiling,
    ):
        edits = Edits(stage, settings, write, writer)
        await edits.ours(WARM_UP)
        await stage.compare(
            [RATE, CPU], lambda: edits.yardstick(ceiling), lambda: edits.ours(stage.options.seconds)
        )
        await _answer(writer)


BENCH = Bench(
    "http-edit",
    "blocks edited over HTTP in one write process, against FastAPI with the same body and no work",
    (RATE, CPU),
    _run,
    (WRK,),
)
