import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from uuid import UUID, uuid4, uuid5

from hypothesis import settings as examples
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from logs import created, opened, renamed, request

from commands.ports import ANY_VERSION, NO_STREAM, STREAM_EXISTS, Append, Appended, Mismatch, Replayed
from infra.postgres.event_log import PostgresEventLog
from infra.settings import Settings

NAMES = st.integers(0, 3)


def machine(  # noqa: C901 - a class, made here since hypothesis builds it without arguments
    log: PostgresEventLog, runner: asyncio.Runner
) -> Callable[[], RuleBasedStateMachine]:
    class Log(RuleBasedStateMachine):
        """Four streams of one project against lists in memory."""

        @initialize()
        def begin(self) -> None:
            self.space = uuid4()
            self.streams: dict[UUID, list[tuple[int, str]]] = {self.stream(n): [] for n in range(4)}
            self.answered: dict[UUID, tuple[Append, int]] = {}
            self.start = self.head = runner.run(log.head())[0]
            self.count = 0

        def stream(self, name: int) -> UUID:
            return uuid5(self.space, str(name))

        def build(self, names: list[int], expected: list[int], counts: list[int]) -> Append:
            streams = [self.stream(n) for n in names]
            events = []
            for w, (stream, n) in enumerate(zip(streams, counts, strict=True)):
                for _ in range(n):
                    self.count += 1
                    events.append((w, renamed(stream, 0, str(self.count))))
            if not self.streams[streams[0]] and counts[0]:
                events[0] = (0, created(streams[0], str(self.count)))
            return request(
                self.space, list(zip(streams, expected, strict=True)), events, body=str(self.count).encode()
            )

        def check(self, append: Append, outcome: object) -> None:
            if append.command_id in self.answered:
                first, base = self.answered[append.command_id]
                assert outcome == Replayed(b"h", 200, base, first.body)
                return
            for write in append.writes:
                actual = len(self.streams[write.stream_id])
                fits = {ANY_VERSION: True, STREAM_EXISTS: actual > 0}.get(
                    write.expected, write.expected == actual
                )
                if not fits:
                    assert outcome == Mismatch(write.stream_id, actual)
                    return
            base = self.head if append.events else 0
            assert outcome == Appended(base)
            self.answered[append.command_id] = (append, base)
            for written in append.events:
                self.head += 1
                title: str = written.event.title  # type: ignore[attr-defined]
                self.streams[append.writes[written.write].stream_id].append((self.head, title))

        @rule(
            names=st.lists(NAMES, min_size=1, max_size=3, unique=True),
            kinds=st.lists(
                st.sampled_from(["right", "any", "exists", "none", "low", "high"]), min_size=3, max_size=3
            ),
            counts=st.lists(st.integers(1, 3), min_size=3, max_size=3),
        )
        def append(self, names: list[int], kinds: list[str], counts: list[int]) -> None:
            expected = []
            for name, kind in zip(names, kinds, strict=False):
                actual = len(self.streams[self.stream(name)])
                known = {"any": ANY_VERSION, "exists": STREAM_EXISTS, "none": NO_STREAM, "high": actual + 1}
                expected.append(known.get(kind, max(actual - 1, 0) if kind == "low" else actual))
            built = self.build(names, expected, counts[: len(names)])
            self.check(built, runner.run(log.append(built)))

        @rule(pick=st.integers(0, 50), changed=st.booleans())
        def repeat(self, *, pick: int, changed: bool) -> None:
            if self.answered:
                first, _ = list(self.answered.values())[pick % len(self.answered)]
                again = first
                if changed:
                    again = self.build([0], [len(self.streams[self.stream(0)])], [1])
                    again = Append(
                        **{n: getattr(again, n) for n in again.__dataclass_fields__}
                        | {"command_id": first.command_id}
                    )
                self.check(again, runner.run(log.append(again)))

        @rule(names=st.lists(NAMES, min_size=2, max_size=8))
        def race(self, names: list[int]) -> None:
            """Requests sent together come out as if sent in some order; per stream, exactly one wins."""
            built = [self.build([n], [len(self.streams[self.stream(n)])], [1]) for n in names]

            async def all_at_once() -> list[object]:
                return list(await asyncio.gather(*(log.append(b) for b in built)))

            outcomes = runner.run(all_at_once())
            won = [(b, o) for b, o in zip(built, outcomes, strict=True) if isinstance(o, Appended)]
            lost = [(b, o) for b, o in zip(built, outcomes, strict=True) if not isinstance(o, Appended)]
            for b, o in [*sorted(won, key=lambda pair: pair[1].base), *lost]:
                self.check(b, o)
            assert {b.writes[0].stream_id for b, _ in won} == {self.stream(n) for n in names}

        @invariant()
        def the_log_is_the_model(self) -> None:
            assert runner.run(log.head())[0] == self.head
            for stream, wanted in self.streams.items():
                found = runner.run(log.stream(stream))
                assert [(e.position, e.event.title) for e in found] == wanted  # type: ignore[attr-defined]
                assert [e.event.originator_version for e in found] == list(range(1, len(wanted) + 1))
            whole = runner.run(log.project(self.space, 0))
            assert [e.position for e in whole] == list(range(self.start + 1, self.head + 1))

    return Log


def test_the_log_behaves_like_lists_in_memory(settings: Settings) -> None:
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        log = runner.run(stack.enter_async_context(opened(settings)))
        try:
            few = examples(max_examples=12, stateful_step_count=15, deadline=None, database=None)
            run_state_machine_as_test(machine(log, runner), settings=few)
        finally:
            runner.run(stack.aclose())
