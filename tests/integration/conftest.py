"""What integration tests share. Their helpers are found beside this file: test folders are no packages."""

import shutil
import sys
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from psycopg.sql import SQL, Identifier

from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.embedded.valkey import EmbeddedValkey
from infra.settings import Settings

sys.path.insert(0, str(Path(__file__).parent))

from running import System, system_on, working


@asynccontextmanager
async def own_database(servers: EmbeddedServers, template: str) -> AsyncIterator[Settings]:
    """A migrated database that outlives one test."""
    name = f"shared_{uuid4().hex[:12]}"
    base = servers.database_url.rsplit("/", 1)[0]
    async with await psycopg.AsyncConnection.connect(servers.database_url, autocommit=True) as connection:
        await connection.execute(
            SQL("create database {} template {}").format(Identifier(name), Identifier(template))
        )
        found = Settings(
            database_url=f"{base}/{name}",
            redis_url=servers.redis_url,
            jwt_secret=uuid4().hex,
            person_key_secret=uuid4().hex,
            db_pool_min=4,
            db_pool_max=40,
            db_processes=4,
            relay_heartbeat_ms=250,
        )
        async with await psycopg.AsyncConnection.connect(found.dsn, autocommit=True) as own:
            await own.execute("update log_head set epoch = gen_random_uuid()")
        yield found
        await connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


@pytest.fixture(scope="session")
async def system(servers: EmbeddedServers, template: str) -> AsyncIterator[System]:
    """Both APIs and workers, for tests that leave them running."""
    async with own_database(servers, template) as settings, working(settings), system_on(settings) as running:
        yield running


@pytest.fixture(scope="session")
async def idle(servers: EmbeddedServers, template: str) -> AsyncIterator[System]:
    """Both APIs, and no worker anywhere."""
    async with own_database(servers, template) as settings, system_on(settings) as running:
        yield running


@pytest.fixture(scope="session")
async def spare() -> AsyncIterator[EmbeddedValkey]:
    """A Valkey to flush and to kill; who kills it starts it again."""
    path = Path(tempfile.mkdtemp(prefix="dl-spare-"))
    path.chmod(0o755)  # noqa: ASYNC240 - nothing else runs yet
    with DataFolder.open(path / "data") as folder:
        valkey = EmbeddedValkey(folder)
        await valkey.start()
        yield valkey
        await valkey.stop()
    shutil.rmtree(path, ignore_errors=True)


@pytest.fixture
def settings_on_spare(settings: Settings, spare: EmbeddedValkey) -> Settings:
    """A fresh database whose Redis may be hurt."""
    return settings.model_copy(
        update={
            "redis_url": Settings.model_validate({**settings.model_dump(), "redis_url": spare.url}).redis_url
        }
    )
