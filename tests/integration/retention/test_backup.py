"""Backups of the log and of the keys, and what comes back from them."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import psycopg
import pytest
from click.testing import Result
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from logs import one, opened, renamed
from psycopg.sql import SQL, Identifier
from retained import folder, nothing, rows, two_decks, value
from running import Person, System, eventually, system_on, working
from typer.testing import CliRunner

from commands.ports import Appended, Mismatch, Replayed
from domain.errors import NotFound
from infra.audit.audit import Trust, verify_log
from infra.audit.backup import back_up
from infra.audit.detaching import detach
from infra.audit.moving import NotEmpty
from infra.audit.restoring import Keys, restore
from infra.audit.signing import make_checkpoint
from infra.http.auth import issue
from infra.settings import Settings
from workers.cli.app import app

NO_KEYS = Keys()


@pytest.fixture
async def another(settings: Settings, template: str) -> AsyncIterator[Settings]:
    """A second fresh database."""
    name = f"test_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute(
            SQL("create database {} template {}").format(Identifier(name), Identifier(template))
        )
        url = f"{settings.dsn.rsplit('/', 1)[0]}/{name}"
        yield Settings.model_validate({**settings.model_dump(mode="json"), "database_url": url})
        await connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


class Decklog:
    """The command line on a database."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        self._patch = monkeypatch

    def __call__(self, settings: Settings, *arguments: object, code: int = 0) -> Result:
        for name in ("database_url", "redis_url", "jwt_secret", "person_key_secret"):
            self._patch.setenv(name.upper(), str(getattr(settings, name)))
        words = [str(a) for a in (*arguments, "--data-dir", self.folder)]
        result = CliRunner().invoke(app, words)
        assert result.exit_code == code, result.output
        return result

    def json(self, settings: Settings, *arguments: object) -> Any:
        return orjson.loads(self(settings, *arguments, "--json").stdout)

    async def run(self, settings: Settings, *arguments: object) -> Any:
        """The same beside what else goes on here."""
        return await asyncio.to_thread(self.json, settings, *arguments)


@pytest.fixture
def decklog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Decklog:
    return Decklog(tmp_path, monkeypatch)


def all_answers(settings: Settings) -> list[Any]:
    with psycopg.connect(settings.dsn) as connection:
        return connection.execute("select * from command_results order by command_id, caller").fetchall()


async def test_there_and_back(settings: Settings, another: Settings, tmp_path: Path, file: Path) -> None:
    folder, key = tmp_path / "backup", Ed25519PrivateKey.generate()
    trail = tmp_path / "checkpoints.ndjson"
    async with two_decks(settings) as (_, goes, stays):
        assert make_checkpoint(settings, key, trail, nothing)[0] is not None
        detach(settings, goes.id, file, nothing)
        made = back_up(settings, folder, nothing)
    assert (made.position, made.events, made.checkpoints, made.verified) == (25, 25, 1, True)
    assert made.answers == len(all_answers(settings)) > 10
    assert sorted(p.name for p in folder.iterdir()) == [
        "answers.ndjson",
        "backup.json",
        "checkpoints.ndjson",
        "log.ndjson",
        "persons.ndjson",
    ]

    done = restore(another, folder, NO_KEYS, nothing)
    assert rows(another) == rows(settings)
    assert all_answers(another) == all_answers(settings)
    head = "select row(position, recorded_at)::text from log_head"
    assert value(another, head) == value(settings, head)
    assert (
        value(another, "select epoch from log_head")
        == done.epoch
        != value(settings, "select epoch from log_head")
    )
    assert not verify_log(another, Trust(key.public_key(), trail, every=True), nothing).findings
    async with opened(another) as log:
        # It goes on: a repeat gets its answer, a detached project takes nothing, the rest does.
        caller, command, *_ = all_answers(settings)[0]
        assert isinstance(await log.answered(caller, command), Replayed)
        with pytest.raises(NotFound):
            await log.append(one(goes.id, goes.version + 1, renamed(goes.id, goes.version + 2)))
        assert isinstance(await log.append(one(stays.id, 3, renamed(stays.id, 4))), Appended)
        assert isinstance(await log.append(one(stays.id, 3, renamed(stays.id, 4))), Mismatch)


