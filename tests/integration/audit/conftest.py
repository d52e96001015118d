"""A log in PostgreSQL, written as the product writes it, and what an attacker who owns the database can do."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from uuid import UUID, uuid4

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from commands.ports import ANY_VERSION, Append, Appended, EventWrite, StreamWrite
from domain.project import ProjectCreated, ProjectRenamed
from infra.audit.audit import Report, Trust, verify_log
from infra.audit.findings import Kind
from infra.audit.signing import make_checkpoint
from infra.postgres.appender import Appender
from infra.postgres.event_log import structural_topics
from infra.settings import Settings
from tests.conftest import TAMPERING

STREAMS = [UUID(int=n << 96 | 7) for n in (1, 2, 3)]
VERSIONS = 6


def request(stream: UUID, version: int) -> Append:
    command = uuid4()
    event = (
        ProjectCreated(
            originator_id=stream, originator_version=1, title="A", owner="ada", aspect="16:9", theme_id=None
        )
        if version == 1
        else ProjectRenamed(originator_id=stream, originator_version=version, title=f'"{version}" \\ é')
    )
    return Append(
        caller="ada",
        command_id=command,
        request_hash=b"h",
        status=200,
        body=b"{}",
        metadata={"actor": {"id": "ada", "kind": "person"}, "note": 'é "quoted"'},
        writes=[StreamWrite(stream, stream, ANY_VERSION)],
        events=[EventWrite(0, event, command)],
    )


@pytest.fixture
def write(settings: Settings) -> Callable[[int, int], Awaitable[None]]:
    """Writes versions from one to another of each of three streams in turn."""

    async def writing(first: int, last: int) -> None:
        appender = Appender(settings, structural_topics())
        await appender.start()
        for version in range(first, last + 1):
            for stream in STREAMS:
                assert isinstance(await appender.append(request(stream, version)), Appended)
        await appender.stop()

    return writing


@pytest.fixture
async def written(settings: Settings, write: Callable[[int, int], Awaitable[None]]) -> Settings:
    """18 events: position p is version (p-1)//3 + 1 of stream (p-1)%3."""
    await write(1, VERSIONS)
    return settings


@pytest.fixture
def attack(settings: Settings) -> Callable[..., None]:
    """Runs statements as the database's owner."""

    def run(*statements: str) -> None:
        with psycopg.connect(settings.dsn, options=TAMPERING) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    return run


class Auditor:
    """Verifies and signs."""

    def __init__(self, settings: Settings, folder: Path) -> None:
        self.settings = settings
        self.key = Ed25519PrivateKey.generate()
        self.file = folder / "checkpoints.ndjson"

    @property
    def trust(self) -> Trust:
        return Trust(self.key.public_key(), self.file)

    def sign(self) -> None:
        checkpoint, report = make_checkpoint(self.settings, self.key, self.file, lambda _: None)
        assert checkpoint is not None, report.findings

    def verify(self, trust: Trust | None = None, project: UUID | None = None, workers: int = 1) -> Report:
        return verify_log(
            self.settings, trust or self.trust, lambda _: None, project=project, workers=workers
        )

    def finds(self, kind: Kind, position: int | None, trust: Trust | None = None) -> Report:
        report = self.verify(trust)
        first = report.findings.of(kind)
        assert first is not None, report.findings
        assert first.position == position, report.findings.listed()
        return report


@pytest.fixture
def auditor(settings: Settings, tmp_path: Path) -> Auditor:
    return Auditor(settings, tmp_path)
