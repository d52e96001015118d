import asyncio
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any
from uuid import UUID, uuid4

import pytest

from domain.events import Event, Recorded
from domain.roles import Role
from projections.access import Rights
from tests.support.making import added, created, granted, recorded, renamed, revoked
from tests.support.scenario import Clock

MAX_AGE = 0.8


class Log:
    """The part of a log that rights are asked of: its answer is of the moment it was asked, and can be held."""

    def __init__(self) -> None:
        self.events: list[Recorded] = []
        self.asked: list[tuple[UUID, int]] = []
        self.together: list[int] = []
        self.free = asyncio.Event()
        self.free.set()
        self.broken = False

    def take(self, *events: Event) -> None:
        for event in events:
            self.events.append(recorded(event, len(self.events) + 1))

    async def stream(self, stream_id: UUID, after_version: int = 0) -> Sequence[Recorded]:
        self.asked.append((stream_id, after_version))
        found = [
            r
            for r in self.events
            if r.event.originator_id == stream_id and r.event.originator_version > after_version
        ]
        await self.free.wait()
        if self.broken:
            raise ConnectionError
        return found

    async def streams(self, after: Mapping[UUID, int]) -> Sequence[Recorded]:
        self.together.append(len(after))
        found = await asyncio.gather(*(self.stream(i, v) for i, v in after.items()))
        return [r for events in found for r in events]

    async def head(self) -> Any:
        raise NotImplementedError

    async def after(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError

    async def project(self, *_: Any, **__: Any) -> Any:
        raise NotImplementedError


PROJECT = uuid4()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log() -> Log:
    found = Log()
    found.take(created(PROJECT), granted(PROJECT, 2, "grace", "editor"))
    return found


@pytest.fixture
def rights(log: Log, clock: Clock) -> Rights:
    return Rights(log, clock, MAX_AGE)


async def turns(count: int = 5) -> None:
    """Let other tasks go on as far as they get."""
    for _ in range(count):
        await asyncio.sleep(0)


async def test_roles_are_those_of_the_projects_own_stream(rights: Rights) -> None:
    assert await rights.role(PROJECT, "ada") is Role.OWNER
    assert await rights.role(PROJECT, "grace") is Role.EDITOR
    assert await rights.role(PROJECT, "stranger") is None
    assert await rights.role(uuid4(), "ada") is None
    assert await rights.members(PROJECT) == {"ada": Role.OWNER, "grace": Role.EDITOR}
    assert await rights.members(uuid4()) == {}


async def test_a_blocks_stream_gives_no_rights(rights: Rights, log: Log) -> None:
    block = uuid4()
    log.take(added(block, PROJECT, "slide"))

    assert await rights.role(block, "ada") is None
    assert await rights.members(block) == {}


async def test_a_known_role_is_not_asked_for_again_while_it_is_fresh(
    rights: Rights, log: Log, clock: Clock
) -> None:
    assert rights.cached(PROJECT, "ada") is None
    await rights.role(PROJECT, "ada")
    clock.now += MAX_AGE

    assert rights.cached(PROJECT, "ada") is Role.OWNER
    assert await rights.role(PROJECT, "ada") is Role.OWNER
    assert await rights.members(PROJECT) == {"ada": Role.OWNER, "grace": Role.EDITOR}
    assert log.asked == [(PROJECT, 0)]


async def test_a_right_that_was_taken_is_gone_when_the_bound_is_reached(
    rights: Rights, log: Log, clock: Clock
) -> None:
    await rights.role(PROJECT, "grace")
    log.take(revoked(PROJECT, 3, "grace"))
    clock.now += MAX_AGE + 0.001

    assert rights.cached(PROJECT, "grace") is None
    assert await rights.role(PROJECT, "grace") is None
    assert log.asked == [(PROJECT, 0), (PROJECT, 2)]


async def test_members_are_as_fresh_as_roles(rights: Rights, log: Log, clock: Clock) -> None:
    await rights.members(PROJECT)
    log.take(revoked(PROJECT, 3, "grace"))
    clock.now += MAX_AGE + 0.001

    assert await rights.members(PROJECT) == {"ada": Role.OWNER}


async def test_age_counts_from_when_the_log_was_asked_and_not_from_its_answer(
    rights: Rights, log: Log, clock: Clock
) -> None:
    log.free.clear()
    asking = asyncio.create_task(rights.role(PROJECT, "grace"))
    await turns()
    clock.now += MAX_AGE + 0.001
    log.free.set()
    assert await asking is Role.EDITOR

    assert rights.cached(PROJECT, "grace") is None


async def test_a_denial_is_asked_anew(rights: Rights, log: Log) -> None:
    assert await rights.role(PROJECT, "edsger") is None
    log.take(granted(PROJECT, 3, "edsger", "viewer"))

    assert await rights.role(PROJECT, "edsger") is Role.VIEWER
    assert await rights.role(PROJECT, "edsger") is Role.VIEWER
    assert log.asked == [(PROJECT, 0), (PROJECT, 2)]


async def test_a_project_that_was_not_there_is_asked_for_anew(rights: Rights, log: Log) -> None:
    project = uuid4()
    assert await rights.role(project, "ada") is None
    log.take(created(project))

    assert await rights.role(project, "ada") is Role.OWNER


async def test_what_was_forgotten_is_asked_for_again(rights: Rights, log: Log) -> None:
    await rights.role(PROJECT, "grace")
    log.take(granted(PROJECT, 3, "grace", "viewer"))
    assert await rights.role(PROJECT, "grace") is Role.EDITOR

    rights.forget(PROJECT)

    assert rights.cached(PROJECT, "grace") is None
    assert await rights.role(PROJECT, "grace") is Role.VIEWER
    assert log.asked == [(PROJECT, 0), (PROJECT, 2)]


async def test_forgetting_what_is_not_known_does_nothing(rights: Rights, log: Log) -> None:
    rights.forget(PROJECT)

    assert log.asked == []
    assert await rights.role(PROJECT, "grace") is Role.EDITOR


async def test_an_answer_under_way_when_its_project_was_forgotten_is_not_kept(
    rights: Rights, log: Log
) -> None:
    log.free.clear()
    asking = asyncio.create_task(rights.role(PROJECT, "grace"))
    await turns()
    log.take(revoked(PROJECT, 3, "grace"))
    rights.forget(PROJECT)
    log.free.set()
    await asking

    assert rights.cached(PROJECT, "grace") is None
    assert await rights.role(PROJECT, "grace") is None


async def test_a_fresh_role_is_as_of_now(rights: Rights, log: Log) -> None:
    await rights.role(PROJECT, "grace")
    log.take(revoked(PROJECT, 3, "grace"))

    assert await rights.fresh_role(PROJECT, "grace") is None
    assert await rights.fresh_role(PROJECT, "ada") is Role.OWNER


async def test_a_fresh_role_is_not_the_answer_to_an_earlier_question(rights: Rights, log: Log) -> None:
    log.free.clear()
    earlier = asyncio.create_task(rights.role(PROJECT, "grace"))
    await turns()
    log.take(revoked(PROJECT, 3, "grace"))

    fresh = asyncio.create_task(rights.fresh_role(PROJECT, "grace"))
    await turns()
    log.free.set()

    assert await earlier is Role.EDITOR
    assert await fresh is None


async def test_a_denial_is_not_the_answer_to_an_earlier_question(rights: Rights, log: Log) -> None:
    log.free.clear()
    earlier = asyncio.create_task(rights.role(PROJECT, "edsger"))
    await turns()
    log.take(granted(PROJECT, 3, "edsger", "viewer"))

    later = asyncio.create_task(rights.role(PROJECT, "edsger"))
    await turns()
    log.free.set()

    assert await earlier is None
    assert await later is Role.VIEWER


async def test_many_who_ask_at_once_are_one_question(rights: Rights, log: Log) -> None:
    log.free.clear()
    asking = [asyncio.create_task(rights.role(PROJECT, user)) for user in ["ada", "grace"] * 10]
    await turns()
    log.free.set()

    assert await asyncio.gather(*asking) == [Role.OWNER, Role.EDITOR] * 10
    assert log.asked == [(PROJECT, 0)]


async def test_many_who_ask_for_fresh_roles_share_the_next_question(rights: Rights, log: Log) -> None:
    log.free.clear()
    asking = [asyncio.create_task(rights.fresh_role(PROJECT, "ada")) for _ in range(20)]
    await turns()
    log.free.set()

    assert await asyncio.gather(*asking) == [Role.OWNER] * 20
    assert len(log.asked) == 2


async def test_who_goes_away_takes_no_answer_from_the_others(rights: Rights, log: Log) -> None:
    log.free.clear()
    impatient = asyncio.create_task(rights.role(PROJECT, "ada"))
    patient = asyncio.create_task(rights.role(PROJECT, "ada"))
    await turns()
    impatient.cancel()
    with suppress(asyncio.CancelledError):
        await impatient
    log.free.set()

    assert await patient is Role.OWNER


async def test_when_the_log_is_away_nobody_is_let_in_and_the_next_asks_again(
    rights: Rights, log: Log, clock: Clock
) -> None:
    await rights.role(PROJECT, "ada")
    clock.now += MAX_AGE + 0.001
    log.broken = True
    with pytest.raises(ConnectionError):
        await rights.role(PROJECT, "ada")
    log.broken = False

    assert await rights.role(PROJECT, "ada") is Role.OWNER


async def test_roles_in_several_projects(rights: Rights, log: Log) -> None:
    other = uuid4()
    log.take(created(other, owner="edsger"))

    assert await rights.roles([PROJECT, other, uuid4()], "ada") == {PROJECT: Role.OWNER}


async def test_many_projects_are_asked_about_together(rights: Rights, log: Log, clock: Clock) -> None:
    others = [uuid4() for _ in range(700)]
    log.take(*(created(other) for other in others))
    wanted = dict.fromkeys([PROJECT, *others], Role.OWNER)

    assert await rights.roles([PROJECT, *others, *others], "ada") == wanted
    assert log.together == [500, 201]
    clock.now += MAX_AGE + 0.001
    assert await rights.roles(others[:3], "ada") == dict.fromkeys(others[:3], Role.OWNER)
    assert log.together == [500, 201, 3]
    assert log.asked[-3:] == [(other, 1) for other in others[:3]]


async def test_who_gives_up_leaves_the_others_their_answer(rights: Rights, log: Log) -> None:
    other = uuid4()
    log.take(created(other))
    log.free.clear()
    hasty = asyncio.create_task(rights.role(PROJECT, "ada"))
    patient = asyncio.create_task(rights.roles([PROJECT, other], "ada"))
    await turns()
    hasty.cancel()
    await turns()
    log.free.set()

    assert await patient == {PROJECT: Role.OWNER, other: Role.OWNER}
    with pytest.raises(asyncio.CancelledError):
        await hasty


async def test_a_log_that_fails_fails_all_who_ask_together(rights: Rights, log: Log) -> None:
    log.broken = True
    with pytest.raises(ConnectionError):
        await rights.roles([PROJECT, uuid4()], "ada")
    log.broken = False

    assert await rights.roles([PROJECT], "ada") == {PROJECT: Role.OWNER}


async def test_only_so_many_projects_are_kept(log: Log, clock: Clock) -> None:
    rights = Rights(log, clock, MAX_AGE, capacity=2)
    others = [uuid4(), uuid4()]
    log.take(*(created(other) for other in others), renamed(PROJECT, 3, "B"))

    for project in (PROJECT, *others):
        await rights.role(project, "ada")

    assert rights.cached(PROJECT, "ada") is None
    assert [rights.cached(other, "ada") for other in others] == [Role.OWNER] * 2
