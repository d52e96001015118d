"""Scans the parts of a source in processes of their own."""

import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, wait
from ctypes import c_int64
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from multiprocessing import get_context
from typing import Any

from infra.audit.scan import Part, scan
from infra.audit.source import Source, Span
from infra.runtime import settle_memory

# Events below which a process of its own costs more than it saves.
ALONE = 20_000
POLL = 0.1
Progress = Callable[[int], None]

_done: Any = None


class Stopped(Exception):
    """The parent wants no result any more."""


@dataclass(frozen=True, slots=True)
class Task:
    """One process's share."""

    source: Source
    span: Span
    cuts: tuple[int, ...]


def scan_all(
    source: Source, cuts: Sequence[int], progress: Progress, workers: int | None = None
) -> list[Part]:
    """Scan all of a source and return its parts in order.

    Args:
        source: What to read.
        cuts: Ascending positions as of which stream heads are wanted.
        progress: Called with the number of events done, ten times a second.
        workers: How many processes; by default one a core, and none for a short log.
    """
    if workers is None:
        workers = 1 if source.estimate() < ALONE else os.cpu_count() or 1
    spans = split(source.whole, workers)
    tasks = [Task(source, span, tuple(cuts)) for span in spans]
    if len(tasks) == 1:
        return [_scan(tasks[0], progress)]
    # Not forked: the parent may have threads. One slot a task, and one that says stop.
    context = get_context("spawn")
    done = context.Array(c_int64, len(tasks) + 1, lock=False)
    with ProcessPoolExecutor(len(tasks), context, _begin, (done,)) as pool:
        futures = [pool.submit(_work, i, task) for i, task in enumerate(tasks)]
        try:
            _watch(futures, lambda: progress(sum(done[:-1])))
            return [future.result() for future in futures]
        finally:
            done[len(tasks)] = 1


def split(span: Span, parts: int) -> list[Span]:
    """Cut a span into equal parts, none of them empty."""
    first, end = span
    edges = sorted({first + (end - first) * i // parts for i in range(parts + 1)})
    return list(pairwise(edges)) or [span]


def _watch(futures: list[Future[Part]], tell: Callable[[], None]) -> None:
    waiting = set(futures)
    while waiting:
        finished, waiting = wait(waiting, POLL)
        tell()
        for future in finished:
            future.result()


def _begin(done: Any) -> None:
    """Prepare a worker; Ctrl-C is its parent's to handle."""
    global _done  # noqa: PLW0603 - shared memory reaches a worker only while it starts
    _done = done
    settle_memory()
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _work(index: int, task: Task) -> Part:
    return _scan(task, partial(_tick, index))


def _scan(task: Task, tick: Progress) -> Part:
    source = task.source
    return scan(source.rows(task.span), gapless=source.gapless, cuts=task.cuts, tick=tick)


def _tick(index: int, events: int) -> None:
    _done[index] = events
    if _done[len(_done) - 1]:
        raise Stopped
