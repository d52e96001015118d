"""`decklog up`: everything, on one machine."""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from hashlib import sha256
from importlib.resources import files
from pathlib import Path
from typing import Annotated
from urllib.parse import urlencode

import typer

from decklog import Client
from infra.embedded.errors import EmbeddedError
from infra.embedded.folder import Connections, DataFolder
from infra.embedded.ports import free_port, require_free
from infra.embedded.servers import EmbeddedServers
from infra.embedded.supervisor import ChildSpec, Supervisor
from infra.http.auth import issue
from infra.postgres.migrate import migrate, writer_role
from infra.settings import Environment, Settings, child_environment
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, run

PATIENCE = 60.0
USER = "you"
TOKEN_DAYS = 30
CONNECTIONS = {"max_connections": "300"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What to start, and where."""

    data_dir: Path
    write_port: int
    read_port: int
    metrics_port: int
    as_json: bool

    @property
    def write_url(self) -> str:
        """The address of the write API."""
        return f"http://127.0.0.1:{self.write_port}"

    @property
    def read_url(self) -> str:
        """The address of the read API."""
        return f"http://127.0.0.1:{self.read_port}"

    @property
    def metrics_url(self) -> str:
        """The address of the workers' metrics and health; the APIs tell theirs at their own ports."""
        return f"http://127.0.0.1:{self.metrics_port}"

    def announce(self, line: str) -> None:
        """Tell the operator something, apart from the answer; who closed the terminal is told nothing."""
        with suppress(OSError):
            typer.echo(line, err=self.as_json)


def up(
    write_port: Annotated[int, typer.Option(help="Of the write API.", min=1, max=65_535)] = 8001,
    read_port: Annotated[int, typer.Option(help="Of the read API.", min=1, max=65_535)] = 8002,
    metrics_port: Annotated[
        int | None,
        typer.Option(help="Of the workers' metrics and health; by default any.", min=1, max=65_535),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Start PostgreSQL, Valkey, both APIs and the workers; stop them all on Ctrl-C."""
    run(_up(data_dir.resolve(), write_port, read_port, metrics_port, as_json=as_json))


@asynccontextmanager
async def _servers(plan: Plan, folder: DataFolder) -> AsyncIterator[tuple[str, str]]:
    """Yield the addresses of PostgreSQL and Redis: the environment's, or those of embedded servers."""
    said = Environment()
    if said.database_url and said.redis_url:
        yield said.database_url, said.redis_url
        return
    if said.database_url or said.redis_url:
        raise EmbeddedError("set both DATABASE_URL and REDIS_URL, or neither")
    async with EmbeddedServers(folder, plan.announce, postgres_settings=CONNECTIONS) as servers:
        yield servers.database_url, servers.redis_url


async def _up(
    data_dir: Path, write_port: int, read_port: int, metrics_port: int | None, *, as_json: bool
) -> None:
    stop = asyncio.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(signum, stop.set)
    require_free(write_port, "write API")
    require_free(read_port, "read API")
    if metrics_port is not None:
        require_free(metrics_port, "metrics")
    plan = Plan(data_dir, write_port, read_port, metrics_port or free_port(), as_json)
    plan.announce(f"decklog: starting in {plan.data_dir}")
    with DataFolder.open(plan.data_dir) as folder:
        async with _servers(plan, folder) as (database_url, redis_url):
            said = Environment()
            secret = said.jwt_secret or folder.jwt_secret
            keys = said.person_key_secret or folder.person_key_secret
            folder.publish(
                Connections(database_url, redis_url, secret, keys, plan.write_url, plan.read_url, os.getpid())
            )
            settings = Settings(
                database_url=database_url, redis_url=redis_url, jwt_secret=secret, person_key_secret=keys
            )
            for name in await migrate(settings):
                plan.announce(f"decklog: applied migration {name}")
            await _run_processes(plan, settings, folder, stop)
        plan.announce("decklog: stopped")


def _child(plan: Plan, settings: Settings, name: str, port: int | None, role: str | None = None) -> ChildSpec:
    environment = child_environment(
        DATABASE_URL=settings.dsn,
        REDIS_URL=str(settings.redis_url),
        JWT_SECRET=settings.jwt_secret,
        PERSON_KEY_SECRET=settings.sealing_secret,
        WRITE_PUBLIC_URL=plan.write_url,
        CORS_ORIGINS=f"{plan.read_url},http://localhost:{plan.read_port}",
        PYTHONUNBUFFERED="1",
        # Whatever the environment says: the APIs answer /metrics on their own ports here.
        METRICS_PORT="0",
        METRICS_HOST="127.0.0.1",
        **({"DB_ROLE": role} if role else {}),
    )
    argv = [sys.executable, "-m", "workers.cli", "serve", name]
    if port is not None:
        argv += ["--port", str(port)]
    else:
        argv += ["--metrics-port", str(plan.metrics_port)]
    health = f"http://127.0.0.1:{port or plan.metrics_port}/api/health"
    return ChildSpec(name, argv, environment, health)


async def _run_processes(plan: Plan, settings: Settings, folder: DataFolder, stop: asyncio.Event) -> None:
    supervisor = Supervisor(
        [
            # What it writes with may append to the log, and not change it.
            _child(plan, settings, "write", plan.write_port, await writer_role(settings)),
            _child(plan, settings, "read", plan.read_port),
            _child(plan, settings, "workers", None),
        ],
        plan.announce,
        log_dir=folder.path / "logs",
    )
    await supervisor.start()
    try:
        healthy = asyncio.create_task(supervisor.wait_healthy(PATIENCE))
        stopping = asyncio.create_task(stop.wait())
        await asyncio.wait({healthy, stopping}, return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        if stop.is_set():
            healthy.cancel()
            return
        healthy.result()
        await _welcome(plan, settings)
        await supervisor.run_until(stop)
    finally:
        await supervisor.stop()


async def _welcome(plan: Plan, settings: Settings) -> None:
    token = issue(settings.jwt_secret, USER, now=time.time(), ttl=TOKEN_DAYS * 86_400, tier="pro")
    project = await _sample(plan, token)
    link = f"{plan.read_url}/#{urlencode({'token': token, 'project': project})}"
    if plan.as_json:
        told = {
            "write_url": plan.write_url,
            "read_url": plan.read_url,
            "metrics_url": plan.metrics_url,
            "token": token,
            "project_id": project,
        }
        typer.echo(json.dumps({**told, "user": USER, "studio": link}))
        return
    typer.echo(
        f"""
Decklog is up.

  studio      {plan.read_url}/
  write API   {plan.write_url}/openapi.json
  read API    {plan.read_url}/openapi.json
  metrics     {plan.write_url}/metrics, {plan.read_url}/metrics, {plan.metrics_url}/metrics
  data        {plan.data_dir}

  your token (user "{USER}", {TOKEN_DAYS} days):

export TOKEN={token}

  the sample project, ready to edit:

{link}

Stop with Ctrl-C.
"""
    )


async def _sample(plan: Plan, token: str) -> str:
    """Import the sample deck once: the repeat of a command gets its first answer again."""
    text = (files("workers.cli") / "sample.md").read_text("utf-8")
    key = f"sample {sha256(text.encode()).hexdigest()[:16]}"
    async with Client(plan.write_url, plan.read_url, token) as decklog:
        return (await decklog.command("import-markdown", key=key, text=text)).project_id
