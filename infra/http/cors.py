"""Which pages of other origins may ask, by an allow-list: without one, none."""

from fastapi import FastAPI
from starlette.middleware.cors import CORSMiddleware

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


def install_cors(app: FastAPI, settings: Settings) -> None:
    """Let the origins of `CORS_ORIGINS` ask with a token; cookies there are none."""
    if not settings.cors_origins:
        return
    app.add_middleware(
        CORSMiddleware,
        allow_origins=list(settings.cors_origins),
        allow_methods=["GET", "POST"],
        allow_headers=_SENT,
        expose_headers=_SHOWN,
        max_age=600,
    )
