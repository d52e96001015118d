"""Which pages of other origins may ask, by an allow-list: without one, none."""

from functools import partial

from starlette.middleware.cors import CORSMiddleware

from infra.http.layered import Layer
from infra.settings import Settings

_SENT = ["Authorization", "Content-Type", "Idempotency-Key", "If-None-Match", "Last-Event-ID", "traceparent"]
_SHOWN = [
    "ETag",
    "Idempotency-Replayed",
    "RateLimit",
    "RateLimit-Policy",
    "Retry-After",
    "X-Decklog-Position",
    "X-Trace-Id",
]


def cors(settings: Settings) -> list[Layer]:
    """Return the layer that lets the origins of `CORS_ORIGINS` ask with a token, if there are any; cookies there are none."""
    if not settings.cors_origins:
        return []
    return [
        partial(
            CORSMiddleware,
            allow_origins=list(settings.cors_origins),
            allow_methods=["GET", "POST"],
            allow_headers=_SENT,
            expose_headers=_SHOWN,
            max_age=600,
        )
    ]
