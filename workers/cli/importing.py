"""`decklog import`."""

from hashlib import sha256
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import orjson
import typer
from pydantic import ValidationError

from commands.bus import Request
from commands.context import derived_id
from commands.messages import ImportMarkdown
from commands.ports import Caller
from decklog import Client, DecklogError, Problem
from infra.bootstrap import write_side
from infra.http.validation import invalid
from infra.postgres.blobs import asset_id_of
from infra.settings import Settings
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, fail, found_settings, run
from workers.cli.service import client_of, running_service
from workers.importing import PptxDeck, PptxRefused, read_pptx
from workers.importing.making import as_markdown

SHOWN = 20
LARGEST = 100 * 2**20


def import_file(
    file: Annotated[Path, typer.Argument(help="A Markdown or PPTX file.", metavar="FILE")],
    user: Annotated[str, typer.Option(help="Who owns the new project.")],
    title: Annotated[str | None, typer.Option(help="Its title; by default the deck's own.")] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Make a project from a Markdown file (also of Marp, Slidev, reveal.js) or a PPTX file."""
    settings = found_settings(data_dir)
    try:
        raw = file.read_bytes()
    except OSError as error:
        fail(f"{file}: {error.strerror}")
    command_id = uuid4()
    deck = None
    if raw.startswith(b"PK"):
        deck = _pptx(file, raw, command_id, user)
        text, title = as_markdown(deck), title or deck.title
    else:
        text = _markdown(file, raw)
    service = running_service(data_dir)
    importing = (
        _import(settings, user, text, title, command_id, deck)
        if service is None
        else _import_by(client_of(service, user), text, title, command_id, deck)
    )
    try:
        answer = run(importing)
    except DecklogError as error:
        fail(str(error))
    if deck is not None:
        told = [{"line": 0, "message": warning} for warning in deck.warnings]
        answer["result"]["warnings"] = [*told, *answer["result"]["warnings"]]
    if as_json:
        typer.echo(orjson.dumps(answer).decode())
        return
    result = answer["result"]
    typer.echo(f"project {answer['project_id']}: {result['slides']} slides, {result['blocks']} blocks")
    for warning in result["warnings"][:SHOWN]:
        place = f"line {warning['line']}: " if deck is None else ""
        typer.echo(f"  {place}{warning['message']}")
    if len(result["warnings"]) > SHOWN:
        typer.echo(f"  and {len(result['warnings']) - SHOWN} more")


def _markdown(file: Path, raw: bytes) -> str:
    if len(raw) > ImportMarkdown.MAX_BODY:
        fail(f"{file}: the file has {len(raw):,} bytes; at most {ImportMarkdown.MAX_BODY:,} are taken")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        fail(f"{file}: not a UTF-8 text (byte {error.start:,})")


def _pptx(file: Path, raw: bytes, command_id: UUID, user: str) -> PptxDeck:
    if len(raw) > LARGEST:
        fail(f"{file}: the file has {len(raw):,} bytes; at most {LARGEST:,} are taken")
    # The id that the command will give the project, and so those of the pictures in it, are known before it runs.
    project_id = derived_id(command_id, user, "project")

    def asset_id(data: bytes, media_type: str) -> str:
        return str(asset_id_of(project_id, sha256(data).digest(), media_type))

    try:
        return read_pptx(raw, asset_id)
    except PptxRefused as why:
        fail(f"{file}: {why}")


async def _import(
    settings: Settings, user: str, text: str, title: str | None, command_id: UUID, deck: PptxDeck | None
) -> Any:
    try:
        command = ImportMarkdown(text=text, title=title)
    except ValidationError as error:
        raise invalid(error) from None
    side = write_side(settings)
    await side.start()
    try:
        answer = await side.bus.run(Request(Caller(user), command_id, b"", (command,), keyed=False))
        document = orjson.loads(answer.body)
        for data, media_type in (deck.pictures if deck else {}).values():
            await side.blobs.put(UUID(document["project_id"]), data, media_type)
    finally:
        await side.stop()
    return document


async def _import_by(
    client: Client, text: str, title: str | None, command_id: UUID, deck: PptxDeck | None
) -> Any:
    """Import by the write API that runs: under its limits, and with its caches knowing of it."""
    async with client as decklog:
        more = {} if title is None else {"title": title}
        answer = await decklog.command("import-markdown", key=str(command_id), text=text, **more)
        warnings = list(answer.result["warnings"])
        for data, media_type in (deck.pictures if deck else {}).values():
            try:
                await decklog.upload(answer.project_id, data, media_type)
            except Problem as refused:
                warnings.append({"line": 0, "message": f"a picture was left out: {refused}"})
    return {
        "position": answer.position,
        "project_id": answer.project_id,
        "streams": [{"id": s.id, "kind": s.kind, "version": s.version} for s in answer.streams],
        "outcome": answer.outcome,
        "conflicts": list(answer.conflicts),
        "result": {**answer.result, "warnings": warnings},
    }
