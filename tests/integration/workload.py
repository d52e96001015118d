"""Work on decks in every way there is, and what the read tables have to be after it."""

import asyncio
import random
from typing import Any

from running import Deck, Person, System, looking

from infra.bootstrap import read_models, worker_side
from infra.settings import Settings

TABLES = tuple(table for model in read_models() for table in model.tables)


async def rows_of(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    async with looking(settings) as table:
        return {name: await table.rows(f"select * from {name} t order by t::text") for name in TABLES}


async def folded(settings: Settings) -> dict[str, list[tuple[Any, ...]]]:
    """What the rows have to be: the whole log folded in one go into the tables of another schema."""
    side = worker_side(settings)
    await side.start()
    try:
        async with side.database.transaction() as session:
            for name in TABLES:
                await session.execute(
                    f"create temporary table {name} (like public.{name} including all) on commit drop"
                )
            events = await side.log.after(0, 100_000)
            for model in side.models:
                await model.apply(session, events)
            return {
                name: await session.fetch(f"select * from pg_temp.{name} t order by t::text")
                for name in TABLES
            }
    finally:
        await side.stop()


async def check_rows(settings: Settings) -> None:
    """Every event is in the rows, once: versions count events, and rows equal one fold of the log."""
    assert await rows_of(settings) == await folded(settings)
    async with looking(settings) as table:
        wrong = await table.rows(
            "select originator_id from stored_events s left join"
            " (select project_id as id, version, position from project_rows"
            "  union all select block_id, version, position from block_rows"
            "  union all select theme_id, version, position from theme_rows"
            "  union all select thread_id, version, position from thread_rows) r on r.id = s.originator_id"
            " group by originator_id having count(*) <> min(r.version) or max(notification_id) <> min(r.position)"
            " or count(r.version) = 0"
        )
    assert wrong == []


async def busy_beside(deck: Deck, picked: random.Random, rounds: int) -> None:
    """Do to a deck what does not change its blocks."""
    person = deck.owner
    theme = (await person.do("define-theme", name=f"Theme of {person.user}"))["result"]["theme_id"]
    thread = (await deck.change("open-comment", text="First", block_id=deck.blocks[1]))["result"]["thread_id"]
    await deck.change("name-version", name="First")
    await deck.change("reply-comment", thread_id=thread, text="First reply")
    for n in range(rounds):
        match picked.randrange(4):
            case 0:
                await deck.change("name-version", name=f"Version {n}")
            case 1:
                await person.do("revise-theme", theme_id=theme, name=f"Theme {n}")
                await deck.change("apply-theme", theme_id=picked.choice([theme, None]))
            case 2:
                await deck.change("reply-comment", thread_id=thread, text=f"reply {n}")
            case _:
                await deck.change("resolve-comment", thread_id=thread, resolved=picked.choice([True, False]))


async def busy(person: Person, picked: random.Random, rounds: int) -> None:
    """Work on a deck in every way there is."""
    deck = await person.deck(slides=3, texts=1)
    for n in range(rounds):
        block = picked.choice(deck.blocks)
        slides = deck.blocks[::2]
        match picked.randrange(7):
            case 0:
                await deck.change("rename-project", title=f"Title {n}")
            case 1:
                await deck.change(
                    "grant-access", user=f"member {n % 3}", role=picked.choice(["viewer", "editor"])
                )
            case 2:
                await deck.change("revoke-access", user=f"member {n % 3}")
            case 3:
                await deck.add("text", {"text": f"text {n}"}, slides[0])
                deck.blocks.pop()
            case 4:
                await deck.change("move-block", block_id=slides[1], before_id=slides[picked.choice([0, 2])])
            case 5:
                await deck.change("delete-block", block_id=deck.blocks[1])
                await deck.change("undelete-block", block_id=deck.blocks[1])
            case _:
                field = "title" if block in slides else "text"
                await deck.change("edit-block", block_id=block, changes={field: f"words {n}"})
    await busy_beside(deck, picked, rounds // 2)


async def all_busy(system: System, rounds: int = 12, writers: int = 8) -> None:
    await asyncio.gather(
        *(busy(system.person(), random.Random(n), rounds) for n in range(writers))  # noqa: S311
    )
