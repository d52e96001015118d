"""One process's metrics: what is to be read when somebody asks, and how it is told to Prometheus.

Nothing is pushed here. Whoever wires a process says, by metric of the table, where its number is; numbers that
have to be asked for (of a server, of the log) are asked for at most every few seconds, with a time limit, so
that scrapes cost the same however many there are.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4, generate_latest
from prometheus_client.metrics_core import Metric as Family

from infra.telemetry.measures import Histogram

logger = logging.getLogger(__name__)

MEDIA_TYPE: Final = CONTENT_TYPE_PLAIN_0_0_4
# Seconds: how old an answer may be that was asked for, and how long one is waited for; Prometheus waits for ten.
FRESH: Final = 2.0
PATIENCE: Final = 5.0


@dataclass(frozen=True, slots=True)
class Metric:
    """One line of the table. `name` is as Prometheus stores it; units are in the name."""

    name: str
    kind: Literal["counter", "gauge", "histogram"]
    help: str
    labels: tuple[str, ...] = ()


Labels = tuple[str, ...]
Number = float | int
# Mappings are by labels, tuples of texts; a mapping's type cannot say that of tuples of any length.
Value = Number | Histogram | Mapping[Any, Number] | Mapping[Any, Histogram]
Read = Callable[[], Value]
Ask = Callable[[], Awaitable[Mapping[Metric, Value]]]


@dataclass(slots=True)
class _Asked:
    """Something that is asked for, and its last answer."""

    source: str
    ask: Ask
    answer: Mapping[Metric, Value] = field(default_factory=dict)
    at: float = float("-inf")
    failures: int = 0


class Metrics:
    """All metrics of one process.

    Args:
        failed: the metric that counts, by source, how often an answer could not be had.
    """

    def __init__(self, failed: Metric) -> None:
        self._read: dict[Metric, list[tuple[Labels, Read]]] = {}
        self._asked: list[_Asked] = []
        self._failed = failed
        self._lock = asyncio.Lock()
        self._process = CollectorRegistry(auto_describe=False)
        ProcessCollector(registry=self._process)

    def watch(self, metric: Metric, read: Read, *labels: str) -> None:
        """Read a metric's value with `read`, which has to be cheap; of several readers all values are told.

        The labels are this value's, unless `read` returns values by labels.
        """
        self._read.setdefault(metric, []).append((labels, read))

    def ask(self, source: str, ask: Ask) -> None:
        """Ask for the values of several metrics when they are wanted; while they cannot be had they are missing."""
        self._asked.append(_Asked(source, ask))

    @property
    def known(self) -> list[Metric]:
        """The metrics that are read without asking."""
        return list(self._read)

    async def text(self) -> bytes:
        """Return everything in the text format of Prometheus."""
        async with self._lock:
            await asyncio.gather(*(self._refresh(asked) for asked in self._asked))
        values: dict[Metric, list[tuple[Labels, Value]]] = {
            metric: [(labels, read()) for labels, read in readers] for metric, readers in self._read.items()
        }
        for asked in self._asked:
            for metric, value in asked.answer.items():
                values.setdefault(metric, []).append(((), value))
        values[self._failed] = [((a.source,), a.failures) for a in self._asked]
        own = b"".join(_lines(metric, found) for metric, found in values.items())
        return own + generate_latest(self._process)

    async def _refresh(self, asked: _Asked) -> None:
        if time.monotonic() - asked.at < FRESH:
            return
        try:
            async with asyncio.timeout(PATIENCE):
                asked.answer = await asked.ask()
        except Exception as away:  # noqa: BLE001 - whatever it is, the other metrics are told, and this is counted
            asked.answer = {}
            asked.failures += 1
            logger.warning("metrics of %s cannot be had: %s", asked.source, type(away).__name__)
        asked.at = time.monotonic()


def _lines(metric: Metric, values: Iterable[tuple[Labels, Value]]) -> bytes:
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Fixed(_family(metric, values)))
    return generate_latest(registry)


class _Fixed:
    """A collector of one family, as the library wants it."""

    def __init__(self, family: Family) -> None:
        self._family = family

    def collect(self) -> Iterable[Family]:
        """Return it."""
        return [self._family]


def _family(metric: Metric, values: Iterable[tuple[Labels, Value]]) -> Family:
    if metric.kind == "histogram":
        told = HistogramMetricFamily(metric.name, metric.help, labels=metric.labels)
        for labels, histogram in _labelled(values):
            if isinstance(histogram, Histogram):
                told.add_metric(labels, _buckets(histogram), histogram.total)
        return told
    family = CounterMetricFamily if metric.kind == "counter" else GaugeMetricFamily
    numbers = family(metric.name, metric.help, labels=metric.labels)
    for labels, number in _labelled(values):
        if not isinstance(number, Histogram):
            numbers.add_metric(labels, number)
    return numbers


def _labelled(values: Iterable[tuple[Labels, Value]]) -> Iterable[tuple[Labels, Number | Histogram]]:
    for labels, value in values:
        if isinstance(value, Mapping):
            yield from value.items()
        else:
            yield labels, value


def _buckets(histogram: Histogram) -> list[tuple[str, float]]:
    found: list[tuple[str, float]] = []
    below = 0
    for bound, count in zip((*histogram.bounds, float("inf")), histogram.counts, strict=True):
        below += count
        found.append(("+Inf" if bound == float("inf") else repr(float(bound)), below))
    return found
