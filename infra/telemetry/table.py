"""The table of all metrics; `infra/docs/metrics.md` says the same, and a test keeps them equal.

Counters and histograms add up over processes. Gauges of the deployment (queues, lags, the Redis server) are
told by every worker process alike: take their maximum, not their sum.
"""

from typing import Final

from infra.telemetry.metrics import Metric

HTTP_REQUESTS: Final = Metric(
    "decklog_http_requests_total", "counter", "requests answered", ("route", "method", "status")
)
HTTP_SECONDS: Final = Metric(
    "decklog_http_request_seconds", "histogram", "time until a request was answered", ("route",)
)
HTTP_IN_FLIGHT: Final = Metric("decklog_http_in_flight", "gauge", "requests under way")
RATE_LIMIT_HITS: Final = Metric(
    "decklog_rate_limit_hits_total", "counter", "requests refused by a rate limit (429)", ("route",)
)
LIMITER_DECISIONS: Final = Metric(
    "decklog_limiter_decisions_total",
    "counter",
    "what was asked of limits, by kind: admitted, refused, shadowed, failed_open or failed_closed without Redis",
    ("kind", "decision"),
)
LIMITER_ROUND_TRIPS: Final = Metric(
    "decklog_limiter_round_trips_total", "counter", "calls of the limiter's script, each with many checks"
)
LIMITER_BLOCKED: Final = Metric("decklog_limiter_blocked", "gauge", "users and addresses that are blocked")
TURNED_AWAY: Final = Metric(
    "decklog_http_turned_away_total", "counter", "requests answered 503 at once, for there were too many"
)
LOOP_LAG: Final = Metric(
    "decklog_loop_lag_seconds", "histogram", "how late the event loop woke a timer: its saturation"
)

ACTIVE_CONNECTIONS: Final = Metric(
    "decklog_active_connections", "gauge", "WebSockets and event streams open in this process", ("kind",)
)
SOCKET_ENDS: Final = Metric(
    "decklog_socket_disconnects_total", "counter", "WebSockets that ended", ("kind", "code")
)
SOCKETS_REFUSED: Final = Metric(
    "decklog_live_refused_total", "counter", "live sockets that were not let in", ("code",)
)
LIVE_MESSAGES: Final = Metric(
    "decklog_live_messages_total", "counter", "messages of live sockets: in, out", ("direction",)
)
LIVE_BYTES: Final = Metric("decklog_live_bytes_total", "counter", "bytes of them: in, out", ("direction",))
LIVE_COALESCED: Final = Metric(
    "decklog_live_coalesced_total", "counter", "cursors and the like told with a later one, or not at all to a reader who was behind"
)  # fmt: skip
LIVE_DROPPED: Final = Metric(
    "decklog_live_dropped_total", "counter", "slow live readers that were closed, to resume from the log"
)
LIVE_SECONDS: Final = Metric(
    "decklog_live_delivery_seconds", "histogram", "from an event's commit until its last live reader here was written to"
)  # fmt: skip

APPEND_SECONDS: Final = Metric("decklog_append_seconds", "histogram", "one group commit, retries and all")
APPEND_BATCH: Final = Metric("decklog_append_batch_requests", "histogram", "requests in one group commit")
APPEND_EVENTS: Final = Metric("decklog_append_events_total", "counter", "events in group commits")
APPEND_WAITING: Final = Metric("decklog_append_waiting", "gauge", "requests that wait for a group commit")
APPEND_RETRIES: Final = Metric(
    "decklog_append_retries_total", "counter", "group commits sent again: the database was away or slow"
)

DB_CONNECTIONS: Final = Metric(
    "decklog_db_connections", "gauge", "connections of a pool: used, idle, and how many there may be", ("pool", "state")
)  # fmt: skip
DB_WAITING: Final = Metric("decklog_db_waiting", "gauge", "requests that wait for a connection", ("pool",))
DB_WAIT_SECONDS: Final = Metric(
    "decklog_db_wait_seconds", "histogram", "wait for a connection of a pool", ("pool",)
)
DB_QUERY_SECONDS: Final = Metric("decklog_db_query_seconds", "histogram", "one statement", ("pool",))
DB_SLOW: Final = Metric(
    "decklog_db_slow_queries_total", "counter", "statements slower than DB_SLOW_QUERY_MS, logged too", ("pool",)
)  # fmt: skip
DB_ERRORS: Final = Metric(
    "decklog_db_errors_total", "counter", "connections not had in time, failed or lost", ("pool",)
)

