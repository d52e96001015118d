"""`decklog token`."""

import re
import time
from typing import Annotated

import typer

from infra.http.auth import issue
from workers.cli.options import DEFAULT_DIR, DataDir, fail, found_settings

_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400}
TIERS = ("free", "pro", "enterprise")


def seconds(duration: str) -> int:
    """Parse a duration such as `90s`, `15m`, `12h` or `30d`."""
    match = re.fullmatch(r"(\d{1,6})([smhd])", duration)
    if match is None or int(match[1]) == 0:
        fail(f"--ttl {duration}: write a number and s, m, h or d, such as 12h")
    return int(match[1]) * _UNITS[match[2]]


def token(
    user: Annotated[str, typer.Option(help="Whom the token speaks for (`sub`).")],
    tier: Annotated[str, typer.Option(help="free, pro or enterprise.")] = "free",
    scope: Annotated[str, typer.Option(help="Scopes, separated by spaces: admin, audit, machine.")] = "",
    ttl: Annotated[str, typer.Option(help="How long it is good: 90s, 15m, 12h, 30d.")] = "12h",
    name: Annotated[str | None, typer.Option(help="Display name.")] = None,
    email: Annotated[str | None, typer.Option(help="E-mail address.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
) -> None:
    """Print a token, alone on standard output."""
    if tier not in TIERS:
        fail(f"--tier {tier}: must be one of {', '.join(TIERS)}")
    if not user.strip():
        fail("--user: must not be empty")
    more = {key: value for key, value in (("name", name), ("email", email)) if value}
    secret = found_settings(data_dir).jwt_secret
    typer.echo(issue(secret, user, now=time.time(), ttl=seconds(ttl), tier=tier, scope=scope, **more))
