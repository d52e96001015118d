"""Merging two edits of a long text, in this process; the time of one merge is that of its processor."""

import random
import time
from collections.abc import Callable, Sequence
from difflib import SequenceMatcher
from statistics import median

from domain.merge import merge_text
from tests.bench.budgets import Budget, Measured
from tests.bench.harness import Bench, Stage

TEXT = 10_000
EDITS = 30
VOCABULARY = 600
ENOUGH = 200

SCATTERED = Budget(
    "30 edits a side",
    "difflib, words and spaces",
    15,
    5,
    key="ms",
    unit="ms",
    lower_is_better=True,
    absolute=True,
)
WORST = Budget(
    "shuffled words",
    "difflib, words and spaces",
    15,
    key="ms",
    unit="ms",
    lower_is_better=True,
    absolute=True,
)
Texts = tuple[str, str, str]


def _scattered() -> Texts:
    """Return a text of words that recur, and two edits: words replaced, put in, away, at places all over it."""
    chance = random.Random(4)  # noqa: S311 - the same texts each time
    vocabulary = [
        "".join(chance.choices("abcdefghijklmnopqrst", k=chance.randint(2, 9))) for _ in range(VOCABULARY)
    ]
    words: list[str] = []
    while sum(map(len, words)) + len(words) < TEXT - EDITS * 10:
        words.append(chance.choice(vocabulary))

    def edited() -> str:
        copy = list(words)
        for n in range(EDITS):
            at = chance.randrange(len(copy))
            copy[at : at + (n % 3 != 0)] = [chance.choice(vocabulary)] if n % 3 < 2 else []
        return " ".join(copy)

    return " ".join(words), edited(), edited()


def _shuffled() -> Texts:
    base = _scattered()[0].split(" ")
    chance = random.Random(5)  # noqa: S311 - the same texts each time
    return " ".join(base), *(" ".join(chance.sample(base, len(base))) for _ in range(2))  # type: ignore[return-value]


def _by_difflib(base: str, theirs: str, mine: str) -> None:
    """Find what changed on both sides, as a merge has to; what comes after costs little."""
    for side in (theirs, mine):
        SequenceMatcher(None, _pieces(base), _pieces(side), autojunk=False).get_opcodes()


def _pieces(text: str) -> Sequence[str]:
    return [piece for word in text.split(" ") for piece in (word, " ")]


def _by_us(base: str, theirs: str, mine: str) -> None:
    merge_text(base, theirs, mine, winner="mine")


def _timed(merge: Callable[[str, str, str], None], texts: Texts, seconds: int) -> Measured:
    times: list[float] = []
    end = time.monotonic() + seconds
    while not times or (time.monotonic() < end and len(times) < ENOUGH):
        begin = time.process_time()
        merge(*texts)
        times.append((time.process_time() - begin) * 1e3)
    return {"ms": median(times)}


async def _run(stage: Stage) -> None:
    for budget, texts in ((SCATTERED, _scattered()), (WORST, _shuffled())):

        async def yardstick(texts: Texts = texts) -> Measured:
            return _timed(_by_difflib, texts, stage.options.seconds)

        async def ours(texts: Texts = texts) -> Measured:
            return _timed(_by_us, texts, stage.options.seconds)

        await stage.compare([budget], yardstick, ours)


BENCH = Bench(
    "merge",
    "two edits of a text of 10,000 characters merged by words, against difflib comparing the same",
    (SCATTERED, WORST),
    _run,
)
