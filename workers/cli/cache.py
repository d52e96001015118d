"""`decklog cache stats|clear|url`."""

from typing import Annotated, Any
from uuid import UUID

import orjson
import typer

from infra.bootstrap import worker_side
from infra.postgres.listener import notify
from infra.redis import cache_stats, clearing
from infra.settings import Settings
from read_api.cache_report import report
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run

app = typer.Typer(help="The cache.", no_args_is_help=True)


@app.command("url")
def redis_url(data_dir: DataDir = DEFAULT_DIR) -> None:
    """Print the address of Redis with its credentials, for redis-cli and the like."""
    typer.echo(str(found_settings(data_dir).redis_url))


@app.command("stats")
def stats(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show what the caches of all read processes did since these started: hit ratios, sizes, losses."""
    found = run(_stats(found_settings(data_dir)))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    typer.echo(f"{found['processes']} read processes")
    names = ("l1", "stale", "l2", "joined", "tables", "missing")
    typer.echo(f"{'':12} {'hits':>7} " + " ".join(f"{name:>10}" for name in names))
    counts = found["counts"]
    for kind, of_kind in [*counts["kinds"].items(), ("all", counts["total"])]:
        ratio = "-" if of_kind["hit_ratio"] is None else f"{of_kind['hit_ratio']:.1%}"
        typer.echo(f"{kind:12} {ratio:>7} " + " ".join(f"{of_kind[name]:>10,}" for name in names))
    for title in ("l1", "redis", "server"):
        typer.echo(f"{title}: " + ", ".join(f"{name} {value:,}" for name, value in found[title].items()))


async def _stats(settings: Settings) -> dict[str, Any]:
    side = worker_side(settings)
    await side.start()
    try:
        told = await cache_stats.told(side.redis, await side.keys())
        return {**report(told), "server": await cache_stats.server(side.redis)}
    finally:
        await side.stop()


@app.command("clear")
def clear(
    pattern: Annotated[
        str | None,
        typer.Argument(help="A glob of cached documents' keys, such as 'doc:*', 'doc:*:project'."),
    ] = None,
    project: Annotated[
        UUID | None, typer.Option(help="All that is cached of a project, without looking for it.")
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Clear cached documents, in Redis and in every read process. Reads are right without it: see `stats`."""
    if (pattern is None) == (project is None):
        fail("name either a PATTERN or a --project")
    done = run(_clear(found_settings(data_dir), pattern, project))
    if as_json:
        typer.echo(orjson.dumps(done).decode())
    elif done["removed"] is None:
        typer.echo(f"nothing is believed any more of what matches {done['pattern']}")
    else:
        typer.echo(f"removed {done['removed']:,} documents that match {done['pattern']}")


async def _clear(settings: Settings, pattern: str | None, project: UUID | None) -> dict[str, Any]:
    side = worker_side(settings)
    await side.start()
    try:
        keys = await side.keys()
        removed = None
        if project is not None:
            full = await clearing.renew(side.redis, keys, project)
        else:
            full = clearing.full_pattern(keys, pattern or "")
            removed = await clearing.clear(side.redis, full)
        # Then the processes, which would else have taken it from Redis again.
        await notify(settings, clearing.CHANNEL, full)
        return {"pattern": full, "removed": removed}
    finally:
        await side.stop()
