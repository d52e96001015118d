"""Writes the table of metrics for people: `python -m infra.telemetry.page > infra/docs/metrics.md`."""

import sys

from infra.telemetry.table import table

_HEAD = """# Metrics

Every process answers `/metrics` in the text format of Prometheus: both APIs on their own port, workers on
`--metrics-port` (`decklog up` prints where). With `METRICS_PORT` set, all of them do so on that port only, with
health beside it, and the public port has no metrics: that is how `infra/deploy` runs them.

Counters and histograms add up over processes: p95 of edits is
`histogram_quantile(0.95, sum by (le) (rate(decklog_http_request_seconds_bucket{route="/api/commands/edit-block"}[5m])))`.
Gauges of the deployment (queues, lags, the Redis server, the log's position) are told by every worker process
alike: take their `max`, not their `sum`. Beside these there are the usual `process_*` of every process.

| name | kind | labels | what |
|---|---|---|---|
"""
_FOOT = """
What the guide lists is in there: Redis (hit ratio: `decklog_cache_hit_ratio`, and the server's own by
`decklog_redis_server_keyspace_total`; memory, connections, latency), the database (connections, query latency, wait,
slow queries), queues (time, depth, failures, utilization), WebSockets (connections by pod, throughput,
disconnects, latency), the API (rate, p50, p95 and p99 by histogram, errors by status, rate-limit hits).

A statement slower than `DB_SLOW_QUERY_MS` is logged with its text, its pool and its time, never with its values.
Logs are one JSON object a line on standard error; `trace` in it is the caller's trace (`traceparent`) or one made
for the request, and an answer of 500 or more says it in `X-Trace-Id`. The trace a caller names is in the
metadata of the events that its command caused.

Alerts on these are in `infra/deploy/prometheus/alerts.yml`, what to do about them in [runbook.md](runbook.md).
"""


def page() -> str:
    """Return the page."""
    rows = [f"| `{m.name}` | {m.kind} | {', '.join(m.labels)} | {m.help} |\n" for m in table()]
    return _HEAD + "".join(rows) + _FOOT


if __name__ == "__main__":
    sys.stdout.write(page())
