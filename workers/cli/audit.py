"""`decklog audit verify|checkpoint`."""

from pathlib import Path
from typing import Annotated
from uuid import UUID

import orjson
import psycopg
import typer
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from infra.audit.audit import Report, Trust, verify_file, verify_log
from infra.audit.exported import ExportedLog
from infra.audit.keys import KEY_FILE, KeyProblem, private_key, public_key, shown
from infra.audit.signing import make_checkpoint
from infra.audit.taking import stored_log
from infra.audit.trail import TRAIL_FILE
from infra.settings import Environment
from workers.cli.lazily import lazily
from workers.cli.options import DEFAULT_DIR, AsJson, DataDir, expected, fail, found_settings
from workers.cli.progress import counted

VERBS = {
    "verify": "workers.cli.audit:verify",
    "checkpoint": "workers.cli.audit:checkpoint",
    "shred": "workers.cli.shred:shred_person",
}

app = typer.Typer(cls=lazily(VERBS), help="Prove that nobody changed the log.", no_args_is_help=True)


@app.callback()
def _audit() -> None:
    """Make it a group."""


def verify(
    project: Annotated[UUID | None, typer.Option(help="Only this project.")] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            help="An exported file instead of the database.", exists=True, dir_okay=False, readable=True
        ),
    ] = None,
    after: Annotated[int, typer.Option(help="With --file: it was exported after this position.", min=0)] = 0,
    checkpoints: Annotated[
        Path | None,
        typer.Option(help="The file of checkpoints; by default that of the data folder.", dir_okay=False),
    ] = None,
    key: Annotated[
        str | None,
        typer.Option(help="The public key (hexadecimal, or a PEM file) that signed the checkpoints."),
    ] = None,
    every_root: Annotated[
        bool,
        typer.Option("--every-root", help="Compute the root of every checkpoint, not of the last alone."),
    ] = False,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Recompute the log, find where it was changed, and hold it against its signed checkpoints.

    Ends with status 1 where something is wrong.
    """
    if after and file is None:
        fail("--after goes with --file")
    if checkpoints is not None and not checkpoints.exists():
        fail(f"{checkpoints}: no such file")
    try:
        trust = Trust(_trusted(key, data_dir), checkpoints or data_dir / TRAIL_FILE, every_root)
        report = _verified(trust, project, file, after, data_dir)
    except (KeyProblem, LookupError, OSError) as error:
        fail(str(error))
    _tell(report, as_json=as_json)
    if report.findings:
        raise typer.Exit(1)


def _verified(trust: Trust, project: UUID | None, file: Path | None, after: int, data_dir: Path) -> Report:
    if file is not None:
        with counted("verifying", ExportedLog(file).estimate()) as progress:
            return verify_file(file, trust, progress, project=project, after=after)
    settings = found_settings(data_dir)
    with expected():
        source, _ = stored_log(settings, project=project)
        with counted("verifying", source.estimate()) as progress:
            return verify_log(settings, trust, progress, project=project)


def _trusted(given: str | None, data_dir: Path) -> Ed25519PublicKey | None:
    if given is not None:
        return public_key(given)
    path = _key_file(data_dir)
    return private_key(path, make=False).public_key() if path.exists() else None


def _key_file(data_dir: Path) -> Path:
    return Environment().audit_key_file or data_dir / KEY_FILE


def checkpoint(
    file: Annotated[
        Path | None,
        typer.Option(help="The file of checkpoints; by default in the data folder.", dir_okay=False),
    ] = None,
    data_dir: DataDir = DEFAULT_DIR,
    as_json: AsJson = False,
) -> None:
    """Verify the log and sign what it is now; keep the file and the public key where nobody can change them."""
    settings = found_settings(data_dir)
    try:
        key = private_key(_key_file(data_dir), make=True)
        with expected():
            source, _ = stored_log(settings)
            with counted("verifying", source.estimate()) as progress:
                made, report = make_checkpoint(settings, key, file or data_dir / TRAIL_FILE, progress)
    except psycopg.errors.UniqueViolation:
        fail("another process made a checkpoint meanwhile")
    except (KeyProblem, LookupError, OSError) as error:
        fail(str(error))
    if made is None:
        _tell(report, as_json=as_json)
        fail("a log that does not verify is not signed")
    if as_json:
        typer.echo(made.line)
        return
    typer.echo(
        f"checkpoint {made.number}: position {made.position:,}, {made.streams:,} streams, root {made.root}"
    )
    typer.echo(f"public key {shown(key.public_key())}")


def _tell(report: Report, *, as_json: bool) -> None:
    if as_json:
        typer.echo(orjson.dumps(report.document()).decode())
        return
    done, findings = report.recomputed, report.findings
    rate = done.events / report.seconds if report.seconds else 0
    typer.echo(
        f"{done.events:,} events in {done.streams:,} streams up to position {done.last:,}"
        f" in {report.seconds:.1f} s ({rate:,.0f}/s)"
    )
    if not report.lines:
        typer.echo("no checkpoint to hold it against: a tail that was cut off would not be seen")
    else:
        typer.echo(f"{len(report.checkpoints)} checkpoints, {report.roots} roots compared")
    if done.tombstones:
        projects = f"{len(done.detached):,} project{'s' * (len(done.detached) != 1)}"
        typer.echo(
            f"{done.tombstones:,} events of {projects} detached: their hashes are kept, not recomputed"
        )
    if done.unanchored:
        typer.echo(f"{done.unanchored:,} events go on streams that begin before this file: not checked")
    if not findings:
        typer.secho("everything verifies", fg="green")
        return
    for kind, count in sorted(findings.counts.items()):
        typer.secho(f"{kind}: {count:,}", fg="red")
        for found in findings.listed():
            if found.kind == kind:
                where = f"position {found.position:,}: " if found.position is not None else ""
                stream = f" (stream {found.stream}, version {found.version})" if found.stream else ""
                number = f"checkpoint {found.number}: " if found.number else ""
                typer.echo(f"  {where}{number}{found.detail}{stream}")
    if done.undiagnosed:
        typer.echo(f"{done.undiagnosed:,} further events have a wrong hash")