async def test_only_an_empty_database_is_filled(
    settings: Settings, another: Settings, tmp_path: Path
) -> None:
    folder = tmp_path / "backup"
    async with two_decks(settings):
        back_up(settings, folder, nothing)
    with pytest.raises(NotEmpty):
        restore(settings, folder, NO_KEYS, nothing)
    for some in (
        "insert into person_keys (person, generation, key) values ('eve', 1, 'x') returning 1",
        "delete from person_keys returning 1",
        "insert into projection_checkpoints (model, partition, position) values ('projects', 0, 3) returning 1",
    ):
        value(another, some)
        if "insert" in some:
            with pytest.raises(NotEmpty):
                restore(another, folder, NO_KEYS, nothing)
    value(another, "delete from projection_checkpoints returning 1")
    assert restore(another, folder, NO_KEYS, nothing).position == 24


@pytest.mark.parametrize(
    "harm", ["log.ndjson", "answers.ndjson", "persons.ndjson", "checkpoints.ndjson", "gone", "manifest"]
)
async def test_a_harmed_backup_is_refused_whole(
    settings: Settings, another: Settings, tmp_path: Path, decklog: Decklog, harm: str
) -> None:
    folder = tmp_path / "backup"
    async with two_decks(settings):
        back_up(settings, folder, nothing)
    if harm == "gone":
        (folder / "answers.ndjson").unlink()
    elif harm == "manifest":
        (folder / "backup.json").write_text("{}")
    else:
        with (folder / harm).open("ab") as harmed:
            harmed.write(b"{}\n")
    before = value(another, "select epoch from log_head")
    said = await asyncio.to_thread(decklog, another, "restore", folder, code=1)
    assert "backup" in said.output
    assert rows(another) == all_answers(another) == []
    assert value(another, "select epoch from log_head") == before


async def test_a_log_that_does_not_verify_is_backed_up_and_not_restored(
    settings: Settings, another: Settings, tmp_path: Path, decklog: Decklog
) -> None:
    async with two_decks(settings):
        value(settings, "update stored_events set state = '{}' where notification_id = 7 returning 1")
    said = await asyncio.to_thread(decklog, settings, "backup", "--out", tmp_path / "b", code=1)
    assert "does not verify" in said.output
    said = await asyncio.to_thread(decklog, another, "restore", tmp_path / "b", code=1)
    assert "nothing was restored" in said.output
    assert rows(another) == []


async def test_what_is_asked_wrongly(settings: Settings, tmp_path: Path, decklog: Decklog) -> None:
    def complaint(*words: object) -> str:
        return decklog(settings, *words, code=1).output

    assert "say where to" in await asyncio.to_thread(complaint, "backup")
    assert "log is empty" in await asyncio.to_thread(complaint, "backup", "--out", tmp_path / "b")
    async with two_decks(settings):
        out = ("backup", "--out", tmp_path / "b")
        assert "out of the folder" in await asyncio.to_thread(complaint, *out, "--keys", tmp_path / "b" / "k")
        assert (await decklog.run(settings, *out))["events"] == 24
        assert "is there already" in await asyncio.to_thread(complaint, *out)
        (tmp_path / "c.part").mkdir()
        assert "left over" in await asyncio.to_thread(complaint, "backup", "--out", tmp_path / "c")
        await decklog.run(settings, "backup", "--keys", tmp_path / "k")
        assert "exists" in await asyncio.to_thread(complaint, "backup", "--keys", tmp_path / "k")
        assert "no backup" in await asyncio.to_thread(complaint, "restore", tmp_path)


def named(system: System, user: str) -> Person:
    token = issue(
        system.settings.jwt_secret,
        user,
        now=time.time(),
        ttl=3600,
        name=f"Name of {user}",
        email=f"{user}@x.org",
    )
    return Person(system, user, token)


async def names(system: System, users: list[str], decks: dict[str, str]) -> dict[str, Any]:
    """What history says of each person who made a deck: the name, None, or `shredded`."""
    found = {}
    for user in users:
        person = named(system, user)

        async def history(person: Person = person, user: str = user) -> Any:
            answer = await person.get(f"/api/projects/{decks[user]}/history")
            return answer.json()["items"] if answer.status_code == 200 else None

        actor = (await eventually(history))[0]["actor"]
        found[user] = "shredded" if actor.get("shredded") else actor["name"]
    return found


