"""How relay, read models and rebuilds stand, as one document: for operators, and for what watches over them."""

import logging
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import RedisError

from domain.catalogue import timestamp
from infra.postgres.rebuild_state import RUNNING, RebuildState, rebuild_state
from infra.redis.keys import Keys
from infra.redis.stream_tops import Top, tops
from projections import failures, requests, stats
from projections.model import ReadModel
from projections.ports import Database
from projections.stats import Lag, Progress

logger = logging.getLogger(__name__)

# Requests for rebuilds that are told of.
REQUESTS = 10
_AWAY = (RedisError, OSError, TimeoutError)


async def projection_report(
    database: Database, redis: Redis, keys: Keys, models: Sequence[ReadModel], partitions: int
) -> dict[str, Any]:
    """Tell how far everything is that is derived from the log.

    A model's `state` is running, rebuilding, stopped (before an event that it cannot fold), or outdated: this
    release has another version of it, which is built beside it or will be.

    `relay` is None while Redis is away. Lags in events count those of the partition; `exact` is false where
    there are so many that only a bound is known.
    """
    async with database.session() as session:
        measured = await stats.measure(session, {m.name: m.version for m in models}, partitions)
        rebuild = await rebuild_state(session)
        asked = await requests.latest(session, REQUESTS)
        skips = await failures.skips(session)
    rebuilding = rebuild.models if rebuild is not None and rebuild.state == RUNNING else ()
    return {
        "head": measured.head,
        "projections": [
            _model(
                model,
                [p for p in measured.models if p.model == model.name],
                skipped=sum(s.model == model.name for s in skips),
                rebuilding=model.name in rebuilding,
            )
            for model in models
        ],
        "relay": await _relay(redis, keys, partitions, measured),
        "rebuild": _rebuild(rebuild),
        "requests": [request_document(r) for r in asked],
        "skips": [{**asdict(s), "skipped_at": timestamp(s.skipped_at)} for s in skips],
    }


def _lag(lag: Lag) -> dict[str, Any]:
    return {"lag_events": lag.events, "exact": lag.exact, "lag_ms": round(lag.milliseconds, 1)}


def _model(model: ReadModel, found: Sequence[Progress], *, skipped: int, rebuilding: bool) -> dict[str, Any]:
    lags = [p.lag for p in found]
    return {
        "name": model.name,
        "version": min((p.version for p in found), default=model.version),
        "state": _state(model, found, rebuilding=rebuilding),
        "position": min((p.position for p in found), default=0),
        "lag_events": sum(lag.events for lag in lags),
        "exact": all(lag.exact for lag in lags),
        "lag_ms": round(max((lag.milliseconds for lag in lags), default=0.0), 1),
        "rate": round(sum(p.rate for p in found), 2),
        "events": sum(p.events for p in found),
        "errors": sum(p.errors for p in found),
        "skipped": skipped,
        "partitions": [_partition(p) for p in found],
    }


def _state(model: ReadModel, found: Sequence[Progress], *, rebuilding: bool) -> str:
    if any(p.stopped is not None for p in found):
        return "stopped"
    if rebuilding:
        return "rebuilding"
    return "running" if all(p.version == model.version for p in found) else "outdated"


def _partition(progress: Progress) -> dict[str, Any]:
    stopped = progress.stopped
    return {
        "partition": progress.partition,
        "position": progress.position,
        **_lag(progress.lag),
        "rate": round(progress.rate, 2),
        "events": progress.events,
        "errors": progress.errors,
        "seconds_since_moved": progress.seconds_since_moved,
        "stopped_at": stopped.position if stopped else None,
        "error": stopped.error if stopped else None,
    }


async def _relay(
    redis: Redis, keys: Keys, partitions: int, measured: stats.Measured
) -> list[dict[str, Any]] | None:
    try:
        found = await tops(redis, keys, partitions)
    except _AWAY as away:
        logger.warning("how far the relay is, is not known: %s", away)
        return None
    return [_top(top, measured) for top in found]


def _top(top: Top, measured: stats.Measured) -> dict[str, Any]:
    return {
        "partition": top.partition,
        "position": top.log,
        **_lag(measured.lag(top.log, top.partition)),
        "broadcast_position": top.live,
        "broadcast_lag_ms": round(measured.lag(top.live, top.partition).milliseconds, 1),
    }


def _rebuild(state: RebuildState | None) -> dict[str, Any] | None:
    if state is None:
        return None
    left = state.seconds_left
    return {
        "models": list(state.models),
        "state": state.state,
        "started_at": timestamp(state.started_at),
        "events": state.events,
        "total": state.total,
        "progress": round(state.events / state.total, 4) if state.total else 1.0,
        "rate": round(state.rate, 1),
        "seconds_left": round(left, 1) if left is not None else None,
    }


def request_document(request: requests.Request) -> dict[str, Any]:
    """Describe a rebuild that was asked for."""
    return {
        "id": request.id,
        "models": list(request.models),
        "reason": request.reason,
        "requested_by": request.requested_by,
        "state": request.state,
        "requested_at": timestamp(request.requested_at),
        "started_at": timestamp(request.started_at) if request.started_at else None,
        "ended_at": timestamp(request.ended_at) if request.ended_at else None,
        "result": request.result,
    }
