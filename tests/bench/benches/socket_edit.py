"""`edit-block` on the command socket, against the same process over HTTP."""

from collections.abc import Sequence
from uuid import uuid4

from infra.settings import Settings
from tests.bench.benches.http_edit import BLOCKS, PATH, PROJECTS, head, lua
from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Author, Deck, author
from tests.bench.harness import Bench, Stage
from tests.bench.machine import cpu_seconds
from tests.bench.part import part
from tests.bench.servers import Served, bearer
from tests.bench.tools import WRK, ToolFailed
from tests.bench.wrk import drive, script

SOCKETS, WINDOW = 8, 128
WARM_UP = 1
PATIENCE = 60.0

RATE = Budget("edit-block on 8 command sockets, 128 under way each", "HTTP, 32 connections", 2, 4)
CPU = Budget("processor time of an edit", "HTTP, 32 connections", key="cpu_us", unit="us")


class _Edits:
    def __init__(self, stage: Stage, settings: Settings, write: Served, writer: Author) -> None:
        self._stage = stage
        self._settings = settings
        self._write = write
        self._author = writer

    async def over_http(self) -> Measured:
        text = script(self._stage.folder, "edit", lua(await self._fresh()))
        return (
            await drive(self._write.url + PATH, text, self._stage.options.seconds, self._write.pid)
        ).measured

    async def on_sockets(self, seconds: int) -> Measured:
        """Edit fresh blocks; every 200 has to be an event in the log, and its id one to be repeated.

        Raises:
            ToolFailed: it is not so.
        """
        decks = await self._fresh()
        config = {
            "port": self._write.port,
            "token": bearer().removeprefix("Bearer "),
            "blocks": [(deck.project, block) for deck in decks for block in deck.blocks],
            # Of UUIDs, as clients make them, all but the last two parts.
            "name": str(uuid4())[:18],
            "sockets": SOCKETS,
            "window": WINDOW,
            "seconds": seconds,
        }
        before, cpu = await head(self._settings), cpu_seconds(self._write.pid)
        async with part("pipelines", config) as pipelines:
            found = await pipelines.hear(seconds + PATIENCE)
        cpu = cpu_seconds(self._write.pid) - cpu
        events = await head(self._settings) - before
        if found["refused"] or found["answered"] != events:
            raise ToolFailed(f"{found} was answered, and {events} events stand in the log")
        return {
            "rate": found["answered"] / found["seconds"],
            "cpu_us": cpu / found["answered"] * 1e6,
            "cpu_share": cpu / found["seconds"],
            "client_share": found["client_share"],
        }

    async def _fresh(self) -> Sequence[Deck]:
        return [await self._author.deck(BLOCKS) for _ in range(PROJECTS)]


async def _run(stage: Stage) -> None:
    async with (
        stage.servers.database() as settings,
        stage.servers.serving("write", settings) as write,
        author(write) as writer,
    ):
        edits = _Edits(stage, settings, write, writer)
        await edits.on_sockets(WARM_UP)
        await stage.compare([RATE, CPU], edits.over_http, lambda: edits.on_sockets(stage.options.seconds))


BENCH = Bench(
    "socket-edit",
    "blocks edited on command sockets of one write process, against the same process over HTTP",
    (RATE, CPU),
    _run,
    (WRK,),
)
