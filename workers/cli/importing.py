"""`decklog import`."""

from pathlib import Path
from typing import Annotated, Any
from uuid import uuid4

import orjson
import typer
from pydantic import ValidationError

from commands.bus import Request
from commands.messages import ImportMarkdown
from commands.ports import Caller
from infra.bootstrap import write_side
from infra.http.validation import invalid
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run

SHOWN = 20


def import_file(
    file: Annotated[Path, typer.Argument(help="A Markdown file.", metavar="FILE.md")],
    user: Annotated[str, typer.Option(help="Who owns the new project.")],
    title: Annotated[str | None, typer.Option(help="Its title; by default the deck's own.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Make a project from a Markdown file."""
    settings = found_settings(data_dir)
    try:
        raw = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    if len(raw) > ImportMarkdown.MAX_BODY:
        fail(f"{file}: the file has {len(raw):,} bytes; at most {ImportMarkdown.MAX_BODY:,} are taken")
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{file}: not a UTF-8 text (byte {error.start:,})")
    answer = run(_import(settings, user, text, title))
    if as_json:
        typer.echo(orjson.dumps(answer).decode())
        return
    result = answer["result"]
    typer.echo(f"project {answer['project_id']}: {result['slides']} slides, {result['blocks']} blocks")
    for warning in result["warnings"][:SHOWN]:
        typer.echo(f"  line {warning['line']}: {warning['message']}")
    if len(result["warnings"]) > SHOWN:
        typer.echo(f"  and {len(result['warnings']) - SHOWN} more")


async def _import(settings: Settings, user: str, text: str, title: str | None) -> Any:
    try:
        command = ImportMarkdown(text=text, title=title)
    except ValidationError as error:
        raise invalid(error) from None
    side = write_side(settings)
    await side.start()
    try:
        answer = await side.bus.run(Request(Caller(user), uuid4(), b"", (command,), keyed=False))
    finally:
        await side.stop()
    return orjson.loads(answer.body)
