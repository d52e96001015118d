"""Handing a project over, and leaving it."""

from uuid import uuid4

import pytest

from commands.messages import (
    GrantAccess,
    LeaveProject,
    RenameProject,
    RevokeAccess,
    TransferOwnership,
)
from domain.roles import Role
from tests.support.making import archived, granted, revoked, transferred
from tests.support.scenario import PROJECT, World

LEAVE = LeaveProject(project_id=PROJECT)


def to(user: str) -> TransferOwnership:
    return TransferOwnership(project_id=PROJECT, user=user)


@pytest.mark.parametrize("user", ["edna", "carl", "vera"])
async def test_a_project_is_handed_over_to_a_member_of_any_role(world: World, user: str) -> None:
    outcome = await world.run(to(user))

    assert (outcome.status, outcome.events) == (200, [transferred(PROJECT, 5, "ada", user)])
    assert world.project().members["ada"] is Role.EDITOR
    assert world.project().members[user] is Role.OWNER
    assert world.project().owners == 1


async def test_who_hands_a_project_over_can_no_longer_do_so(world: World) -> None:
    await world.run(to("edna"))

    again = await world.run(to("vera"))
    renaming = await world.run(RenameProject(project_id=PROJECT, title="Still an editor"))
    back = await world.run(to("ada"), user="edna")

    assert (again.status, again.code) == (403, "forbidden")
    assert (renaming.status, back.status) == (200, 200)


async def test_a_transfer_is_repeated_though_the_caller_has_lost_the_right_by_it(world: World) -> None:
    key = uuid4()
    first = await world.run(to("edna"), key=key)

    again = await world.run(to("edna"), key=key)

    assert (again.status, again.body, again.replayed) == (200, first.body, True)


async def test_a_project_is_not_handed_over_to_a_stranger(world: World) -> None:
    outcome = await world.run(to("stranger"))

    assert (outcome.status, outcome.code, outcome.fields) == (422, "validation", ["user"])
    assert "grant access first" in outcome.body["detail"]
    assert outcome.events == []


async def test_another_owner_is_not_asked_when_one_hands_over(world: World) -> None:
    await world.given(granted(PROJECT, 5, "grace", "owner"))

    outcome = await world.run(to("carl"), user="grace")

    assert outcome.events == [transferred(PROJECT, 6, "grace", "carl")]
    owners = {user for user, role in world.project().members.items() if role is Role.OWNER}
    assert owners == {"ada", "carl"}


@pytest.mark.parametrize("user", ["edna", "carl", "vera"])
async def test_a_member_of_any_role_leaves(world: World, user: str) -> None:
    outcome = await world.run(LEAVE, user=user)

    assert (outcome.status, outcome.events) == (200, [revoked(PROJECT, 5, user)])
    assert (await world.run(LEAVE, user=user)).code == "not-found"


async def test_who_leaves_twice_under_one_key_has_left(world: World) -> None:
    key = uuid4()
    first = await world.run(LEAVE, user="vera", key=key)

    for process in (world, world.process()):
        again = await process.run(LEAVE, user="vera", key=key)
        assert (again.status, again.body, again.replayed) == (200, first.body, True)


async def test_the_last_owner_cannot_leave(world: World) -> None:
    outcome = await world.run(LEAVE)

    assert (outcome.status, outcome.code, outcome.fields) == (422, "validation", ["project_id"])
    assert "last owner cannot leave" in outcome.body["detail"]
    assert outcome.events == []


async def test_an_owner_leaves_once_there_is_another(world: World) -> None:
    await world.run(GrantAccess(project_id=PROJECT, user="edna", role="owner"))

    assert (await world.run(LEAVE)).events == [revoked(PROJECT, 6, "ada")]
    assert (await world.run(LEAVE, user="edna")).fields == ["project_id"]


async def test_two_owners_cannot_both_leave(world: World) -> None:
    await world.given(granted(PROJECT, 5, "grace", "owner"))
    outcome = await world.run_batch(RevokeAccess(project_id=PROJECT, user="grace"), LEAVE)

    assert (outcome.status, outcome.body["index"], outcome.fields) == (422, 1, ["project_id"])
    assert outcome.events == []


async def test_an_archived_project_can_be_left_and_handed_over(world: World) -> None:
    await world.given(archived(PROJECT, 5))

    assert (await world.run(LEAVE, user="vera")).status == 200
    assert (await world.run(to("edna"))).status == 200
    assert (await world.run(LEAVE)).status == 200
