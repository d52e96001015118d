"""What PostgreSQL was asked, by its own log: nothing stands between us and it."""

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.sql import SQL, Identifier

from infra.embedded.servers import EmbeddedServers
from infra.settings import Settings

# What a process asks by itself, whoever reads: the head of the log and its epoch, liveness of connections.
BY_ITSELF = ("from log_head", "LISTEN", "listen ", "pg_notify")


@dataclass
class Statements:
    """The statements of one database."""

    log: Path
    database: str

    def mark(self) -> int:
        """Return the place up to which there is nothing new."""
        return self.log.stat().st_size

    def since(self, mark: int) -> list[str]:
        """Return the statements that began after a mark, but for what processes ask by themselves."""
        with self.log.open("rb") as file:
            file.seek(mark)
            text = file.read().decode()
        found = re.findall(rf"@{self.database} LOG:  (?:execute [^:]+|statement): (.*)", text)
        return [s for s in found if s.strip() and not any(part in s for part in BY_ITSELF)]


@asynccontextmanager
async def logged(servers: EmbeddedServers, settings: Settings) -> AsyncIterator[Statements]:
    """Let the server log the statements of the connections that are made from now on."""
    database = settings.dsn.rsplit("/", 1)[1]
    async with await psycopg.AsyncConnection.connect(servers.postgres.admin_url, autocommit=True) as admin:
        await admin.execute(SQL("alter database {} set log_statement = 'all'").format(Identifier(database)))
        yield Statements(servers.postgres._folder.log("postgres"), database)
        await admin.execute(SQL("alter database {} reset log_statement").format(Identifier(database)))
