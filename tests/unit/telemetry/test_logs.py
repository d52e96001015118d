"""Lines of logs: JSON, with the trace they belong to."""

import logging

import orjson
import pytest

from infra.telemetry.logs import JsonLines
from infra.telemetry.tracing import begin, current

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


def line(message: str, **more: object) -> dict[str, object]:
    record = logging.makeLogRecord(
        {"name": "a.logger", "levelno": 30, "levelname": "WARNING", "msg": message}
    )
    record.__dict__.update(more)
    found: dict[str, object] = orjson.loads(JsonLines().format(record))
    return found


async def test_a_line_tells_the_trace_of_the_caller() -> None:
    begin(f"00-{TRACE}-00f067aa0ba902b7-01".encode())
    assert line("slow")["trace"] == TRACE


@pytest.mark.parametrize(
    "parent",
    [None, b"", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01", b"\xff" * 55, f"00-{TRACE}\n-00f0-01".encode()],
)
async def test_without_a_valid_trace_one_is_made(parent: bytes | None) -> None:
    made = begin(parent)
    assert len(made) == 32
    assert made != TRACE
    assert current() == made == line("slow")["trace"]


def test_fields_of_a_record_are_fields_of_the_line() -> None:
    found = line("a statement was slow", fields={"ms": 700, "pool": "read"})
    assert (found["message"], found["ms"], found["pool"]) == ("a statement was slow", 700, "read")


def test_what_is_logged_stays_on_its_line() -> None:
    record = logging.makeLogRecord({"name": "a", "levelname": "INFO", "msg": "two\nlines\u2028\x1b[31m"})
    text = JsonLines().format(record)
    assert "\n" not in text
    assert "\x1b" not in text
