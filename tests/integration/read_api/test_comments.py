"""Comments over the real servers: who reads them, in which order, and what is left after a shred."""

import json
from collections.abc import AsyncIterator
from typing import Any
from uuid import UUID, uuid4

import pytest
from running import Deck, Person, System, eventually, system_on, working

from infra.bootstrap import write_side
from infra.postgres.shredding import shred
from infra.settings import Settings

NOTHING = "5cb2a1a6-0000-4000-8000-000000000000"


@pytest.fixture
async def own(settings: Settings) -> AsyncIterator[System]:
    """A service of its own: everything it stores is looked through."""
    async with working(settings), system_on(settings) as running:
        yield running


async def commented(deck: Deck, text: str = "Why?", by: Person | None = None, **fields: Any) -> str:
    answer = await (by or deck.owner).do("open-comment", project_id=deck.id, text=text, **fields)
    deck.position = answer["position"]
    thread: str = answer["result"]["thread_id"]
    return thread


async def replied(deck: Deck, thread: str, text: str, by: Person | None = None) -> str:
    person = by or deck.owner
    answer = await person.do("reply-comment", project_id=deck.id, thread_id=thread, text=text)
    deck.position = answer["position"]
    reply: str = answer["result"]["reply_id"]
    return reply


async def listed(deck: Deck, by: Person | None = None, **query: Any) -> list[dict[str, Any]]:
    path = f"{deck.path}/comments"
    return await (by or deck.owner).all_pages(path, min_position=deck.position, **query)


async def test_a_thread_is_read_as_it_was_written(system: System) -> None:
    ada, carl = system.person(), system.person()
    deck = await ada.deck()
    await deck.grant(carl, "commenter")
    opened = await carl.do(
        "open-comment", project_id=deck.id, block_id=deck.blocks[0], text="Why <this>?\nAnd \N{SNOWMAN}?"
    )
    thread = opened["result"]["thread_id"]
    reply = await replied(deck, thread, "So.")
    resolved = await carl.do("resolve-comment", project_id=deck.id, thread_id=thread)

    page = await ada.see(f"{deck.path}/comments", min_position=resolved["position"])

    assert page["next_cursor"] is None
    [told] = page["items"]
    [answer] = told.pop("replies")
    times = [told.pop("created_at"), answer.pop("created_at"), told.pop("updated_at")]
    assert times == sorted(times)
    assert told == {
        "id": thread,
        "project_id": deck.id,
        "block_id": deck.blocks[0],
        "text": "Why <this>?\nAnd \N{SNOWMAN}?",
        "resolved": True,
        "reply_count": 1,
        "version": 3,
        "position": resolved["position"],
        "created_by": carl.user,
        "updated_by": carl.user,
    }
    assert answer == {
        "id": reply,
        "number": 1,
        "text": "So.",
        "position": deck.position,
        "created_by": ada.user,
    }


@pytest.fixture(scope="module")
async def busy(system: System) -> tuple[Deck, list[str]]:
    """Nine threads, every third resolved, every other one on the slide; the first one with twelve replies."""
    deck = await system.person().deck()
    threads = []
    for n in range(9):
        on_slide = {"block_id": deck.blocks[0]} if n % 2 else {}
        threads.append(await commented(deck, f"remark {n}", **on_slide))
        if n % 3 == 0:
            await deck.change("resolve-comment", thread_id=threads[n])
    for n in range(12):
        await replied(deck, threads[0], f"reply {n}")
    return deck, threads


async def test_threads_page_from_the_newest_on(busy: tuple[Deck, list[str]]) -> None:
    deck, threads = busy
    for limit in (1, 4, 8, 9, 10):
        assert [t["id"] for t in await listed(deck, limit=limit)] == threads[::-1]