async def test_keys_come_back_but_those_that_were_dropped(
    settings: Settings, another: Settings, tmp_path: Path, decklog: Decklog
) -> None:
    users = ["ada", "bob", "cyd"]
    decks: dict[str, str] = {}
    async with system_on(settings) as system:
        for user in users:
            decks[user] = (await named(system, user).deck()).id
        keys = tmp_path / "keys.ndjson"
        told = await decklog.run(settings, "backup", "--keys", keys)
        assert told == {"keys": 3}
        assert keys.stat().st_mode & 0o777 == 0o600
        # One is shredded before the log is backed up, one after: only the data folder's file knows of that.
        await decklog.run(settings, "audit", "shred", "ada", "--yes")
        await decklog.run(settings, "backup", "--out", tmp_path / "backup")
        await decklog.run(settings, "audit", "shred", "bob", "--yes")
        assert await names(system, users, decks) == {
            "ada": "shredded",
            "bob": "shredded",
            "cyd": "Name of cyd",
        }
    assert b'"key"' not in (tmp_path / "backup" / "persons.ndjson").read_bytes()

    said = await asyncio.to_thread(decklog, another, "restore", tmp_path / "backup", code=1)
    assert "keys of 1 persons are in no file: cyd (1)" in said.output
    stranger = another.model_copy(update={"person_key_secret": "s" * 40})
    said = await asyncio.to_thread(decklog, stranger, "restore", tmp_path / "backup", "--keys", keys, code=1)
    assert "PERSON_KEY_SECRET" in said.output
    assert rows(another) == []

    told = await decklog.run(another, "restore", tmp_path / "backup", "--keys", keys)
    assert (told["keys"], told["shredded"], told["lost"]) == (1, 2, 0)
    async with system_on(another) as system, working(another):
        assert await names(system, users, decks) == {
            "ada": "shredded",
            "bob": "shredded",
            "cyd": "Name of cyd",
        }
        # Whoever was shredded and comes back gets a key of another generation.
        ada = named(system, "ada")
        await ada.do("rename-project", project_id=decks["ada"], title="Back")
        events = await ada.all_pages(f"/api/projects/{decks['ada']}/history")
        assert [e["actor"]["name"] for e in events][-1] == "Name of ada"
        assert await system.table.rows(
            "select generation from person_keys where key is not null order by person"
        ) == [
            (2,),
            (1,),
        ]
        head = (await ada.see(f"/api/projects/{decks['ada']}", min_position=events[-1]["position"]))["title"]
        assert head == "Back"


async def test_without_keys_what_they_sealed_is_shredded(
    settings: Settings, another: Settings, tmp_path: Path, decklog: Decklog
) -> None:
    async with system_on(settings) as system:
        deck = (await named(system, "ada").deck()).id
        await decklog.run(settings, "backup", "--out", tmp_path / "backup")
    told = await decklog.run(another, "restore", tmp_path / "backup", "--without-keys")
    assert (told["keys"], told["shredded"], told["lost"]) == (0, 1, 1)
    async with system_on(another) as system:
        assert await names(system, ["ada"], {"ada": deck}) == {"ada": "shredded"}


async def test_a_backup_under_writers_is_of_one_position(
    settings: Settings, another: Settings, tmp_path: Path
) -> None:
    async with system_on(settings) as system:
        people = [system.person() for _ in range(4)]
        decks = [await p.deck(slides=1) for p in people]
        stop = asyncio.Event()

        async def busy(deck: Any) -> None:
            n = 0
            while not stop.is_set():
                n += 1
                key = {"Idempotency-Key": str(uuid4())}
                fields = {"project_id": deck.id, "title": f"Title {n}"}
                assert (await deck.owner.post("rename-project", fields, **key)).status_code == 200

        writing = [asyncio.create_task(busy(d)) for d in decks]
        made = await asyncio.to_thread(back_up, settings, tmp_path / "backup", nothing)
        stop.set()
        await asyncio.gather(*writing)
    assert made.verified
    restore(another, tmp_path / "backup", NO_KEYS, nothing)
    assert value(another, "select position from log_head") == made.position
    # Every renaming up to there has its answer, and none after it has.
    missing = (
        "select count(*) from stored_events e where topic = 'decklog.project.renamed'"
        " and not exists (select from command_results r where r.command_id = e.command_id)"
    )
    assert value(another, missing) == 0
    assert (
        value(another, "select count(*) from command_results where base >= (select position from log_head)")
        == 0
    )
    assert folder(tmp_path / "backup") == ["backup"]
