"""GET of a project that the read process holds in its cache, while workers run."""

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import author, see
from tests.bench.harness import Bench, Stage
from tests.bench.servers import Served, bearer
from tests.bench.tools import WRK
from tests.bench.wrk import drive, script

BLOCKS = 20
WARM_UP = 1
LUA = 'wrk.headers["Authorization"] = "%s"\n'

RATE = Budget("GET a project, 32 connections", "FastAPI, a constant", 0.8, 1.2)
CPU = Budget("processor time of a GET", "FastAPI, a constant", key="cpu_us", unit="us")


async def _run(stage: Stage) -> None:
    servers, seconds = stage.servers, stage.options.seconds
    async with (
        servers.database() as settings,
        servers.working(settings),
        servers.serving("read", settings) as read,
        servers.serving("write", settings) as write,
    ):
        async with author(write) as writer:
            deck = await writer.deck(BLOCKS)
        path = f"/api/projects/{deck.project}"
        document = await see(read, f"{path}?min_position={deck.position}")
        lua = script(stage.folder, "get", LUA % bearer())

        async def get(server: Served, what: str, duration: int) -> Measured:
            return (await drive(server.url + what, lua, duration, server.pid)).measured

        async with servers.ceiling(document.content) as ceiling:
            await get(read, path, WARM_UP)
            await stage.compare(
                [RATE, CPU],
                lambda: get(ceiling, "/constant", seconds),
                lambda: get(read, path, seconds),
            )
        await see(read, path)


BENCH = Bench(
    "cached-get",
    "a cached project read from one read process, against FastAPI answering a constant of its size",
    (RATE, CPU),
    _run,
    (WRK,),
)