async def test_threads_are_found_by_what_they_are_about(busy: tuple[Deck, list[str]]) -> None:
    deck, threads = busy
    resolved, slide = threads[::3][::-1], threads[1::2][::-1]

    assert [t["id"] for t in await listed(deck, resolved="true", limit=2)] == resolved
    assert [t["id"] for t in await listed(deck, resolved="false", limit=2)] == [
        t for t in threads[::-1] if t not in resolved
    ]
    assert [t["id"] for t in await listed(deck, block_id=deck.blocks[0], limit=3)] == slide
    both = await listed(deck, block_id=deck.blocks[0], resolved="true")
    assert [t["id"] for t in both] == [threads[3]]
    assert await listed(deck, block_id=NOTHING) == []
    for name, value in (("resolved", "maybe"), ("block_id", "slide")):
        answer = await deck.owner.get(f"{deck.path}/comments", **{name: value})
        assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, name)


async def test_the_latest_replies_come_with_a_thread_and_all_are_a_list(
    busy: tuple[Deck, list[str]],
) -> None:
    deck, threads = busy
    told = (await listed(deck))[-1]
    path = f"{deck.path}/comments/{threads[0]}/replies"

    assert told["reply_count"] == 12
    assert [r["text"] for r in told["replies"]] == [f"reply {n}" for n in range(7, 12)]
    for limit in (1, 5, 11, 12):
        replies = await deck.owner.all_pages(path, limit=limit)
        assert [(r["number"], r["text"]) for r in replies] == [(n + 1, f"reply {n}") for n in range(12)]
    assert replies[7:] == told["replies"]
    assert await deck.owner.all_pages(f"{deck.path}/comments/{threads[1]}/replies") == []


async def test_cursors_of_one_threads_replies_are_no_others(busy: tuple[Deck, list[str]]) -> None:
    deck, threads = busy
    path = f"{deck.path}/comments/{{}}/replies"
    cursor = (await deck.owner.see(path.format(threads[0]), limit=1))["next_cursor"]

    answer = await deck.owner.get(path.format(threads[1]), cursor=cursor)

    assert answer.status_code == 422


async def test_a_page_stays_whole_while_others_comment(busy: tuple[Deck, list[str]]) -> None:
    deck, _ = busy
    before = [t["id"] for t in await listed(deck)]
    page = await deck.owner.see(f"{deck.path}/comments", limit=4)
    seen = [t["id"] for t in page["items"]]
    await commented(deck, "meanwhile")

    while page["next_cursor"]:
        page = await deck.owner.see(
            f"{deck.path}/comments", limit=4, cursor=page["next_cursor"], min_position=deck.position
        )
        seen += [t["id"] for t in page["items"]]

    assert seen == before


async def test_strangers_and_other_projects_see_nothing(system: System) -> None:
    ada, eve = system.person(), system.person()
    deck, others = await ada.deck(), await eve.deck()
    thread = await commented(deck, "ours alone")
    await replied(deck, thread, "ours too")

    for path in (f"{deck.path}/comments", f"{deck.path}/comments/{thread}/replies"):
        foreign = await eve.get(path)
        nothing = await eve.get(path.replace(deck.id, NOTHING))
        assert (foreign.status_code, foreign.content) == (404, nothing.content)
    under_hers = await eve.get(f"{others.path}/comments/{thread}/replies", min_position=others.position)
    nowhere = await eve.get(f"{others.path}/comments/{NOTHING}/replies", min_position=others.position)
    assert (under_hers.status_code, under_hers.content) == (404, nowhere.content)
    assert (await eve.see(f"{others.path}/comments"))["items"] == []
    # Nor does a block's id find the comments on it from another project.
    assert await listed(others, block_id=deck.blocks[0]) == []
    for command, fields in (("reply-comment", {"text": "x"}), ("resolve-comment", {})):
        for project in (deck.id, others.id):
            answer = await eve.post(command, {"project_id": project, "thread_id": thread, **fields})
            assert answer.status_code == 404
    assert (await eve.post("open-comment", {"project_id": deck.id, "text": "x"})).status_code == 404


