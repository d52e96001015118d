"""Real servers for all tests: one PostgreSQL and one Valkey a test run, a database of its own for each test that asks."""

import os
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings
from psycopg.sql import SQL, Identifier

from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.http.auth import issue
from infra.postgres.migrate import migrate
from infra.settings import Settings

SECRET = "a secret of these tests, long enough for HS256"
TEMPLATE = "decklog_template"
# Tests kill processes, not machines: what was written to a file is there, whether it has reached the disk or not. Each
# test's database is made and dropped, which would wait for the disk twice. Whoever kills servers has some of their own.
HASTY = {"fsync": "off"}

# A busy machine is slow, and that is no fault of what is tested.
hypothesis_settings.register_profile(
    "patient",
    parent=hypothesis_settings(),
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
hypothesis_settings.load_profile("patient")
# Of connections that tamper with the log, which is append-only to all others.
TAMPERING = "-c decklog.rewrites=tampering"


@pytest.fixture(scope="session")
def server_folder() -> Iterator[Path]:
    """A short path: the servers put sockets there."""
    folder = Path(tempfile.mkdtemp(prefix="dl-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
async def servers(server_folder: Path) -> AsyncIterator[EmbeddedServers]:
    """PostgreSQL and Valkey, embedded, for the whole run. No test stops these."""
    folder = DataFolder.open(server_folder / "data")
    async with EmbeddedServers(folder, lambda _: None, postgres_settings=HASTY) as running:
        yield running
    folder.close()


def settings_for(servers: EmbeddedServers, database: str = "decklog", **more: object) -> Settings:
    """Return settings for a database on the test servers."""
    base = servers.database_url.rsplit("/", 1)[0]
    return Settings(
        database_url=f"{base}/{database}",
        redis_url=servers.redis_url,
        jwt_secret=SECRET,
        person_key_secret=SECRET[::-1],
        db_pool_min=4,
        db_pool_max=32,
        db_processes=4,
        **more,
    )


@pytest.fixture(scope="session")
async def template(servers: EmbeddedServers) -> str:
    """A migrated database, to be copied."""
    async with await psycopg.AsyncConnection.connect(servers.database_url, autocommit=True) as connection:
        await connection.execute(SQL("create database {}").format(Identifier(TEMPLATE)))
    await migrate(settings_for(servers, TEMPLATE))
    return TEMPLATE


@pytest.fixture
async def settings(servers: EmbeddedServers, template: str) -> AsyncIterator[Settings]:
    """Settings of a fresh, migrated database with an epoch of its own: so its Redis keys are its own too."""
    name = f"test_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(servers.database_url, autocommit=True) as connection:
        await connection.execute(
            SQL("create database {} template {}").format(Identifier(name), Identifier(template))
        )
        found = settings_for(servers, name)
        async with await psycopg.AsyncConnection.connect(found.dsn, autocommit=True) as own:
            await own.execute("update log_head set epoch = gen_random_uuid()")
        yield found
        await connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@pytest.fixture(scope="session")
def token() -> "TokenMaker":
    """Makes tokens that the test settings accept."""
    return TokenMaker()


class TokenMaker:
    """Issues tokens by user."""

    def __call__(self, user: str, *, ttl: float = 3600, scope: str = "", tier: str = "pro") -> str:
        return issue(SECRET, user, now=time.time(), ttl=ttl, scope=scope, tier=tier)


def environment(settings: Settings) -> dict[str, str]:
    """Return the environment of a process of ours that is to use these settings."""
    return {
        "PATH": os.environ["PATH"],
        "DATABASE_URL": settings.dsn,
        "REDIS_URL": str(settings.redis_url),
        "JWT_SECRET": settings.jwt_secret,
        "PERSON_KEY_SECRET": settings.person_key_secret,
        "DB_POOL_MIN": "4",
        "DB_POOL_MAX": "32",
        "DB_PROCESSES": "4",
    }
