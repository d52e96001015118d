"""A small `up`: the embedded servers of a folder until SIGINT or SIGTERM; tells on standard output how to reach them."""

import asyncio
import json
import os
import signal
import sys
from pathlib import Path

from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import DataFolder
from infra.embedded.servers import EmbeddedServers
from infra.embedded.supervisor import ChildSpec, Supervisor


def _announce(line: str) -> None:
    print(json.dumps({"announce": line}), flush=True)


async def _main(path: Path, elsewhere: Path) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    child = ChildSpec("sleeper", [sys.executable, "-c", "import time; time.sleep(600)"], {}, None)
    with DataFolder.open(path, elsewhere=elsewhere) as folder:
        async with EmbeddedServers(folder, _announce) as servers:
            supervisor = Supervisor([child], _announce, log_dir=folder.path / "logs")
            await supervisor.start()
            facts = {
                "pid": os.getpid(),
                "database_url": servers.database_url,
                "redis_url": servers.redis_url,
                "pids": [servers.postgres_pid, servers.valkey_pid, *supervisor.pids.values()],
                "program": str(folder.home.programs.postgres),
            }
            print(json.dumps(facts), flush=True)
            await supervisor.run_until(stop)
            await supervisor.stop()


if __name__ == "__main__":
    try:
        asyncio.run(_main(Path(sys.argv[1]), Path(sys.argv[2])))
    except EmbeddedError as error:
        sys.exit(str(error))
