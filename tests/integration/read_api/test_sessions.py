"""Collaboration sessions: what a gateway will append is read by project, as long as it is active."""

from uuid import UUID, uuid4

from logs import append_all, opened
from running import Deck, System

from domain.session import CollaborationSession
from tests.support.making import left

NOTHING = "5cb2a1a6-0000-4000-8000-000000000000"


async def come(system: System, deck: Deck, *clients: str) -> list[UUID]:
    """Record that the deck's owner has come by these sockets."""
    sessions = [uuid4() for _ in clients]
    events = [
        CollaborationSession.join(s, project_id=UUID(deck.id), user=deck.owner.user, client=client)
        for s, client in zip(sessions, clients, strict=True)
    ]
    async with opened(system.settings) as log:
        await append_all(log, UUID(deck.id), events)
    deck.position = await system.table.head()
    return sessions


async def go(system: System, deck: Deck, session: UUID, reason: str = "closed") -> None:
    async with opened(system.settings) as log:
        await append_all(log, UUID(deck.id), [left(session, 2, reason)])
    deck.position = await system.table.head()


async def test_active_sessions_are_listed_from_the_oldest_on(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    sessions = await come(system, deck, *(f"socket-{n}" for n in range(5)))
    path = f"{deck.path}/sessions"

    for limit in (1, 2, 5, 6):
        items = await ada.all_pages(path, limit=limit, min_position=deck.position)
        assert [i["id"] for i in items] == [str(s) for s in sessions]
    assert {(i["user"], i["active"], i["project_id"]) for i in items} == {(ada.user, True, deck.id)}
    assert [i["client"] for i in items] == [f"socket-{n}" for n in range(5)]

    await go(system, deck, sessions[1])
    await go(system, deck, sessions[4], "expired")
    items = await ada.all_pages(path, limit=2, min_position=deck.position)
    assert [i["id"] for i in items] == [str(sessions[n]) for n in (0, 2, 3)]


async def test_rows_stay_and_are_found_by_socket(system: System) -> None:
    deck = await system.person().deck()
    client = f"socket {uuid4()}"
    [session] = await come(system, deck, client)
    await go(system, deck, session, "revoked")
    await system.table.caught_up()

    rows = await system.table.rows(
        "select session_id, active, reason, version, position from session_rows where client = %s", client
    )

    assert rows == [(session, False, "revoked", 2, deck.position)]


async def test_strangers_and_other_projects_see_no_sessions(system: System) -> None:
    ada, eve = system.person(), system.person()
    deck, others = await ada.deck(), await eve.deck()
    await come(system, deck, "socket")

    foreign = await eve.get(f"{deck.path}/sessions")
    nothing = await eve.get(f"/api/projects/{NOTHING}/sessions")
    assert (foreign.status_code, foreign.content) == (404, nothing.content)
    assert (await eve.see(f"{others.path}/sessions", min_position=deck.position))["items"] == []


async def test_a_viewer_sees_who_is_there(system: System) -> None:
    ada, vera = system.person(), system.person()
    deck = await ada.deck()
    await deck.grant(vera, "viewer")
    [session] = await come(system, deck, "socket")

    items = (await vera.see(f"{deck.path}/sessions", min_position=deck.position))["items"]

    assert [i["id"] for i in items] == [str(session)]
