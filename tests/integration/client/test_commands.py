import asyncio
from typing import Any

import psycopg
import pytest
from client_lines import client_of, line_to
from running import System

from decklog import (
    AlreadyExists,
    Answer,
    Client,
    Forbidden,
    IdempotencyMismatch,
    NotFound,
    Patience,
    SocketEnded,
    Unauthenticated,
    Unreachable,
    ValidationFailed,
    VersionConflict,
)


async def test_what_was_written_is_read_without_asking_for_it(system: System) -> None:
    async with client_of(system.person()) as decklog:
        made = await decklog.command("create-project", title="One")
        slide = await decklog.command(
            "add-block", project_id=made.project_id, type="slide", content={"title": "A"}
        )
        for n in range(5):
            edited = await decklog.command(
                "edit-block",
                project_id=made.project_id,
                block_id=slide.result["block_id"],
                changes={"title": f"{n}"},
            )
            path = f"/projects/{made.project_id}/blocks/{slide.result['block_id']}"
            document = await decklog.get(path)
            assert document.body["content"]["title"] == f"{n}"
            assert document.position >= edited.position
        listed = [project["id"] async for project in decklog.items("/projects")]
        assert listed == [made.project_id]


async def test_lists_are_followed_to_their_end(system: System) -> None:
    async with client_of(system.person()) as decklog:
        made = await decklog.command("create-project", title="One")
        add = {"type": "add-block", "project_id": made.project_id, "block_type": "slide"}
        batch = await decklog.batch([{**add, "content": {"title": f"{n}"}} for n in range(7)])
        found = [b async for b in decklog.items(f"/projects/{made.project_id}/blocks", limit=2)]
    assert [b["content"]["title"] for b in found] == [f"{n}" for n in range(7)]
    assert [r.result["block_id"] for r in batch.results if isinstance(r, Answer)] == [b["id"] for b in found]


async def test_a_refusal_is_of_the_class_of_its_code(idle: System) -> None:
    ada, eve = idle.person(), idle.person()
    deck = await ada.deck()
    await deck.grant(eve, "viewer")
    async with client_of(ada) as hers, client_of(eve) as evil, client_of(idle.person()) as nobody:
        with pytest.raises(ValidationFailed) as wrong:
            await hers.command("create-project", title=7)
        assert wrong.value.errors[0].field == "title"
        with pytest.raises(NotFound):
            await nobody.command("rename-project", project_id=deck.id, title="x")
        with pytest.raises(Forbidden):
            await evil.command("rename-project", project_id=deck.id, title="x")
        with pytest.raises(AlreadyExists):
            await hers.command("create-project", title="x", project_id=deck.id)
        edit: dict[str, Any] = {
            "project_id": deck.id,
            "block_id": deck.blocks[0],
            "base_version": 1,
            "on_conflict": "reject",
        }
        await hers.command("edit-block", **edit, changes={"title": "first"})
        with pytest.raises(VersionConflict) as late:
            await hers.command("edit-block", **edit, changes={"title": "late"})
        assert late.value.current["content"]["title"] == "first"
        with pytest.raises(ValidationFailed) as batch:
            await hers.batch(
                [{"type": "create-project", "title": "x"}, {"type": "create-project", "title": ""}]
            )
        assert batch.value.index == 1
        each = await hers.batch([{"type": "create-project", "title": "x"}, {"type": "fly"}], atomic=False)
        assert [type(r) for r in each.results] == [Answer, NotFound]
    with pytest.raises(Unauthenticated):
        async with Client(idle.write_url, idle.read_url, "nonsense") as stranger:
            await stranger.get("/projects")


async def test_a_command_is_repeated_under_its_key_until_it_is_answered(idle: System) -> None:
    ada = idle.person()
    async with line_to(idle.write_url) as line, client_of(ada, write=line.url) as decklog:
        line.lose_answers = 3
        made = await decklog.command("create-project", title="Once")
        assert line.seen == 4
        assert made.replayed
        assert await idle.table.positions(made.project_id) == [made.position]
        again = await decklog.command("create-project", title="Mine", key="chosen")
        assert (await decklog.command("create-project", title="Mine", key="chosen")) == Answer(
            **{**{f: getattr(again, f) for f in Answer.__slots__}, "replayed": True}
        )
        with pytest.raises(IdempotencyMismatch):
            await decklog.command("create-project", title="Other", key="chosen")


async def test_a_server_that_never_answers_is_given_up(idle: System) -> None:
    async with line_to(idle.write_url) as line, client_of(idle.person(), write=line.url) as decklog:
        line.lose_answers = 1_000
        with pytest.raises(Unreachable):
            await decklog.command("create-project", title="x")
        assert line.seen == 8


async def test_a_token_that_has_ended_is_asked_for_anew(idle: System) -> None:
    ada = idle.person()
    tokens = iter([idle.token(ada.user, ttl=-5), ada.token])

    async def next_token() -> str:
        return next(tokens)

    async with Client(idle.write_url, idle.read_url, next_token) as decklog:
        assert (await decklog.command("create-project", title="x")).outcome == "applied"


async def test_commands_are_pipelined_on_a_socket_and_survive_its_loss(system: System) -> None:
    ada = system.person()
    deck = await ada.deck(slides=4)
    async with line_to(system.write_url) as line, client_of(ada, write=line.url) as decklog:
        async with decklog.commands() as socket:
            answers: list[Answer] = []

            async def edit(n: int) -> None:
                answers.append(
                    await socket.command(
                        "edit-block",
                        project_id=deck.id,
                        block_id=deck.blocks[n % 4],
                        changes={"title": f"{n}"},
                    )
                )
                if n % 150 == 75:
                    line.cut()

            await asyncio.gather(*(edit(n) for n in range(600)))
            with pytest.raises(ValidationFailed):
                await socket.command("create-project", title="")
            with pytest.raises(NotFound):
                await socket.batch([{"type": "fly"}])
        assert line.seen > 1
        made = await system.table.positions(deck.id, deck.position)
        assert sorted(a.position for a in answers) == made
        assert len(made) == 600
        # What was written there is read here.
        document = await decklog.get(f"/projects/{deck.id}")
        assert document.position >= made[-1]


async def test_who_is_not_answered_in_time_asks_again_under_the_same_id(idle: System) -> None:
    deck = await idle.person("ada").deck()
    brief = Patience(attempts=60, first=0.05, longest=0.1, timeout=0.3)
    async with (
        Client(idle.write_url, idle.read_url, idle.token("ada"), patience=brief) as decklog,
        decklog.commands() as socket,
    ):
        async with await psycopg.AsyncConnection.connect(idle.settings.dsn) as stopped:
            await stopped.execute("select position from log_head for update")
            asking = asyncio.create_task(socket.command("rename-project", project_id=deck.id, title="Once"))
            # Longer than one attempt.
            await asyncio.wait({asking}, timeout=1)
            assert not asking.done()
        answer = await asking
    assert await idle.table.positions(deck.id, deck.position) == [answer.position]


async def test_a_socket_that_may_not_come_back_says_so(idle: System) -> None:
    async with Client(idle.write_url, idle.read_url, "nonsense") as decklog, decklog.commands() as socket:
        with pytest.raises(SocketEnded, match="4401"):
            await socket.command("create-project", title="x")
