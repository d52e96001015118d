"""What Prometheus reads, and that one answer that cannot be had does not take the others along."""

import asyncio
from collections.abc import Mapping
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from infra.telemetry import table
from infra.telemetry.measures import Histogram
from infra.telemetry.metrics import Metric, Metrics, Value
from infra.telemetry.page import page
from infra.telemetry.wiring import new_metrics

DOC = Path(__file__).parents[3] / "infra" / "docs" / "metrics.md"


async def told(metrics: Metrics) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    text = (await metrics.text()).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def key(name: str, **labels: str) -> tuple[str, frozenset[tuple[str, str]]]:
    return name, frozenset(labels.items())


async def test_counters_gauges_and_histograms_are_read_when_asked() -> None:
    metrics = new_metrics()
    requests = {("/a", "GET", "200"): 3}
    seconds = Histogram((0.1, 1.0))
    seconds.observe(0.05)
    seconds.observe(5)
    metrics.watch(table.HTTP_REQUESTS, lambda: requests)
    metrics.watch(table.HTTP_IN_FLIGHT, lambda: 7)
    metrics.watch(table.HTTP_SECONDS, lambda: seconds, "/a")
    found = await told(metrics)
    assert found[key("decklog_http_requests_total", route="/a", method="GET", status="200")] == 3
    assert found[key("decklog_http_in_flight")] == 7
    assert found[key("decklog_http_request_seconds_bucket", route="/a", le="0.1")] == 1
    assert found[key("decklog_http_request_seconds_bucket", route="/a", le="1.0")] == 1
    assert found[key("decklog_http_request_seconds_bucket", route="/a", le="+Inf")] == 2
    assert found[key("decklog_http_request_seconds_sum", route="/a")] == pytest.approx(5.05)
    assert found[key("process_start_time_seconds")] > 0
    requests["/a", "GET", "200"] = 4
    assert (await told(metrics))[
        key("decklog_http_requests_total", route="/a", method="GET", status="200")
    ] == 4


async def test_several_readers_of_one_metric_are_all_told() -> None:
    metrics = new_metrics()
    metrics.watch(table.DB_WAITING, lambda: 1, "write")
    metrics.watch(table.DB_WAITING, lambda: 2, "read")
    found = await told(metrics)
    assert found[key("decklog_db_waiting", pool="write")] == 1
    assert found[key("decklog_db_waiting", pool="read")] == 2


async def test_what_cannot_be_asked_for_is_missing_and_counted_and_the_rest_is_told() -> None:
    metrics = new_metrics()

    async def broken() -> Mapping[Metric, Value]:
        raise ConnectionError("postgresql://user:password@host/db is away")

    async def well() -> Mapping[Metric, Value]:
        return {table.REDIS_CLIENTS: 4}

    metrics.ask("log", broken)
    metrics.ask("redis", well)
    found = await told(metrics)
    assert found[key("decklog_redis_server_clients")] == 4
    assert found[key("decklog_metrics_failures_total", source="log")] == 1
    assert found[key("decklog_metrics_failures_total", source="redis")] == 0
    assert key("decklog_log_position") not in found


async def test_many_scrapes_at_once_ask_once() -> None:
    metrics = new_metrics()
    asked = 0

    async def ask() -> Mapping[Metric, Value]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0)
        return {table.LOG_POSITION: asked}

    metrics.ask("log", ask)
    await asyncio.gather(*(metrics.text() for _ in range(10)))
    assert asked == 1


def test_names_and_kinds_are_as_prometheus_wants_them() -> None:
    metrics = table.table()
    assert len({m.name for m in metrics}) == len(metrics)
    for metric in metrics:
        assert metric.name.startswith("decklog_"), metric
        assert metric.name.endswith("_total") is (metric.kind == "counter"), metric
        assert metric.help
        assert not metric.help.endswith("."), metric


def test_the_page_of_metrics_says_what_the_table_says() -> None:
    assert DOC.read_text("utf-8") == page(), "python -m infra.telemetry.page > infra/docs/metrics.md"
