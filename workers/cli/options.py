"""Options that many verbs share, and how verbs find their servers."""

import asyncio
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, Any, NoReturn, TypeVar

import psycopg
import typer
from pydantic import ValidationError
from redis.exceptions import RedisError

from domain.errors import DomainError
from infra.embedded.errors import EmbeddedError
from infra.settings import Settings, load_settings

T = TypeVar("T")

DataDir = Annotated[
    Path, typer.Option("--data-dir", help="The data folder of the embedded servers.", show_default=True)
]
AsJson = Annotated[bool, typer.Option("--json", help="Answer as JSON, for machines.")]
DEFAULT_DIR = Path(".decklog")


def fail(message: str) -> NoReturn:
    """Say what is wrong on standard error, and end with status 1."""
    typer.secho(f"error: {message}", fg="red", err=True)
    raise typer.Exit(1)


def found_settings(data_dir: Path) -> Settings:
    """Find the servers: those of the environment, else those of the data folder."""
    try:
        return load_settings(data_dir)
    except EmbeddedError as error:
        fail(str(error))
    except ValidationError as error:
        fail("; ".join(f"{'.'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()))


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run a verb's work; what can be expected to go wrong is told in a line."""
    with expected():
        return asyncio.run(work)


@contextmanager
def expected() -> Iterator[None]:
    """Tell what can be expected to go wrong in a line."""
    try:
        yield
    except DomainError as error:
        fail(error.detail)
    except EmbeddedError as error:
        fail(str(error))
    except psycopg.OperationalError as error:
        fail(f"PostgreSQL: {error}")
    except RedisError as error:
        fail(f"Redis: {error}")
