import io
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import HealthCheck, given
from hypothesis import settings as given_settings
from hypothesis import strategies as st
from psycopg.sql import SQL, Identifier

from infra.audit.audit import Report, Trust, verify_file, verify_log
from infra.audit.moving import NotEmpty, NotVerified, export_log, import_log
from infra.audit.signing import make_checkpoint
from infra.audit.taking import stored_log
from infra.settings import Settings
from tests.conftest import TAMPERING

Write = Callable[[int, int], Awaitable[None]]
UNTRUSTED = Trust()
PROJECT = UUID(int=2 << 96 | 7)


def nothing(_: int) -> None:
    return


def exported(settings: Settings, **scope: Any) -> bytes:
    out = io.BytesIO()
    source, _ = stored_log(settings, **scope)
    export_log(source, out.write, nothing)
    return out.getvalue()


@pytest.fixture
def file(written: Settings, tmp_path: Path) -> Path:
    path = tmp_path / "log.ndjson"
    path.write_bytes(exported(written))
    return path


@pytest.fixture
async def another(settings: Settings, template: str) -> AsyncIterator[Settings]:
    """A second fresh database."""
    name = f"test_{uuid4().hex[:12]}"
    async with await psycopg.AsyncConnection.connect(settings.dsn, autocommit=True) as connection:
        await connection.execute(
            SQL("create database {} template {}").format(Identifier(name), Identifier(template))
        )
        url = f"{settings.dsn.rsplit('/', 1)[0]}/{name}"
        yield Settings.model_validate({**settings.model_dump(mode="json"), "database_url": url})
        await connection.execute(SQL("drop database {} with (force)").format(Identifier(name)))


def check(path: Path, trust: Trust = UNTRUSTED, **more: Any) -> Report:
    return verify_file(path, trust, nothing, **more)


def rows(settings: Settings) -> list[Any]:
    with psycopg.connect(settings.dsn, options=TAMPERING) as connection:
        return connection.execute(
            "select s.*, metadata::text from stored_events s order by notification_id"
        ).fetchall()


@pytest.mark.parametrize("workers", [1, 2])
def test_an_export_verifies_without_a_database(file: Path, auditor: Any, workers: int) -> None:
    auditor.sign()
    report = check(file, auditor.trust, workers=workers)
    assert not report.findings
    assert (report.recomputed.events, report.recomputed.streams, report.roots) == (18, 3, 1)


def test_an_export_fills_another_database(
    file: Path, written: Settings, another: Settings, auditor: Any
) -> None:
    position, epoch = import_log(another, file, nothing)
    assert position == 18
    assert rows(another) == rows(written)
    auditor.sign()
    report = verify_log(another, auditor.trust, nothing)
    # The file of checkpoints goes along; the new log's own table has none yet.
    assert set(report.findings.counts) == {"checkpoint"}
    assert not verify_log(another, UNTRUSTED, nothing).findings
    with psycopg.connect(written.dsn) as one, psycopg.connect(another.dsn) as two:
        old = one.execute("select position, recorded_at, epoch from log_head").fetchone()
        new = two.execute("select position, recorded_at, epoch from log_head").fetchone()
    assert old is not None
    assert new is not None
    assert new[:2] == old[:2]
    assert new[2] == epoch != old[2]
    assert exported(another) == file.read_bytes()


async def test_an_imported_log_goes_on(
    file: Path, another: Settings, settings: Settings, write: Write
) -> None:
    import_log(another, file, nothing)
    with psycopg.connect(settings.dsn, options=TAMPERING) as connection:
        connection.execute("truncate stored_events, command_results")
        connection.execute("update log_head set position = 0")
    import_log(settings, file, nothing)
    await write(7, 8)
    report = verify_log(settings, UNTRUSTED, nothing)
    assert not report.findings
    assert report.recomputed.events == 24


def test_a_log_that_is_not_empty_takes_no_import(file: Path, written: Settings) -> None:
    with pytest.raises(NotEmpty):
        import_log(written, file, nothing)
    assert len(rows(written)) == 18


