"""The faults, each a coroutine that does it and returns when what was hurt is whole again."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress

import psutil
from redis.exceptions import RedisError

from infra.redis.client import redis_client
from tests.faults.live.scene import Scene

BACK, LOOK = 60.0, 0.05

Fault = Callable[[Scene], Awaitable[None]]


async def cut_lines(scene: Scene) -> None:
    for line in scene.lines:
        if scene.picked.random() < 0.6:
            line.cut()


async def kill_gateway(scene: Scene) -> None:
    gateway = scene.picked.choice(scene.gateways)
    await gateway.end(kill=True)
    await asyncio.sleep(scene.picked.uniform(0, 1))
    await gateway.start()


async def end_gateway(scene: Scene) -> None:
    """Drain it, as a deployment does."""
    gateway = scene.picked.choice(scene.gateways)
    await gateway.end(kill=False)
    await gateway.start()


async def stop_gateway(scene: Scene) -> None:
    gateway = scene.picked.choice(scene.gateways)
    gateway.pause(on=True)
    try:
        await asyncio.sleep(scene.picked.uniform(0.5, 3))
    finally:
        gateway.pause(on=False)


async def kill_workers(scene: Scene) -> None:
    await scene.workers.end(kill=True)
    await asyncio.sleep(scene.picked.uniform(0, 2))
    await scene.workers.start()


async def kill_write(scene: Scene) -> None:
    await scene.write.end(kill=scene.picked.random() < 0.5)
    await scene.write.start()


async def empty_redis(scene: Scene) -> None:
    async with redis_client(scene.settings, connections=1) as redis:
        for _ in range(scene.picked.randint(1, 4)):
            with suppress(RedisError):
                await redis.flushall()
            await asyncio.sleep(scene.picked.uniform(0, 0.5))


async def kill_redis(scene: Scene) -> None:
    before = scene.servers.valkey_pid
    with suppress(psutil.NoSuchProcess):
        psutil.Process(before).kill()
    async with asyncio.timeout(BACK):
        while scene.servers.valkey_pid == before:  # noqa: ASYNC110 - nobody tells when it is back
            await asyncio.sleep(LOOK)


FAULTS: Mapping[str, Fault] = {
    "lines cut": cut_lines,
    "gateway killed": kill_gateway,
    "gateway drained": end_gateway,
    "gateway stopped": stop_gateway,
    "workers killed": kill_workers,
    "write API ended": kill_write,
    "Redis emptied": empty_redis,
    "Redis killed": kill_redis,
}
# How often each stands in the bag that faults are drawn from.
BAG: Mapping[str, int] = {
    "lines cut": 6,
    "gateway killed": 3,
    "gateway drained": 2,
    "gateway stopped": 2,
    "workers killed": 2,
    "write API ended": 1,
    "Redis emptied": 4,
    "Redis killed": 2,
}
