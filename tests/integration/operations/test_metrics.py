"""Every process tells its metrics: all of the table, and what the guide lists is among them."""

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families
from running import Person, System, eventually, opened_socket, serving_write

from infra.embedded.ports import free_port
from infra.settings import Settings
from infra.telemetry import table
from workers.app import Workers

Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def parsed(text: str) -> Samples:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


def of(samples: Samples, name: str, **labels: str) -> float:
    """Add up the samples of a name with these labels; 0 if there is none."""
    wanted = frozenset(labels.items())
    return sum(value for (n, has), value in samples.items() if n == name and wanted <= has)


def families(text: str) -> set[str]:
    """The names of the metrics that a text tells of, counters by their whole names."""
    found = text_string_to_metric_families(text)
    return {f.name + ("_total" if f.type == "counter" else "") for f in found if f.samples}


async def scraped(person: Person, url: str) -> str:
    answer = await person.system.client.get(f"{url}/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return answer.text


@pytest.fixture(scope="module")
async def worker_text(system: System) -> AsyncIterator[str]:
    """What one more worker process tells, which holds no lease."""
    workers = Workers(system.settings)
    task = asyncio.create_task(workers.run())
    try:
        metrics = workers.operations.metrics

        async def told() -> str:
            text = bytes((await metrics(None)).body).decode()  # type: ignore[arg-type]  # it does not look
            return text if "decklog_queue_concurrency{" in text and "decklog_loop_lag_seconds" in text else ""

        yield await eventually(told, 15)
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_each_metric_of_the_table_is_told_by_some_process(system: System, worker_text: str) -> None:
    person = system.person()
    deck = await person.deck(1, 1)
    await person.see(deck.path, min_position=deck.position)
    # A refusal, a socket that ended: so that what counts them has something to tell.
    async with opened_socket(system.write_url.replace("http", "ws") + "/api/commands/socket", person.token):
        pass
    told = set(families(worker_text))

    async def all_told() -> set[str]:
        for url in (system.write_url, system.read_url):
            told.update(families(await scraped(person, url)))
        return told

    await eventually(all_told)
    silent = {m.name for m in table.table()} - told
    # These have no value before there was something to count.
    assert silent <= {
        "decklog_live_refused_total",
        "decklog_queue_run_seconds",
        "decklog_rate_limit_hits_total",
    }, silent


async def test_requests_are_counted_by_route_and_status_with_their_times(system: System) -> None:
    person = system.person()
    before = parsed(await scraped(person, system.write_url))
    deck = await person.deck(1)
    await deck.change("edit-block", block_id=deck.blocks[0], changes={"title": "Edited"})
    assert (await person.post("edit-block", {"project_id": "no"})).status_code == 422
    after = parsed(await scraped(person, system.write_url))

    def grown(name: str, **labels: str) -> float:
        return of(after, name, **labels) - of(before, name, **labels)

    route = "/api/commands/edit-block"
    assert grown("decklog_http_requests_total", route=route, method="POST", status="200") == 1
    assert grown("decklog_http_requests_total", route=route, status="422") == 1
    assert grown("decklog_http_request_seconds_count", route=route) == 2
    assert grown("decklog_append_events_total") == 3
    assert grown("decklog_append_seconds_count") >= 1


async def test_unknown_addresses_and_commands_make_no_labels(system: System) -> None:
    person = system.person()
    for name in ("made-up-by-a-client", "another-one"):
        assert (await person.post(name, {})).status_code == 404
        assert (await person.get(f"/{name}")).status_code == 404
    for url in (system.write_url, system.read_url):
        text = await scraped(person, url)
        assert "made-up-by-a-client" not in text
        assert "another-one" not in text


async def test_open_sockets_are_counted_by_kind_and_their_ends_by_code(system: System) -> None:
    person = system.person()
    deck = await person.deck()

    async def live() -> float:
        return of(parsed(await scraped(person, system.read_url)), "decklog_active_connections", kind="live")

    before = await live()
    async with person.live(deck.id):
        assert await live() == before + 1

    async def gone() -> bool:
        return await live() == before

    await eventually(gone)
    samples = parsed(await scraped(person, system.read_url))
    assert of(samples, "decklog_socket_disconnects_total", kind="live", code="1000") >= 1


async def test_caches_and_the_database_are_told(system: System) -> None:
    person = system.person()
    deck = await person.deck()
    for _ in range(3):
        await person.see(deck.path, min_position=deck.position)
    samples = parsed(await scraped(person, system.read_url))
    assert of(samples, "decklog_cache_requests_total", kind="project") >= 3
    assert 0 <= of(samples, "decklog_cache_hit_ratio") <= 1
    assert of(samples, "decklog_db_connections", pool="read", state="max") >= 4
    assert of(samples, "decklog_db_query_seconds_count", pool="read") > 0
    assert of(samples, "decklog_db_wait_seconds_count", pool="read") > 0
    assert of(samples, "decklog_redis_seconds_count", client="cache") > 0


def test_queues_lags_and_the_redis_server_are_told_by_workers(system: System, worker_text: str) -> None:
    samples = parsed(worker_text)
    settings = system.settings
    assert of(samples, "decklog_queue_concurrency", queue="generation") == settings.ai_generation_concurrency
    assert of(samples, "decklog_redis_server_memory_bytes") > 0
    assert of(samples, "decklog_redis_server_clients") > 0
    assert ("decklog_projection_lag_seconds", frozenset({("model", "blocks")})) in samples
    assert ("decklog_relay_lag_events", frozenset()) in samples
    assert of(samples, "decklog_metrics_failures_total") == 0


async def test_a_port_of_their_own_keeps_metrics_from_the_public_one(settings: Settings) -> None:
    port = free_port()
    apart = settings.model_copy(update={"metrics_port": port})
    async with serving_write(apart) as url, httpx.AsyncClient(timeout=10) as client:
        assert (await client.get(f"{url}/metrics")).status_code == 404
        assert (await client.get(f"{url}/api/health")).status_code == 200
        assert "decklog_append_seconds" in (await client.get(f"http://127.0.0.1:{port}/metrics")).text
        assert (await client.get(f"http://127.0.0.1:{port}/api/health/ready")).status_code == 200
