"""Health: alive, ready, the report; no token, and nothing that is nobody's business."""

from collections.abc import AsyncIterator

import pytest
from psycopg_pool import AsyncConnectionPool
from running import System
from starlette.applications import Starlette
from starlette.testclient import TestClient

from infra.http.operations import Operations
from infra.postgres.connections import pool
from infra.postgres.event_log import PostgresEventLog
from infra.redis.client import redis_client
from infra.settings import Settings
from infra.telemetry.wiring import new_metrics

PATHS = ("/api/health", "/api/health/live", "/api/health/ready")


@pytest.mark.parametrize("path", PATHS)
async def test_both_apis_answer_without_a_token(system: System, path: str) -> None:
    for url, role in ((system.write_url, "write"), (system.read_url, "read")):
        answer = await system.client.get(url + path)
        assert answer.status_code == 200
        assert answer.headers["cache-control"] == "no-store"
        assert (answer.json()["status"], answer.json()["role"]) == ("ok", role)


async def test_the_report_has_metrics(system: System) -> None:
    person = system.person()
    await person.deck()
    report = (await system.client.get(f"{system.write_url}/api/health")).json()
    metrics = report["metrics"]
    assert metrics["requests"]["total"] > 0
    assert metrics["requests"]["p95_ms"] >= metrics["requests"]["p50_ms"] > 0
    assert metrics["database"]["connections"]["max"] >= 4
    read = (await system.client.get(f"{system.read_url}/api/health")).json()
    assert read["redis"] == "ok"
    assert read["stopped"] == []
    assert {p["model"] for p in read["projections"]} >= {"blocks", "projects"}


@pytest.fixture
async def away(settings: Settings) -> AsyncIterator[Operations]:
    """A process whose servers are not there."""
    lost = Settings.model_validate(
        {
            **settings.model_dump(),
            "database_url": "postgresql://keeper:hunter2hunter2@127.0.0.1:9/nowhere",
            "redis_url": "redis://:hunter2hunter2@127.0.0.1:9/0",
            "db_connection_timeout": 50,
        }
    )
    connections: AsyncConnectionPool = pool(lost, "write")
    await connections.open(wait=False)
    redis = redis_client(lost)
    yield Operations("write", PostgresEventLog(connections), pool(lost, "x"), new_metrics(), redis=redis)
    await redis.aclose()
    await connections.close()


async def test_without_its_servers_a_process_is_alive_and_not_ready(
    away: Operations, caplog: pytest.LogCaptureFixture
) -> None:
    assert (await away.live(None)).status_code == 200  # type: ignore[arg-type]  # it does not look
    for answer in (await away.ready(None), await away.report(None)):  # type: ignore[arg-type]  # as above
        text = bytes(answer.body).decode()
        assert answer.status_code == 503
        assert answer.headers["retry-after"]
        assert '"unreachable"' in text
        for secret in ("hunter2", "keeper", "nowhere", "127.0.0.1", "Error", "Timeout"):
            assert secret not in text
    assert "hunter2" not in caplog.text


async def test_a_process_that_ends_is_not_ready(system: System) -> None:
    connections = pool(system.settings, "write")
    operations = Operations("write", PostgresEventLog(connections), connections, new_metrics())
    operations.draining = True
    with TestClient(Starlette(routes=operations.routes())) as client:
        answer = client.get("/api/health/ready")
        assert (answer.status_code, answer.json()["status"]) == (503, "draining")
        assert client.get("/api/health/live").status_code == 200
