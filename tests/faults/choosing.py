"""What a client does next: mostly edits of hot streams, with every kind of expectation and shape among them."""

import random
from uuid import UUID, uuid5

from commands.ports import ANY_VERSION, NO_STREAM, STREAM_EXISTS
from tests.faults.deeds import HOT_STREAMS, PROJECTS, SPACE, Deed, Target, hot_stream, project

MOST_TARGETS, MOST_EVENTS = 4, 3


class Known:
    """What the clients of a process have learnt of the log from its answers."""

    def __init__(self) -> None:
        self.versions: dict[UUID, int] = {}
        self.head = 0

    def learn(self, stream: UUID, version: int) -> None:
        self.versions[stream] = max(version, self.versions.get(stream, 0))


class Chooser:
    """Chooses for one client, the same for the same seed and the same answers."""

    def __init__(self, caller: str, known: Known, picked: random.Random) -> None:
        self._caller = caller
        self._known = known
        self._picked = picked
        self._serial = 0

    def next(self) -> Deed:
        picked = self._picked
        self._serial += 1
        structural = picked.random() < 0.1
        several = picked.random() < 0.25
        numbers = picked.sample(range(HOT_STREAMS), picked.randint(2, MOST_TARGETS) if several else 1)
        if structural:
            # As commands do: what changes a structure stays in one project, and nearly always rests on its structure.
            numbers = sorted({n - (n - numbers[0]) % PROJECTS for n in numbers})
        targets = [self._target(n) for n in numbers]
        order = [
            i for i in range(len(targets)) for _ in range(picked.randint(1, MOST_EVENTS) if several else 1)
        ]
        picked.shuffle(order)
        guarded = structural and picked.random() < 0.8
        guard = (targets[0].project, self._known.head) if guarded else None
        keyed = picked.random() < 0.7
        return Deed(self._caller, self._serial, keyed, targets, order, structural, guard)

    def _target(self, n: int) -> Target:
        stream, of = hot_stream(n), project(n)
        match self._picked.choices(("exact", "any", "exists", "none", "new"), (60, 20, 10, 2, 8))[0]:
            case "exact":
                return Target(stream, of, self._known.versions.get(stream, NO_STREAM))
            case "any":
                return Target(stream, of, ANY_VERSION)
            case "exists":
                return Target(stream, of, STREAM_EXISTS)
            case "none":
                return Target(stream, of, NO_STREAM)
            case _:
                return Target(uuid5(SPACE, f"{self._caller}/{self._serial}/{n}"), of, NO_STREAM)
