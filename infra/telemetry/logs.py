"""Logs: one JSON object a line on standard error, each with the trace that it belongs to."""

import logging
from collections.abc import Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Final

import orjson

from infra.telemetry.tracing import current

# What libraries may tell at the least, whatever the level: below that some of them write down headers, and tokens
# with them. (uvicorn has its WebSockets log each line of a handshake to `uvicorn.error`.)
QUIET: Final[Mapping[str, int]] = MappingProxyType(
    {
        "faststream": logging.WARNING,
        "hpack": logging.WARNING,
        "httpcore": logging.WARNING,
        "httpcore2": logging.WARNING,
        "httpx": logging.WARNING,
        "httpx2": logging.WARNING,
        "openai": logging.WARNING,
        "uvicorn.access": logging.WARNING,
        "uvicorn.error": logging.INFO,
        "websockets": logging.WARNING,
    }
)


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Render time, level, logger, message, and the traceback if there is one."""
        line: dict[str, object] = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        if trace := current():
            line["trace"] = trace
        fields = getattr(record, "fields", None)
        if isinstance(fields, dict):
            line.update(fields)
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return orjson.dumps(line, default=str).decode()


def configure_logs(level: str) -> None:
    """Send everything at or above a level to standard error."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=level.upper(), handlers=[handler], force=True)
    for library, least in QUIET.items():
        logging.getLogger(library).setLevel(max(least, logging.getLogger().level))