@pytest.mark.parametrize("harm", ["byte", "cut line", "tail", "head", "order", "empty"])
def test_what_does_not_verify_is_not_imported(file: Path, another: Settings, harm: str) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    if harm == "byte":
        lines[7] = lines[7].replace(b"ada", b"eve").replace(b"title", b"TITLE")
    elif harm == "cut line":
        lines[-1] = lines[-1][:-20]
    elif harm == "tail":
        del lines[7]
    elif harm == "head":
        del lines[0]
    elif harm == "order":
        lines[7], lines[8] = lines[8], lines[7]
    else:
        lines = []
    file.write_bytes(b"".join(lines))
    with pytest.raises(NotVerified):
        import_log(another, file, nothing)
    assert rows(another) == []
    with psycopg.connect(another.dsn) as connection:
        assert connection.execute("select position from log_head").fetchone() == (0,)


def test_a_project_alone(written: Settings, another: Settings, tmp_path: Path) -> None:
    path = tmp_path / "project.ndjson"
    path.write_bytes(exported(written, project=PROJECT))
    report = check(path, project=PROJECT)
    assert not report.findings
    assert report.recomputed.events == 6
    assert check(path).findings.of("deleted")
    assert check(path, project=uuid4()).findings.of("refused")
    with pytest.raises(NotVerified):
        import_log(another, path, nothing)


def test_what_came_after_a_position(written: Settings, tmp_path: Path) -> None:
    path = tmp_path / "later.ndjson"
    path.write_bytes(exported(written, after=7))
    report = check(path, after=7)
    assert not report.findings
    assert (report.recomputed.events, report.recomputed.unanchored) == (11, 3)
    assert check(path).findings.of("deleted")
    assert check(path, after=6).findings.of("deleted")


def test_a_cut_tail_of_a_file_is_found_by_its_checkpoint(file: Path, auditor: Any) -> None:
    auditor.sign()
    file.write_bytes(b"".join(file.read_bytes().splitlines(keepends=True)[:12]))
    assert not check(file).findings
    first = check(file, auditor.trust).findings.of("truncated")
    assert first is not None
    assert first.position == 13


def test_another_key_is_not_trusted(file: Path, auditor: Any) -> None:
    auditor.sign()
    assert check(file, Trust(Ed25519PrivateKey.generate().public_key(), auditor.file)).findings.of(
        "checkpoint"
    )


@given_settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
@pytest.mark.parametrize("workers", [1])
def test_any_other_byte_is_found(file: Path, tmp_path: Path, workers: int, data: st.DataObject) -> None:
    text = bytearray(file.read_bytes())
    at = data.draw(st.integers(0, len(text) - 1))
    text[at] ^= data.draw(st.integers(1, 255))
    harmed = tmp_path / "harmed.ndjson"
    harmed.write_bytes(text)
    report = check(harmed, workers=workers)
    assert report.findings
    # The first break is in the harmed line, or right after it where a line break is gone.
    line = file.read_bytes()[:at].count(b"\n") + 1
    first = report.findings.listed()[0]
    assert line in (first.line, first.position)


def test_a_refused_line_is_told_by_its_number(file: Path) -> None:
    lines = file.read_bytes().splitlines(keepends=True)
    lines[7] = b"{}\n"
    file.write_bytes(b"".join(lines))
    for workers in (1, 2):
        first = check(file, workers=workers).findings.of("refused")
        assert first is not None
        assert first.line == 8


def test_checkpoints_go_along_with_an_import(file: Path, another: Settings, auditor: Any) -> None:
    auditor.sign()
    lines = auditor.file.read_text().splitlines()
    # They have to follow from each other, and to be of this very log.
    for wrong in ([lines[0].replace('"number":1', '"number":2')], [*lines, *lines], ["{}"]):
        with pytest.raises(NotVerified) as refused:
            import_log(another, file, nothing, wrong)
        assert set(refused.value.findings.counts) == {"checkpoint"}
    root = lines[0].index('"root":"') + len('"root":"')
    other = lines[0][:root] + ("1" if lines[0][root] == "0" else "0") + lines[0][root + 1 :]
    with pytest.raises(NotVerified) as refused:
        import_log(another, file, nothing, [other])
    assert set(refused.value.findings.counts) == {"rewritten"}
    assert rows(another) == []

    import_log(another, file, nothing, lines)
    assert not verify_log(another, auditor.trust, nothing).findings
    # So the next checkpoint follows from them.
    checkpoint, _ = make_checkpoint(another, auditor.key, auditor.file, nothing)
    assert checkpoint is not None
    assert checkpoint.number == 1
