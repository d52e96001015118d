"""A read model forgets one project: its rows go, and those of others stay."""

from collections import Counter
from uuid import UUID

from logs import append_all, opened
from running import System, system_on, working

from infra.bootstrap import worker_side
from infra.settings import Settings
from tests.support.making import joined

OF_PROJECTS = ("project_rows", "member_rows", "block_rows", "version_rows", "thread_rows", "reply_rows", "session_rows")  # fmt: skip


async def rows_by_project(system: System) -> dict[str, Counter[str]]:
    return {
        table: Counter(str(p) for (p,) in await system.table.rows(f"select project_id from {table}"))
        for table in OF_PROJECTS
    }


async def test_a_project_is_forgotten_and_no_other(settings: Settings) -> None:
    async with system_on(settings) as system, working(settings):
        ada = system.person()
        decks = [await ada.deck(slides=1, texts=1) for _ in range(2)]
        theme = (await ada.do("define-theme", name="Ours"))["result"]["theme_id"]
        for n, deck in enumerate(decks):
            await deck.change("name-version", name="First")
            thread = (await deck.change("open-comment", text="Why?"))["result"]["thread_id"]
            await deck.change("reply-comment", thread_id=thread, text="So.")
            await deck.change("apply-theme", theme_id=theme)
            async with opened(settings) as log:
                await append_all(log, UUID(deck.id), [joined(UUID(int=n + 1), UUID(deck.id))])
        await system.table.caught_up()
        before = await rows_by_project(system)
        gone, kept = (deck.id for deck in decks)
        assert all(set(rows) == {gone, kept} for rows in before.values())

        side = worker_side(settings)
        await side.start()
        try:
            async with side.database.transaction() as session:
                for model in side.models:
                    await model.forget(session, UUID(gone))
        finally:
            await side.stop()

        after = await rows_by_project(system)
        assert after == {table: Counter({kept: rows[kept]}) for table, rows in before.items()}
        # Themes belong to users.
        assert await system.table.value("select count(*) from theme_rows") == 1
