"""Making files of a deck of 50 slides, in this process; reading the deck and keeping the file are not in it."""

import time
from statistics import median

from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage
from tests.support.slides import bullets, chart, demo, slide, source, table, text
from workers.exporting import FORMATS, render
from workers.exporting.source import Node, Source

SLIDES = 50
ENOUGH = 3
WORDS = "A delta forms where a river carries **more sand** than the sea takes away. "


def _deck() -> Source:
    """Every fifth slide has a chart, every fifth a table, one a picture; the others have words."""
    quarters = ["Spring", "Summer", "Autumn", "Winter"]
    slides: list[Node] = []
    for n in range(SLIDES - 1):
        title = f"Slide {n}: what rivers carry"
        match n % 5:
            case 0:
                slides.append(
                    slide(title, text(WORDS), chart("column", quarters, a=[n, 2, 3, 4], b=[4, 3, n, 1]))
                )
            case 1:
                slides.append(
                    slide(title, table(["River", "Length"], *([f"River {i}", str(i * n)] for i in range(8))))
                )
            case _:
                slides.append(slide(title, *(text(WORDS * 2), bullets(*([WORDS] * 4))), notes=WORDS * 3))
    pictured = demo()
    shown = next(s for s in pictured.slides if any(n.type == "image" for n in s.walk()))
    made = source(*slides, shown, title="Rivers")
    return Source(made.project, 1, made.theme, made.slides, pictured.assets)


def _budget(wanted: str, floor: float | None = None) -> Budget:
    return Budget(
        f"{SLIDES} slides to {wanted}",
        "to JSON",
        floor,
        key=wanted,
        unit="ms",
        lower_is_better=True,
        absolute=True,
    )


BUDGETS = (
    _budget("pptx", 2_000),
    _budget("pdf", 1_000),
    *(_budget(name) for name in FORMATS if name not in {"pptx", "pdf", "json"}),
)


def _timed(deck: Source, wanted: str) -> float:
    times: list[float] = []
    for _ in range(ENOUGH):
        began = time.perf_counter()
        render(deck, wanted)
        times.append((time.perf_counter() - began) * 1e3)
    return median(times)


async def _run(stage: Stage) -> None:
    deck = _deck()

    async def yardstick() -> Measured:
        return dict.fromkeys(FORMATS, _timed(deck, "json"))

    async def ours() -> Measured:
        return {wanted: _timed(deck, wanted) for wanted in FORMATS}

    await stage.compare(BUDGETS, yardstick, ours)


BENCH = Bench("export", "files of a deck of 50 slides with charts, tables and pictures", BUDGETS, _run)
