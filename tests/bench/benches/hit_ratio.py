"""How many reads are answered from a cache, while some projects are read and written far more than others.

The caches are warm when it begins: every project was read once. Counted is what the read process itself counts:
a request that asked the tables, or waited for another that did, is a miss.
"""

import asyncio
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate

import httpx
import orjson

from infra.http.auth import issue
from tests.bench.budgets import Budget, Measured
from tests.bench.decks import Author, author, see
from tests.bench.getter import Getter
from tests.bench.harness import Bench, Stage
from tests.bench.poster import Poster
from tests.bench.servers import SECRET, Served
from tests.bench.tools import ToolFailed

PROJECTS, WRITES, EXPONENT, AT_ONCE = 10_000, 0.05, 1.0, 16
BATCH = 500
# Operations in a second of a measurement; they are not held to a pace.
A_SECOND = 2_000

RATIO = Budget(
    "hit ratio, Zipf 1.0 of 10,000, 5 % writes",
    "an ideal cache that loads on demand",
    0.90,
    0.97,
    key="hit_ratio",
    unit="",
    absolute=True,
)
READS = Budget("of these, answered by the process itself", "the same", key="l1_ratio", unit="")


@dataclass(frozen=True, slots=True)
class Operation:
    """A read of a project, or a write."""

    project: int
    write: bool


def operations(count: int, seed: int) -> Sequence[Operation]:
    """Draw operations: which project, by Zipf's law, and what."""
    picked = random.Random(seed)  # noqa: S311 - the same in every run
    weights = list(accumulate(1 / rank**EXPONENT for rank in range(1, PROJECTS + 1)))
    projects = picked.choices(range(PROJECTS), cum_weights=weights, k=count)
    return [Operation(p, picked.random() < WRITES) for p in projects]


def ideal(found: Sequence[Operation]) -> float:
    """Return the hit ratio of a warm cache that misses exactly what was written since it was last read."""
    written: set[int] = set()
    reads = misses = 0
    for operation in found:
        if operation.write:
            written.add(operation.project)
        else:
            reads += 1
            misses += operation.project in written
            written.discard(operation.project)
    return 1 - misses / reads


async def _projects(writer: Author) -> tuple[list[str], int]:
    made: list[str] = []
    position = 0
    while len(made) < PROJECTS:
        commands = [{"type": "create-project", "title": f"Project {len(made) + n}"} for n in range(BATCH)]
        answer = await writer.client.post("/api/commands", json={"commands": commands})
        if answer.is_error:
            raise ToolFailed(f"projects cannot be made: {answer.text[:200]}")
        document = answer.json()
        made += [result["project_id"] for result in document["results"]]
        position = document["position"]
    return made, position


async def _counts(read: Served) -> dict[str, int]:
    token = issue(SECRET, "root", now=time.time(), ttl=86_400, scope="admin")
    headers = {"Authorization": f"Bearer {token}"}
    async with httpx.AsyncClient(base_url=read.url, headers=headers, timeout=30, trust_env=False) as client:
        answer = await client.get("/api/admin/cache/stats")
    if answer.is_error:
        raise ToolFailed(answer.text[:200])
    counts: dict[str, int] = answer.json()["process"]["counts"]["kinds"]["project"]
    return counts


async def _drive(read: Served, write: Served, projects: Sequence[str], work: Sequence[Operation]) -> Measured:
    getter, poster = Getter(read), Poster(write, "/api/commands/rename-project")
    before = await _counts(read)
    waiting = iter(enumerate(work))

    async def one() -> None:
        for n, operation in waiting:
            project = projects[operation.project]
            if operation.write:
                await poster.post(orjson.dumps({"project_id": project, "title": f"Title {n}"}))
            else:
                await getter.get(f"/api/projects/{project}")

    await asyncio.gather(*(one() for _ in range(AT_ONCE)))
    await getter.close()
    await poster.close()
    after = await _counts(read)
    found = {level: after[level] - before[level] for level in ("l1", "l2", "stale", "joined", "tables")}
    asked = sum(found.values())
    hits = found["l1"] + found["l2"] + found["stale"]
    return {"hit_ratio": hits / asked, "l1_ratio": found["l1"] / asked, "reads": asked}


async def _run(stage: Stage) -> None:
    servers = stage.servers
    async with (
        servers.database() as settings,
        servers.working(settings),
        servers.serving("read", settings) as read,
        servers.serving("write", settings) as write,
    ):
        async with author(write) as writer:
            projects, position = await _projects(writer)
        await see(read, f"/api/projects?limit=1&min_position={position}")
        getter = Getter(read)
        for i in range(0, PROJECTS, AT_ONCE):
            await asyncio.gather(*(getter.get(f"/api/projects/{p}") for p in projects[i : i + AT_ONCE]))
        await getter.close()
        rounds = [operations(A_SECOND * stage.options.seconds, seed) for seed in range(stage.options.rounds)]
        yardsticks, ours = iter(rounds), iter(rounds)

        async def best() -> Measured:
            ratio = ideal(next(yardsticks))
            return {"hit_ratio": ratio, "l1_ratio": ratio}

        async def measured() -> Measured:
            return await _drive(read, write, projects, next(ours))

        await stage.compare([RATIO, READS], best, measured)


BENCH = Bench(
    "hit-ratio",
    "reads of few projects often and of many seldom, while they are written",
    (RATIO, READS),
    _run,
)
