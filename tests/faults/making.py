"""The faults, each a coroutine that does it to a scene and returns when what was hurt is whole again."""

import asyncio
import signal
from collections.abc import Awaitable, Callable
from contextlib import suppress

import psutil
import psycopg

from infra.postgres.committer import RETRY_FOR
from tests.faults.clock import set_clock
from tests.faults.filesize import largest_file, limit_files, working_folder
from tests.faults.scene import Scene

CUTS = ("now", "before", "half", "sent", "answered", "hung")
CLOCK_JUMPS = (-86_400.0, -3_600.0, -1.0, 0.0, 1.0, 300.0, 3_600.0)
SEGMENT = 16 * 2**20
BACK, LOOK_AGAIN = 60.0, 0.05

Fault = Callable[[Scene], Awaitable[None]]


async def kill_database(scene: Scene) -> None:
    """Kill -9: PostgreSQL's first process and all its children; or the first alone; or one child of it."""
    before = scene.servers.postgres_pid
    first = psutil.Process(before)
    match scene.picked.choice(("all", "first", "child")):
        case "all":
            victims = [first, *first.children()]
        case "first":
            victims = [first]
        case _:
            # PostgreSQL then throws all connections out and recovers from its log, by itself.
            victims = [scene.picked.choice(first.children())]
    for victim in victims:
        with suppress(psutil.NoSuchProcess):
            victim.kill()
    if first in victims:
        async with asyncio.timeout(BACK):
            while scene.servers.postgres_pid == before:  # noqa: ASYNC110 - nobody tells when it is back
                await asyncio.sleep(LOOK_AGAIN)


async def cut_connections(scene: Scene) -> None:
    how = scene.picked.choice(CUTS)
    await scene.proxy.tell({"do": "cut", "how": how, "share": scene.picked.choice((0.2, 0.5, 1.0))})


async def stall_connections(scene: Scene) -> None:
    await _for_a_while(scene, "stall", 4)


async def cut_off(scene: Scene) -> None:
    """Let nobody reach the database, half of the time for longer than appends try again."""
    await _for_a_while(scene, "away", 2 * RETRY_FOR)


async def _for_a_while(scene: Scene, what: str, longest: float) -> None:
    seconds = scene.picked.uniform(0.5, longest)
    await scene.proxy.tell({"do": what, "seconds": seconds})
    await asyncio.sleep(seconds)


async def stop_writer(scene: Scene) -> None:
    """Stop a process for a while, wherever it just is; the others go on meanwhile."""
    slot = scene.picked.choice(scene.slots)
    slot.child.signal(signal.SIGSTOP)
    try:
        await asyncio.sleep(scene.picked.uniform(1, 4))
    finally:
        slot.child.signal(signal.SIGCONT)


async def kill_writer(scene: Scene) -> None:
    """Kill -9; the next one asks again what this one never heard the answer of."""
    slot = scene.picked.choice(scene.slots)
    await slot.child.kill()
    await scene.write(slot.number)


async def jump_clock(scene: Scene) -> None:
    seconds = scene.picked.choice(CLOCK_JUMPS)
    async with asyncio.timeout(BACK):
        while True:
            try:
                return await set_clock(scene.settings, seconds)
            except psycopg.OperationalError:
                # It may just have been killed.
                await asyncio.sleep(LOOK_AGAIN)


async def fill_disk(scene: Scene) -> None:
    """Let no file of the database grow; WAL segments are whole from the beginning, so they go on."""
    async with asyncio.timeout(BACK):
        while True:
            pid = scene.servers.postgres_pid
            try:
                folder = working_folder(pid)
                break
            except FileNotFoundError:
                # It may just have been killed.
                await asyncio.sleep(LOOK_AGAIN)
    with limit_files(pid, max(largest_file(folder / "base"), SEGMENT)):
        await asyncio.sleep(scene.picked.uniform(2, 1.5 * RETRY_FOR))


FAULTS: dict[str, Fault] = {
    "database killed": kill_database,
    "connections cut": cut_connections,
    "connections stalled": stall_connections,
    "database out of reach": cut_off,
    "writer stopped": stop_writer,
    "writer killed": kill_writer,
    "clock jumped": jump_clock,
    "disk full": fill_disk,
}

# What comes round again and again, in another order each time.
BAG = {
    "database killed": 3,
    "connections cut": 6,
    "connections stalled": 1,
    "database out of reach": 1,
    "writer stopped": 2,
    "writer killed": 2,
    "clock jumped": 2,
    "disk full": 1,
}