async def test_a_viewer_reads_and_a_revoked_member_no_more(system: System) -> None:
    ada, vera = system.person(), system.person()
    deck = await ada.deck()
    thread = await commented(deck)
    await deck.grant(vera, "viewer")

    assert [t["id"] for t in await listed(deck, vera)] == [thread]
    for command, fields in (
        ("open-comment", {"text": "x"}),
        ("reply-comment", {"thread_id": thread, "text": "x"}),
        ("resolve-comment", {"thread_id": thread}),
    ):
        answer = await vera.post(command, {"project_id": deck.id, **fields})
        assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    position = await deck.revoke(vera)
    assert (await vera.get(f"{deck.path}/comments", min_position=position)).status_code == 404


async def everything_stored(system: System) -> bytes:
    """Every row of every table as text, with what is in `bytea` as it is."""
    found: list[bytes] = []
    for (name,) in await system.table.rows("select tablename from pg_tables where schemaname = 'public'"):
        for row in await system.table.rows(f"select * from {name}"):
            found += [v if isinstance(v, bytes) else str(v).encode() for v in row]
    return b"\n".join(found)


async def test_what_is_stored_never_holds_a_text_and_a_shred_takes_it_from_readers(own: System) -> None:
    ada, grace = own.person(), own.person()
    deck = await ada.deck()
    await deck.grant(grace, "commenter")
    words = {who: f"{uuid4().hex} said {who}" for who in ("ada", "grace", "again")}
    thread = await commented(deck, words["ada"])
    await replied(deck, thread, words["grace"], by=grace)
    await replied(deck, thread, words["again"])
    [before] = await listed(deck)
    await own.table.caught_up()

    stored = await everything_stored(own)
    assert thread.encode() in stored
    assert b"sealed" in stored
    assert not [w for w in words.values() if w.encode() in stored]
    assert [before["text"], *(r["text"] for r in before["replies"])] == list(words.values())

    side = write_side(own.settings)
    await side.pool.open()
    try:
        await shred(side.pool, ada.user)
    finally:
        await side.pool.close()

    async def gone() -> bool:
        [told] = await listed(deck)
        return told["text"] is None

    await eventually(gone, 5)
    [told] = await listed(deck)
    assert (told["text"], told["shredded"]) == (None, True)
    assert "shredded" not in before
    said = [(r["text"], r.get("shredded", False)) for r in told["replies"]]
    assert said == [(words["grace"], False), (None, True)]
    replies = await deck.owner.all_pages(f"{deck.path}/comments/{thread}/replies")
    assert replies == told["replies"]
    history = await deck.owner.all_pages(f"{deck.path}/history")
    texts = [(e["data"]["text"], e["data"].get("shredded", False)) for e in history if "text" in e["data"]]
    assert texts == [(None, True), (words["grace"], False), (None, True)]
    # Who comes back is heard again, under a new key.
    await replied(deck, thread, "I am back")
    [told] = await listed(deck)
    assert told["replies"][-1]["text"] == "I am back"


async def test_live_readers_and_history_are_told_what_was_written(system: System) -> None:
    ada = system.person()
    deck = await ada.deck()
    async with ada.live(deck.id) as live:
        thread = await commented(deck, "said live", block_id=deck.blocks[0])
        [event] = await live.events(deck.position)
    history = await ada.all_pages(f"{deck.path}/history", min_position=deck.position)

    assert event == history[-1]
    assert (event["event"], event["stream"]["kind"]) == ("comment-opened", "comment-thread")
    assert event["data"] == {"thread_id": thread, "block_id": deck.blocks[0], "text": "said live"}


async def test_a_repeated_comment_is_one(system: System) -> None:
    deck = await system.person().deck()
    key = {"Idempotency-Key": str(uuid4())}
    body = {"project_id": deck.id, "text": "once"}

    first = await deck.owner.post("open-comment", body, **key)
    again = await deck.owner.post("open-comment", body, **key)

    assert (first.status_code, again.status_code, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.content == again.content
    deck.position = json.loads(first.content)["position"]
    assert len(await listed(deck)) == 1
    assert UUID((await listed(deck))[0]["id"]) == UUID(first.json()["result"]["thread_id"])