REDIS_SECONDS: Final = Metric("decklog_redis_seconds", "histogram", "one round trip to Redis", ("client",))
REDIS_ERRORS: Final = Metric("decklog_redis_errors_total", "counter", "round trips that failed", ("client",))
REDIS_CONNECTIONS: Final = Metric(
    "decklog_redis_connections", "gauge", "connections of this process to Redis", ("client",)
)
REDIS_MEMORY: Final = Metric(
    "decklog_redis_server_memory_bytes", "gauge", "memory that the Redis server uses"
)
REDIS_MEMORY_MAX: Final = Metric(
    "decklog_redis_server_memory_max_bytes", "gauge", "memory that the Redis server may use; 0: any"
)
REDIS_CLIENTS: Final = Metric("decklog_redis_server_clients", "gauge", "connections at the Redis server")
REDIS_HITS: Final = Metric(
    "decklog_redis_server_keyspace_total", "counter", "look-ups at the Redis server: hit, miss", ("result",)
)
REDIS_EVICTED: Final = Metric(
    "decklog_redis_server_evicted_keys_total", "counter", "keys that the Redis server gave up for lack of memory"
)  # fmt: skip

CACHE_REQUESTS: Final = Metric(
    "decklog_cache_requests_total", "counter", "documents asked for, by where they were: l1, stale, l2, joined, tables", ("kind", "level")
)  # fmt: skip
CACHE_HIT_RATIO: Final = Metric(
    "decklog_cache_hit_ratio", "gauge", "part of the documents that l1 or Redis had, since the start"
)

QUEUE_JOBS: Final = Metric(
    "decklog_queue_jobs", "gauge", "jobs by state, of the deployment", ("queue", "state")
)
QUEUE_OLDEST: Final = Metric(
    "decklog_queue_oldest_seconds", "gauge", "how long the oldest waiting job has waited", ("queue",)
)
QUEUE_CONCURRENCY: Final = Metric(
    "decklog_queue_concurrency", "gauge", "jobs that may run at once", ("queue",)
)
QUEUE_RUNNING: Final = Metric("decklog_queue_running", "gauge", "jobs that run", ("queue",))
QUEUE_UTILIZATION: Final = Metric(
    "decklog_queue_utilization", "gauge", "running of those that may run at once", ("queue",)
)
QUEUE_ENDED: Final = Metric(
    "decklog_queue_last_hour", "gauge", "jobs of the last hour: succeeded, failed, retries", ("queue", "outcome")
)  # fmt: skip
QUEUE_SECONDS: Final = Metric(
    "decklog_queue_run_seconds", "gauge", "quantiles of how long jobs of the last hour ran", ("queue", "quantile")
)  # fmt: skip

LOG_POSITION: Final = Metric("decklog_log_position", "gauge", "position of the last event")
RELAY_LAG: Final = Metric(
    "decklog_relay_lag_events", "gauge", "events that are in the log and in no stream yet"
)
PROJECTION_LAG: Final = Metric(
    "decklog_projection_lag_events", "gauge", "events between the log's head and a model's slowest partition", ("model",)
)  # fmt: skip
PROJECTION_LAG_SECONDS: Final = Metric(
    "decklog_projection_lag_seconds", "gauge", "age of the first event that a model lacks", ("model",)
)
PROJECTION_STOPPED: Final = Metric(
    "decklog_projections_stopped", "gauge", "read models that stand before an event that they cannot fold"
)

SCRAPE_FAILURES: Final = Metric(
    "decklog_metrics_failures_total", "counter", "times that metrics could not be asked for", ("source",)
)


def table() -> list[Metric]:
    """Return all metrics, in the order of this file."""
    return [value for value in globals().values() if isinstance(value, Metric)]
