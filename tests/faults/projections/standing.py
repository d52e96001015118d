"""Servers for a run that stands alone: PostgreSQL for the log, and a Valkey of its own to be killed."""

import asyncio
import shutil
import tempfile
from pathlib import Path

from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.embedded.valkey import EmbeddedValkey
from infra.postgres.migrate import migrate
from infra.settings import Settings
from tests.faults.projections.run import Outcome, Plan, Say, run
from tests.faults.scene import SECRET


async def audited(plan: Plan, say: Say) -> Outcome:
    """Start what a run needs, run it, and leave nothing behind."""
    folder = Path(await asyncio.to_thread(tempfile.mkdtemp, prefix="dlf-"))
    # Servers run as another account, which has to pass through.
    folder.chmod(0o755)  # noqa: ASYNC240 - nothing else runs yet
    try:
        with DataFolder.open(folder / "data") as data, DataFolder.open(folder / "valkey") as other:
            async with EmbeddedServers(data, lambda _: None) as servers:
                valkey = EmbeddedValkey(other)
                await valkey.start()
                try:
                    settings = Settings(
                        database_url=servers.database_url,
                        redis_url=valkey.url,
                        jwt_secret=SECRET,
                        person_key_secret=SECRET,
                        db_pool_min=2,
                        db_pool_max=32,
                        db_processes=4,
                        relay_heartbeat_ms=250,
                    )
                    await migrate(settings)
                    return await run(plan, settings, valkey, folder, say)
                finally:
                    await valkey.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)
