"""Whatever clients ask a read table names its project (or the caller): no query can leave it out."""

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from dataclasses import fields
from typing import Any
from uuid import UUID

import pytest

import projections
from projections.history import Selection

# What no client asks: projectors, by whole rows or by the keys of events, and operators and workers.
FOLDING = {"add", "load", "save"}
OPERATING = {
    ("jobs", "dead"),
    ("jobs", "figures"),
    ("jobs", "open_jobs"),
    ("jobs", "running"),
    ("jobs", "unapproved"),
    ("sessions", "all_active"),
}
# A theme belongs to no project; who may see it is decided with its owner and `shown_in`.
OF_NO_PROJECT = {("themes", "find_one")}
CALLERS = {"owner", "user"}


def queries() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    for folder in pkgutil.iter_modules(projections.__path__):
        if not folder.ispkg:
            continue
        module = importlib.import_module(f"projections.{folder.name}.queries")
        for name, function in inspect.getmembers(module, inspect.iscoroutinefunction):
            if function.__module__ == module.__name__:
                yield folder.name, name, function


ASKED = [
    (f"{model}.{name}", function)
    for model, name, function in queries()
    if name not in FOLDING and (model, name) not in OPERATING | OF_NO_PROJECT
]


@pytest.mark.parametrize(("name", "query"), ASKED, ids=[name for name, _ in ASKED])
def test_a_query_cannot_be_asked_without_its_project_or_caller(name: str, query: Callable[..., Any]) -> None:
    parameters = inspect.signature(query).parameters
    whose = [p for p in parameters.values() if p.name == "project_id" or p.name in CALLERS]
    assert whose, f"{name} names neither a project nor a caller"
    for parameter in whose:
        assert parameter.annotation in {UUID, str}, f"{name}: {parameter} may be None"
        assert parameter.default is inspect.Parameter.empty, f"{name}: {parameter} can be left out"


def test_there_are_queries_of_every_model() -> None:
    assert len({name.partition(".")[0] for name, _ in ASKED}) >= 9


def test_a_selection_of_history_is_of_one_project() -> None:
    project = next(f for f in fields(Selection) if f.name == "project_id")
    assert project.type in {UUID, "UUID"}
