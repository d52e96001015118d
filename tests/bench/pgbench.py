"""pgbench as a yardstick: single-row inserts, a transaction each."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from tests.bench.budgets import Measured
from tests.bench.tools import PGBENCH, ToolFailed, run_tool

# The stored state of the row that is inserted; what is compared with it appends events of this size.
STATE = (
    b'{"text":"hello world, this is a typical block edit with a few hundred bytes inside of it,'
    b' so that the size is realistic"'
)

TABLE = """
create table ev (
    originator_id uuid not null, originator_version bigint not null, notification_id bigserial unique,
    topic text, state bytea, primary key (originator_id, originator_version)
)
"""
SCRIPT = rf"""\set n random(1, 1000000000)
insert into ev(originator_id, originator_version, topic, state) values (gen_random_uuid(), :n, 'domain.block.BlockEdited', '\x{STATE.hex()}')
"""


@dataclass(frozen=True, slots=True)
class Pgbench:
    """Single-row inserts into a table of their own."""

    dsn: str
    script: Path

    @classmethod
    async def prepare(cls, dsn: str, folder: Path) -> "Pgbench":
        """Make table and script."""
        async with await psycopg.AsyncConnection.connect(dsn, autocommit=True) as connection:
            await connection.execute(TABLE)
        script = folder / "single.sql"
        script.write_text(SCRIPT, "ascii")
        return cls(dsn, script)

    async def measure(self, clients: int, seconds: int) -> Measured:
        """Insert with some clients.

        Raises:
            ToolFailed: it failed, or transactions did.
        """
        server = conninfo_to_dict(self.dsn)
        text = await run_tool(
            PGBENCH,
            [
                *("-n", "-M", "prepared", "-c", str(clients), "-j", str(min(clients, 2)), "-T", str(seconds)),
                *("-f", str(self.script)),
                *("-h", str(server["host"]), "-p", str(server["port"]), "-U", str(server["user"])),
                str(server["dbname"]),
            ],
            seconds,
            env={"PATH": os.environ["PATH"], "PGPASSWORD": str(server["password"]), "PGSSLMODE": "disable"},
        )
        rate = re.search(r"^tps = ([\d.]+) \(without", text, re.MULTILINE)
        latency = re.search(r"^latency average = ([\d.]+) ms", text, re.MULTILINE)
        failed = re.search(r"^number of failed transactions: (\d+)", text, re.MULTILINE)
        if rate is None or latency is None or (failed and int(failed[1])):
            raise ToolFailed(f"pgbench says: {text[-300:]}")
        return {"rate": float(rate[1]), "latency_ms": float(latency[1])}
