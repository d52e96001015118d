"""`decklog rate-limit show|reset|block|unblock|stats`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any

import orjson
import typer
from psycopg_pool import AsyncConnectionPool
from redis.asyncio import Redis
from rich.console import Console
from rich.table import Table

from infra.gate import limiter_on, limiter_redis
from infra.http.addresses import UNKNOWN, canonical
from infra.limits.answers import Asker
from infra.limits.counts import summed
from infra.limits.keys import LimitKeys
from infra.limits.limiter import Limiter
from infra.limits.quota import document
from infra.limits.rules import Tier
from infra.limits.telling import told
from infra.postgres.blocks import ADDRESS, USER, Blocks
from infra.postgres.connections import Connection, pool
from infra.postgres.epochs import current_epoch
from infra.redis.windows import WindowsAway
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run
from workers.cli.tokens import seconds

app = typer.Typer(help="Look after rate limits.", no_args_is_help=True)

User = Annotated[str | None, typer.Argument(help="A user (`sub`).")]
Address = Annotated[str | None, typer.Option("--ip", help="An address instead of a user.")]


@dataclass(frozen=True, slots=True)
class Desk:
    """What the verbs work with."""

    limiter: Limiter
    blocks: Blocks
    pool: AsyncConnectionPool[Connection]
    redis: Redis
    keys: LimitKeys


@asynccontextmanager
async def _desk(settings: Settings) -> AsyncIterator[Desk]:
    async with pool(settings, "rate limits") as connections, limiter_redis(settings) as redis:
        epoch = await current_epoch(connections)
        limiter = limiter_on(settings, connections, redis)
        limiter.begin(epoch)
        await limiter.look()
        try:
            yield Desk(limiter, Blocks(connections), connections, redis, LimitKeys.of(epoch))
        except WindowsAway as away:
            fail(f"the limiter's Redis: {away.__cause__ or away}")
        finally:
            await limiter.close()


def _subject(user: str | None, address: str | None) -> str:
    if (user is None) == (address is None):
        fail("name either a USER or an --ip")
    if user is not None:
        return USER + user
    found = canonical(address or "")
    if found == UNKNOWN:
        fail(f"--ip {address}: is no address")
    return ADDRESS + found


async def _show(settings: Settings, user: str, tier: Tier) -> dict[str, Any]:
    async with _desk(settings) as desk:
        asker = Asker(user, tier, UNKNOWN)
        shown = document(asker, await desk.limiter.standings(asker))
        block = (await desk.blocks.standing()).get(USER + user)
        shown["blocked"] = block and {
            "until": block.until.isoformat(),
            "automatic": block.automatic,
            "offences": block.offences,
            "reason": block.reason,
        }
        return shown


@app.command("show")
def show(
    user: Annotated[str, typer.Argument(help="A user (`sub`).")],
    tier: Annotated[Tier, typer.Option(help="The tier in the user's token.")] = Tier.FREE,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Show what is left of a user's limits, and whether the user is blocked."""
    found = run(_show(found_settings(data_dir), user, tier))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    table = Table("kind", "limit", "window", "remaining", "all of it again at")
    for limit in found["limits"]:
        told_of = [limit["limit"], f"{limit['window_s']} s", limit["remaining"], limit["reset_at"]]
        table.add_row(limit["kind"], *("-" if value is None else str(value) for value in told_of))
    Console().print(table)
    if found["blocked"]:
        typer.echo(f"blocked until {found['blocked']['until']}: {found['blocked']['reason']}")


async def _reset(settings: Settings, user: str) -> None:
    async with _desk(settings) as desk:
        await desk.limiter.reset(user)


@app.command("reset")
def reset(
    user: Annotated[str, typer.Argument(help="A user (`sub`).")],
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Give a user the whole of every limit back. A block stays: see `unblock`."""
    run(_reset(found_settings(data_dir), user))
    typer.echo(orjson.dumps({"reset": user}).decode() if as_json else f"{user} has all limits whole again")


async def _block(settings: Settings, subject: str, span: timedelta, reason: str) -> None:
    async with _desk(settings) as desk:
        await desk.limiter.blocking.block(subject, span, reason)


@app.command("block")
def block(
    user: User = None,
    address: Address = None,
    span: Annotated[str, typer.Option("--for", help="How long: 90s, 15m, 12h, 30d.")] = "1h",
    reason: Annotated[str, typer.Option(help="Why; operators see it.")] = "by an operator",
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Refuse all commands and uploads of a user or an address for a time."""
    subject = _subject(user, address)
    lasting = timedelta(seconds=seconds(span, "--for"))
    run(_block(found_settings(data_dir), subject, lasting, reason))
    found = {"subject": subject, "seconds": int(lasting.total_seconds())}
    typer.echo(orjson.dumps(found).decode() if as_json else f"{subject} is blocked for {span}")


async def _unblock(settings: Settings, subject: str) -> bool:
    async with _desk(settings) as desk:
        return await desk.limiter.blocking.unblock(subject)


@app.command("unblock")
def unblock(
    user: User = None,
    address: Address = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Let a user or an address in again, and forget how often it was blocked."""
    subject = _subject(user, address)
    was = run(_unblock(found_settings(data_dir), subject))
    if as_json:
        typer.echo(orjson.dumps({"subject": subject, "was_blocked": was}).decode())
        return
    typer.echo(f"{subject} {'is let in again' if was else 'was not blocked'}")


async def _stats(settings: Settings) -> dict[str, Any]:
    async with _desk(settings) as desk:
        found = await told(desk.redis, desk.keys)
        return {
            "processes": len(found),
            **summed(said["counts"] for said in found),
            "blocked": desk.limiter.blocking.listed(),
        }


@app.command("stats")
def stats(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """Show what the limiters of all API processes did since these started."""
    found = run(_stats(found_settings(data_dir)))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
        return
    for name, value in found.items():
        if isinstance(value, dict):
            told_of = ", ".join(f"{k} {v:,}" for k, v in value.items()) or "none"
        elif isinstance(value, list):
            told_of = ", ".join(f"{b['subject']} ({b['seconds']:.0f} s)" for b in value) or "nobody"
        else:
            told_of = f"{value:,}"
        typer.echo(f"{name:14} {told_of}")
