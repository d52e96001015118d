"""Aggregates out of their events."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from domain.block import Block, BlockEvent
from domain.events import Recorded
from domain.project import Project, ProjectEvent

A = TypeVar("A")


@dataclass(frozen=True, slots=True)
class Loaded(Generic[A]):
    """An aggregate and the position of the last event in it."""

    state: A
    position: int


def fold_project(loaded: Loaded[Project] | None, recorded: Sequence[Recorded]) -> Loaded[Project] | None:
    """Apply the events that follow; None if the stream is not there, or no project's."""
    state = loaded.state if loaded else None
    for r in recorded:
        if not isinstance(r.event, ProjectEvent):
            return None
        state = Project.evolve(state, r.event)
    return Loaded(state, recorded[-1].position) if state and recorded else loaded


def fold_block(loaded: Loaded[Block] | None, recorded: Sequence[Recorded]) -> Loaded[Block] | None:
    """Apply the events that follow; None if the stream is not there, or no block's."""
    state = loaded.state if loaded else None
    for r in recorded:
        if not isinstance(r.event, BlockEvent):
            return None
        state = Block.evolve(state, r.event)
    return Loaded(state, recorded[-1].position) if state and recorded else loaded
