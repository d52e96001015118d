"""A run: things break, people go on; in the end each reader's sequence has to be the log's."""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

import psycopg

from tests.faults.findings import Findings
from tests.faults.live.breaking import BAG, FAULTS
from tests.faults.live.people import END
from tests.faults.live.scene import PATIENT, Scene, Size, set_up

Say = Callable[[str], None]
LEAST_PAUSE, MOST_PAUSE = 0.3, 3.0
TELL_EVERY = 10.0
# Seconds that readers get to come to the end once all is whole again.
COMING = 90.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: for some seconds, the faults of a bag again and again; or each of the bag once, if 0."""

    seconds: float
    seed: int
    size: Size = Size()  # noqa: RUF009 - it is frozen
    bag: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run."""

    findings: Findings
    faults: Counter[str]
    seconds: float
    events: int
    acknowledged: int
    delivered: int
    reconnects: int
    resets: int


async def run(plan: Plan, say: Say) -> Outcome:
    """Run, and judge."""
    async with set_up(plan.size, plan.seed) as scene:
        findings = Findings()
        stop = asyncio.Event()
        reading = [asyncio.create_task(reader.run()) for reader in scene.readers]
        writing = [asyncio.create_task(writer.run(stop)) for writer in scene.writers]
        telling = asyncio.create_task(_tell(scene, say))
        try:
            await _break(plan, scene, findings)
            stop.set()
            await asyncio.gather(*writing)
            await _end(scene)
            _, late = await asyncio.wait(reading, timeout=COMING)
            for reader, task in zip(scene.readers, reading, strict=True):
                if task in late:
                    findings.add(
                        "stuck", f"a reader of {reader.following.project_id} stays at {reader.position}"
                    )
                elif (error := task.exception()) is not None:
                    findings.add("ended", f"a reader of {reader.following.project_id} ended with {error!r}")
        finally:
            for task in (telling, *reading, *writing):
                task.cancel()
            with suppress(asyncio.CancelledError):
                await asyncio.gather(telling, *reading, *writing, return_exceptions=True)
        events = await _judge(scene, findings)
        return Outcome(
            findings,
            scene.faults,
            time.monotonic() - scene.begun,
            events,
            scene.total(),
            sum(len(reader.events) for reader in scene.readers),
            sum(reader.following.reconnects for reader in scene.readers),
            sum(reader.resets for reader in scene.readers),
        )


def _drawn(plan: Plan, scene: Scene) -> Iterator[str]:
    while True:
        kinds = [kind for kind, count in (plan.bag or BAG).items() for _ in range(count)]
        scene.picked.shuffle(kinds)
        yield from kinds
        if not plan.seconds:
            return


async def _break(plan: Plan, scene: Scene, findings: Findings) -> None:
    for kind in _drawn(plan, scene):
        if plan.seconds and time.monotonic() - scene.begun > plan.seconds:
            return
        scene.faults[kind] += 1
        before = scene.total()
        await FAULTS[kind](scene)
        await asyncio.sleep(
            scene.picked.uniform(LEAST_PAUSE, MOST_PAUSE if plan.seconds else 2 * LEAST_PAUSE)
        )
        deadline = time.monotonic() + COMING
        while scene.total() == before:
            if time.monotonic() > deadline:
                findings.add("stuck", f"nothing was acknowledged for {COMING:.0f} s after: {kind}")
                return
            await asyncio.sleep(0.1)


async def _end(scene: Scene) -> None:
    async with scene.client(scene.gateways[0].url, PATIENT) as client:
        for deck in scene.decks:
            await client.command("rename-project", project_id=deck.project, title=END)


async def _judge(scene: Scene, findings: Findings) -> int:
    """Hold what readers were told against the log, and against its history as the API tells it."""
    events = 0
    async with (
        await psycopg.AsyncConnection.connect(scene.settings.dsn) as connection,
        scene.client(scene.gateways[0].url, PATIENT) as client,
    ):
        for deck in scene.decks:
            log = await _positions(connection, deck.project)
            events += len(log)
            told = {
                e["position"]: e
                async for e in client.items(f"/projects/{deck.project}/history", min_position=0)
            }
            # That those who left have left is still being written down: history has all that was there before it was
            # asked, and nothing that is not there afterwards.
            missing = sorted(set(log) - set(told))
            more = sorted(set(told) - set(await _positions(connection, deck.project)))
            if missing or more:
                findings.add(
                    "history", f"{deck.project}: {missing[:5]} are missing, {more[:5]} are not in the log"
                )
            _judge_readers(scene, deck.project, log, told, findings)
            known = set(log)
            for writer in scene.writers:
                for project, position in writer.acknowledged:
                    if project == deck.project and position not in known:
                        findings.add("lost", f"what was acknowledged at {position} is not in the log")
    return events


async def _positions(connection: psycopg.AsyncConnection[Any], project: str) -> list[int]:
    cursor = await connection.execute(
        "select notification_id from stored_events where project_id = %s order by 1", [project]
    )
    return [position for (position,) in await cursor.fetchall()]


def _judge_readers(
    scene: Scene, project: str, log: list[int], told: Mapping[int, Any], findings: Findings
) -> None:
    for reader in scene.readers:
        if reader.following.project_id != project or not reader.events:
            continue
        found = [event["position"] for event in reader.events]
        wanted = [position for position in log if reader.start < position <= found[-1]]
        if found != wanted:
            missing = sorted(set(wanted) - set(found))[:5]
            more = [p for p, count in Counter(found).items() if count > 1 or p not in set(wanted)][:5]
            findings.add(
                "sequence", f"{project} after {reader.start}: {missing} are missing, {more} too many"
            )
        for event in reader.events:
            if event["project_id"] != project:
                findings.add("foreign", f"an event of {event['project_id']} came to a reader of {project}")
            elif event != told.get(event["position"]):
                findings.add("content", f"the event at {event['position']} is not the one of history")


async def _tell(scene: Scene, say: Say) -> None:
    while True:
        await asyncio.sleep(TELL_EVERY)
        faults = ", ".join(f"{kind} {count}" for kind, count in sorted(scene.faults.items()))
        delivered = sum(len(reader.events) for reader in scene.readers)
        say(
            f"{time.monotonic() - scene.begun:5.0f} s  {scene.total():,} edits acknowledged,"
            f" {delivered:,} events delivered  [{faults}]"
        )
