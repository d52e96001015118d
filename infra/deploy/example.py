"""Writes the environment file to begin with: `python -m infra.deploy.example > infra/deploy/.env.example`."""

import sys
import textwrap
from typing import Any, Final

from pydantic.fields import FieldInfo

from infra.settings import Settings

_HEAD: Final = """# The settings of all processes, by the names and defaults of the deployment guide. Made from
# infra/settings.py; times are in milliseconds where nothing else is said. Copy it to `.env`, fill in what
# has no value, and change a default by taking its `#` away.
"""
# What has no default, and a value to begin with for the compose file beside this one.
_TO_BEGIN_WITH: Final = {
    "database_url": "postgresql://decklog:${POSTGRES_PASSWORD}@postgres:5432/decklog",
    "redis_url": "redis://:${REDIS_PASSWORD}@valkey:6379/0",
}
_COMPOSE: Final = """
# Of the compose file alone: passwords of its servers, and of Grafana's first account.
POSTGRES_PASSWORD=
REDIS_PASSWORD=
GRAFANA_PASSWORD=
"""


def _shown(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, tuple | list | frozenset):
        return ",".join(str(part) for part in value)
    return str(value)


def _lines(name: str, field: FieldInfo) -> list[str]:
    lines = [f"# {line}" for line in textwrap.wrap(field.description or "", 100)]
    if field.is_required():
        return [*lines, f"{name.upper()}={_TO_BEGIN_WITH.get(name, '')}"]
    return [*lines, f"#{name.upper()}={_shown(field.get_default(call_default_factory=True))}"]


def example() -> str:
    """Return the file."""
    found = [_HEAD, _COMPOSE]
    for name, field in Settings.model_fields.items():
        found.append("\n" + "\n".join(_lines(name, field)) + "\n")
    return "".join(found)


if __name__ == "__main__":
    sys.stdout.write(example())
