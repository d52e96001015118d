"""A line to the database that fails at the worst moment of a request: before it, in it, between commit and answer."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from uuid import UUID, uuid4

import pytest
from logs import created, one, opened, renamed
from running import looking

from commands.ports import ANY_VERSION, STREAM_EXISTS, Appended, Replayed
from domain.errors import Unavailable
from infra.embedded.servers import EmbeddedServers
from infra.postgres.committer import RETRY_FOR
from infra.settings import Settings
from tests.faults.children import Child
from tests.faults.making import CUTS


@dataclass
class Bad:
    """A bad line, and settings that go through it; one connection appends, so it is the one that is cut."""

    settings: Settings
    proxy: Child
    orders: int = 0

    async def order(self, **order: object) -> None:
        self.orders += 1
        await self.proxy.tell(order)
        await self.proxy.until("obeyed", self.orders)

    async def cut(self, how: str) -> None:
        await self.order(do="cut", how=how, share=1.0)


@pytest.fixture
async def bad(settings: Settings, servers: EmbeddedServers) -> AsyncIterator[Bad]:
    port = servers.postgres.port
    proxy = await Child.start("proxy", "proxy", {"port": port, "seed": 1})
    try:
        url = settings.dsn.replace(f":{port}/", f":{await proxy.until('port')}/")
        values = settings.model_dump() | {"database_url": url, "append_in_flight": 1}
        yield Bad(Settings.model_validate(values), proxy)
    finally:
        await proxy.kill()


async def stored(settings: Settings, stream: UUID) -> list[tuple[int, UUID]]:
    async with looking(settings) as table:
        rows = await table.rows(
            "select originator_version, command_id from stored_events where originator_id = %s order by 1",
            stream,
        )
    return [(version, command) for version, command in rows]


@pytest.mark.parametrize(
    ("how", "keyed", "expected"),
    [
        # The server ends a hung connection after two seconds: one such case will do.
        ("hung", False, 1),
        *(
            (how, keyed, expected)
            for how in CUTS
            if how != "hung"
            for keyed, expected in ((False, 1), (True, 1), (True, ANY_VERSION), (True, STREAM_EXISTS))
        ),
    ],
)
async def test_a_cut_line_loses_and_doubles_nothing(
    settings: Settings, bad: Bad, how: str, *, keyed: bool, expected: int
) -> None:
    stream = uuid4()
    async with opened(bad.settings) as log:
        first = one(stream, 0, created(stream))
        assert await log.append(first) == Appended(0)
        await bad.cut(how)
        second = one(stream, expected, renamed(stream, 2), keyed=keyed)
        outcome = await log.append(second)
    assert isinstance(outcome, Appended | Replayed)
    assert outcome.base == 1
    assert await stored(settings, stream) == [(1, first.command_id), (2, second.command_id)]


@pytest.mark.parametrize("expected", [ANY_VERSION, STREAM_EXISTS])
async def test_a_request_without_id_or_version_is_not_written_twice(
    settings: Settings, bad: Bad, expected: int
) -> None:
    stream = uuid4()
    async with opened(bad.settings) as log:
        await log.append(one(stream, 0, created(stream)))
        await bad.cut("answered")
        again = await log.append(one(stream, expected, renamed(stream, 2), keyed=False))
    assert again == Appended(1)
    assert [version for version, _ in await stored(settings, stream)] == [1, 2]


async def test_a_line_that_falls_silent_is_given_up(bad: Bad) -> None:
    stream = uuid4()
    async with opened(bad.settings) as log:
        await log.append(one(stream, 0, created(stream)))
        await bad.order(do="stall", seconds=3 * RETRY_FOR)
        try:
            with pytest.raises(Unavailable):
                async with asyncio.timeout(1.5 * RETRY_FOR):
                    await log.append(one(stream, 1, renamed(stream, 2)))
        finally:
            await bad.cut("now")
