"""Trace ids: the caller's by the W3C header `traceparent`, else one made here. Every line of a log tells its own."""

import re
from contextvars import ContextVar
from random import getrandbits
from typing import Final

_PARENT: Final = re.compile(rb"[0-9a-f]{2}-([0-9a-f]{32})-[0-9a-f]{16}-[0-9a-f]{2}")
_NONE: Final = b"0" * 32

_current: ContextVar[str] = ContextVar("trace", default="")


def begin(parent: bytes | None) -> str:
    """Have what follows in this task belong to a trace, and return its id of 32 hexadecimal digits."""
    found = _PARENT.fullmatch(parent) if parent is not None else None
    trace = found[1].decode() if found is not None and found[1] != _NONE else f"{getrandbits(128):032x}"
    _current.set(trace)
    return trace


def is_parent(header: str) -> bool:
    """Tell whether a header names a trace."""
    return header.isascii() and _PARENT.fullmatch(header.encode()) is not None


def current() -> str:
    """Return the id of the trace that this task belongs to; empty if it is none."""
    return _current.get()
