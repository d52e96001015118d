"""The log is append-only: by a trigger, and by the rights of the role that write processes take."""

import psycopg
import pytest
from running import looking, serving_write, system_on

from infra.postgres.migrate import writer_role
from infra.postgres.roles import WRITER
from infra.settings import Settings
from tests.conftest import TAMPERING

REWRITES = (
    "update stored_events set state = 'x'",
    "delete from stored_events",
    "truncate stored_events",
    "update stored_events set hash = hash where false",
)


@pytest.mark.parametrize("statement", REWRITES)
def test_nobody_changes_the_log_without_saying_so(settings: Settings, statement: str) -> None:
    with psycopg.connect(settings.dsn) as connection, pytest.raises(psycopg.errors.RestrictViolation):
        connection.execute(statement.encode())


@pytest.mark.parametrize(
    "statement",
    [
        *REWRITES,
        "alter table stored_events disable trigger stored_events_append_only",
        "drop trigger stored_events_append_only on stored_events",
        "create or replace function refuse_rewrite() returns trigger language plpgsql as 'begin return null; end'",
        "update person_keys set key = null",
        "delete from log_checkpoints",
        "delete from log_head",
        "insert into detached_projects values (gen_random_uuid(), 1)",
        "insert into token_revocations (jti, reason, expires_at) values ('x', 'y', now())",
        "create table mine (i int)",
    ],
)
def test_a_write_process_may_not_even_if_it_says_so(settings: Settings, statement: str) -> None:
    options = f"-c role={WRITER} {TAMPERING}"
    with (
        psycopg.connect(settings.dsn, options=options) as connection,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        connection.execute(statement.encode())


async def test_a_write_process_does_all_its_work_with_these_rights(settings: Settings) -> None:
    assert await writer_role(settings) == WRITER
    bound = settings.model_copy(update={"db_role": WRITER, "snapshot_every": 2})
    async with looking(settings) as table, system_on(settings) as own, serving_write(bound) as url:
        own.write_url = url
        ada = own.person(tier="free")
        deck = await ada.deck(slides=1, texts=1)
        for n in range(4):
            await deck.change("edit-block", block_id=deck.blocks[1], changes={"text": f"{n}"})
        await deck.change("undo")
        await deck.change("open-comment", text="Why?")
        await deck.change("branch-project")
        job = await ada.post("request-image", {"project_id": deck.id, "prompt": "a river"})
        assert job.status_code == 202, job.text
        sent = await own.client.post(
            f"{url}/api/assets?project_id={deck.id}",
            content=b"a file",
            headers={**ada.headers, "Content-Type": "text/plain"},
        )
        assert sent.status_code == 201, sent.text
        roles = await table.rows("select distinct rolname from pg_roles where rolname = %s", WRITER)
        assert roles == [(WRITER,)]
