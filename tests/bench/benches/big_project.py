"""A project of 2,000 blocks read as one document, loaded from the tables each time."""

import statistics
import time

from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Author, author, see
from tests.bench.getter import Getter
from tests.bench.harness import Bench, Stage
from tests.bench.servers import Served
from tests.bench.tools import ToolFailed

SLIDES, TEXTS = 100, 19
TEXT = "What a line on a slide says, as long as such lines usually are."
READS = 20

UNCACHED = Budget(
    "2,000 blocks in one document, uncached",
    "the same document, cached",
    25,
    15,
    key="ms",
    unit="ms",
    lower_is_better=True,
    absolute=True,
)


async def _deck(writer: Author) -> tuple[str, int]:
    project = (await writer.do("create-project", title="Large"))["project_id"]
    position = 0
    for s in range(SLIDES):
        slide = await writer.do(
            "add-block", project_id=project, type="slide", content={"title": f"Slide {s}"}
        )
        common = {
            "type": "add-block",
            "project_id": project,
            "parent_id": slide["result"]["block_id"],
            "block_type": "text",
        }
        batch = [common | {"content": {"text": f"{k}: {TEXT}"}} for k in range(TEXTS)]
        answer = await writer.client.post("/api/commands", json={"commands": batch})
        if answer.is_error:
            raise ToolFailed(answer.text[:200])
        position = answer.json()["position"]
    return project, position


async def _run(stage: Stage) -> None:
    servers = stage.servers
    async with (
        servers.database() as settings,
        servers.working(settings),
        servers.serving("write", settings) as write,
    ):
        async with author(write) as writer:
            project, position = await _deck(writer)
        path = f"/api/projects/{project}/blocks?whole=true"
        # A process that holds nothing and finds no Redis asks the tables each time.
        bare = settings.model_copy(update={"redis_url": "redis://127.0.0.1:1/0"})
        async with (
            servers.serving("read", settings) as read,
            servers.serving("read", bare, L1_ENTRIES="0") as uncached,
        ):

            async def reads(server: Served) -> Measured:
                getter = Getter(server)
                took = []
                for _ in range(READS):
                    begun = time.perf_counter()
                    await getter.get(path)
                    took.append((time.perf_counter() - begun) * 1000)
                await getter.close()
                return {"ms": statistics.median(took)}

            for server in (read, uncached):
                await see(server, f"{path}&min_position={position}")
            await stage.compare([UNCACHED], lambda: reads(read), lambda: reads(uncached))


BENCH = Bench("big-project", "a whole project of 2,000 blocks over HTTP", (UNCACHED,), _run)
