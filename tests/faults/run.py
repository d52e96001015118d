"""A run: faults one after the other, sometimes two at once, until the time is over; then the judgement."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass

from tests.faults.children import PartFailed
from tests.faults.findings import Findings
from tests.faults.judging import Judgement, judge
from tests.faults.making import BAG, FAULTS
from tests.faults.scene import Scene, Size, set_up

Say = Callable[[str], None]
TWO_AT_ONCE = 0.25
LEAST_PAUSE, MOST_PAUSE = 0.2, 2.0
TELL_EVERY = 5.0


@dataclass(frozen=True, slots=True)
class Plan:
    """What to do: for some seconds, the faults of a bag again and again; or each of the bag once, if 0."""

    seconds: float
    seed: int
    size: Size
    bag: Mapping[str, int] | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of a run. `longest` is the longest that a request waited for its answer, in seconds."""

    judgement: Judgement
    faults: Counter[str]
    cuts: Counter[str]
    refused: int
    unknown: int
    longest: float
    seconds: float

    @property
    def findings(self) -> Findings:
        return self.judgement.findings


def _drawn(bag: Mapping[str, int], picked: random.Random) -> list[str]:
    kinds = [kind for kind, count in bag.items() for _ in range(count)]
    picked.shuffle(kinds)
    return kinds


def _steps(plan: Plan, picked: random.Random) -> Iterator[list[str]]:
    """Yield what to do next: a kind of fault, or two at once."""
    bag = plan.bag or BAG
    while True:
        kinds = _drawn(bag, picked)
        while kinds:
            step = [kinds.pop()]
            if kinds and kinds[-1] not in step and picked.random() < TWO_AT_ONCE:
                step.append(kinds.pop())
            yield step
        if not plan.seconds:
            return


async def run(plan: Plan, say: Say) -> Outcome:
    """Run, and judge.

    Raises:
        PartFailed: a part ended by itself, which none may.
    """
    async with set_up(plan.size, plan.seed) as scene:
        telling = asyncio.create_task(_tell(scene, say))
        findings = Findings()
        try:
            await _break(plan, scene, findings)
            await scene.finish()
        except PartFailed as failed:
            findings.add("stuck", str(failed))
            if not findings.counts:
                raise
        finally:
            telling.cancel()
            with suppress(asyncio.CancelledError):
                await telling
        seconds = time.monotonic() - scene.begun
        say(f"{_line(scene)}; judging")
        judgement = await asyncio.to_thread(judge, scene)
        for kind, sentences in findings.told.items():
            for sentence in sentences:
                judgement.findings.add(kind, sentence)
        return Outcome(
            judgement,
            scene.faults,
            Counter(scene.proxy.said.get("cuts", {})),
            scene.total("refused"),
            scene.total("unknown"),
            scene.longest,
            seconds,
        )


async def _break(plan: Plan, scene: Scene, findings: Findings) -> None:
    await scene.go_on()
    for kinds in _steps(plan, scene.picked):
        await asyncio.sleep(scene.picked.uniform(LEAST_PAUSE, MOST_PAUSE))
        if plan.seconds and time.monotonic() - scene.begun > plan.seconds:
            return
        scene.faults.update(kinds)
        await asyncio.gather(*(FAULTS[kind](scene) for kind in kinds))
        try:
            await scene.go_on()
        except PartFailed as failed:
            findings.add("stuck", f"after {' and '.join(kinds)}: {failed}")
            return


def _line(scene: Scene) -> str:
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(scene.faults.items()))
    return (
        f"{time.monotonic() - scene.begun:5.0f} s  {scene.total('acknowledged'):,} events acknowledged,"
        f" {scene.total('refused'):,} requests refused, {scene.total('unknown'):,} unanswered  [{faults}]"
    )


async def _tell(scene: Scene, say: Say) -> None:
    while True:
        await asyncio.sleep(TELL_EVERY)
        say(_line(scene))
