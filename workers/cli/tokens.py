"""`decklog token`, `decklog token revoke|revoked`."""

import re
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

import jwt
import orjson
import typer
from rich.console import Console
from rich.table import Table

from infra.http.auth import issue, own_claims
from infra.postgres.connections import pool
from infra.postgres.token_revocations import FOR_GOOD, TokenRevocations
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
TIERS = ("free", "pro", "enterprise")
SHOWN = 1_000

app = typer.Typer(help="Print a token; revoke tokens.", invoke_without_command=True)


def seconds(duration: str, option: str = "--ttl") -> int:
    """Parse a duration such as `90s`, `15m`, `12h` or `30d`."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", duration)
    if match is None or int(match[1]) == 0:
        fail(f"{option} {duration}: write a number and s, m, h or d, such as 12h")
    return int(match[1]) * _UNITS[match[2]]


@app.callback()
def token(
    context: typer.Context,
    user: Annotated[str | None, typer.Option(help="Whom the token speaks for (`sub`).")] = None,
    tier: Annotated[str, typer.Option(help="free, pro or enterprise.")] = "free",
    scope: Annotated[str, typer.Option(help="Scopes, separated by spaces: admin, audit, machine.")] = "",
    ttl: Annotated[str, typer.Option(help="How long it is good: 90s, 15m, 12h, 30d.")] = "12h",
    name: Annotated[str | None, typer.Option(help="Display name.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Print a token, alone on standard output. A machine's has the scope `machine`."""
    if context.invoked_subcommand is not None:
        return
    if tier not in TIERS:
        fail(f"--tier {tier}: must be one of {', '.join(TIERS)}")
    if user is None:
        fail("--user: is required")
    if not user.strip():
        fail("--user: must not be empty")
    more = {key: value for key, value in (("name", name), ("email", email)) if value}
    settings = found_settings(data_dir)
    typer.echo(
        issue(
            settings.jwt_secret,
            user,
            now=time.time(),
            ttl=seconds(ttl),
            tier=tier,
            scope=scope,
            **own_claims(settings),
            **more,
        )
    )


@app.command("revoke")
def revoke(
    one: Annotated[str | None, typer.Argument(metavar="[TOKEN]", help="A whole token.")] = None,
    jti: Annotated[str | None, typer.Option(help="The id of a token (`jti`).")] = None,
    user: Annotated[str | None, typer.Option(help="All tokens of a user that were issued until now.")] = None,
    issued_before: Annotated[
        datetime | None, typer.Option(help="With --user: those issued before this moment (UTC).")
    ] = None,
    reason: Annotated[str, typer.Option(help="Why; operators see it.")] = "by an operator",
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Refuse tokens from now on, in every process within a second, whatever happens to Redis."""
    if sum(said is not None for said in (one, jti, user)) != 1:
        fail("name one TOKEN, a --jti or a --user")
    if issued_before is not None and user is None:
        fail("--issued-before: goes with --user")
    expires = FOR_GOOD
    if one is not None:
        jti, expires = _read(one)
    moment = issued_before.replace(tzinfo=issued_before.tzinfo or UTC) if issued_before else None
    found = run(_revoke(found_settings(data_dir), jti, user, moment, expires, reason))
    if as_json:
        typer.echo(orjson.dumps(found).decode())
    elif user is not None:
        typer.echo(f"no token of {user} from before {found['issued_before']} is good any more")
    else:
        typer.echo(f"token {jti} is not good any more")


def _read(token_text: str) -> tuple[str, datetime]:
    """Return a token's id and its end. Whoever signed it: an id that nobody issued does no harm."""
    try:
        claims = jwt.decode(token_text, options={"verify_signature": False})
        return str(claims["jti"]), datetime.fromtimestamp(float(claims["exp"]) + 3_600, UTC)
    except (jwt.InvalidTokenError, KeyError, TypeError, ValueError, OverflowError):
        fail("TOKEN: is none, or has no id (`jti`); revoke all of its --user instead")


async def _revoke(
    settings: Settings,
    jti: str | None,
    user: str | None,
    moment: datetime | None,
    expires: datetime,
    reason: str,
) -> dict[str, Any]:
    async with pool(settings, "tokens") as connections:
        revocations = TokenRevocations(connections)
        if jti is not None:
            await revocations.revoke_token(jti, reason, expires)
            return {"jti": jti}
        before = await revocations.revoke_user(user or "", reason, moment)
        return {"user": user, "issued_before": before.isoformat()}


@app.command("revoked")
def revoked(data_dir: DataDir = DEFAULT_DIR, as_json: AsJson = False) -> None:
    """List what was revoked, the latest first."""
    found = run(_revoked(found_settings(data_dir)))
    names = ("jti", "user", "issued_before", "reason", "revoked_at")
    if as_json:
        typer.echo(orjson.dumps([dict(zip(names, row, strict=True)) for row in found]).decode())
        return
    table = Table(*names)
    for row in found:
        table.add_row(*("-" if value is None else str(value) for value in row))
    Console().print(table)


async def _revoked(settings: Settings) -> Sequence[tuple[Any, ...]]:
    async with pool(settings, "tokens") as connections:
        return await TokenRevocations(connections).listed(SHOWN)
