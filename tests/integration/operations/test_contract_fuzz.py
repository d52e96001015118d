"""Both OpenAPI documents against the running service: no 5xx, and no answer that the documents do not tell of.

`make fuzz` makes many more examples of the same.
"""

import asyncio
import multiprocessing
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from typing import Any

import hypothesis
import schemathesis
from hypothesis import strategies as st
from running import System
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from infra.http.auth import issue

EXAMPLES = int(os.environ.get("DECKLOG_FUZZ_EXAMPLES", "3"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
]
# It has no end.
ENDLESS = ("/api/projects/{project}/events",)
# What may be answered though a client did nothing wrong: the service is asked for more than it takes.
UNAVAILABLE = 503


@dataclass(frozen=True)
class Known:
    """Ids of what there is, so that not every example is told that there is nothing."""

    values: dict[str, str]
    token: str

    def put(self, case: Any) -> None:
        """Put them where an example names something by its id."""
        for name in case.path_parameters or {}:
            if name in self.values:
                case.path_parameters[name] = self.values[name]
        if isinstance(case.query, dict) and "project_id" in case.query:
            case.query["project_id"] = self.values["project"]
        if isinstance(case.body, dict):
            for name in ("project_id", "block_id"):
                if name in case.body:
                    case.body[name] = self.values[name.removesuffix("_id")]


async def known(system: System) -> Known:
    user = f"fuzz-{time.time_ns()}"
    token = issue(
        system.settings.jwt_secret, user, now=time.time(), ttl=3600, tier="enterprise", scope="admin audit"
    )
    person = system.person(user)
    deck = await person.deck(1, 1)
    thread = await deck.change("open-comment", text="Why?")
    sent = await system.client.post(
        f"{system.write_url}/api/assets?project_id={deck.id}",
        content=b"a file",
        headers={**person.headers, "Content-Type": "text/plain"},
    )
    values = {
        "project": deck.id,
        "block": deck.blocks[-1],
        "thread": thread["result"]["thread_id"],
        "asset": sent.json()["asset_id"],
    }
    return Known(values, token)


def _bounded(case: Any) -> None:
    """A position far ahead is waited for, which is right, and long."""
    query = case.query if isinstance(case.query, dict) else {}
    for name in ("min_position", "at_position"):
        if isinstance(query.get(name), int) and query[name] > 1:
            query[name] %= 2


def fuzzed(document: dict[str, Any], url: str, there: Known) -> Sequence[str]:
    """Ask for every operation with generated parameters; return what should not have been answered."""
    found: list[str] = []
    schema = schemathesis.openapi.from_dict(document)
    for result in schema.get_all_operations():
        operation = result.ok()
        if operation.path in ENDLESS:
            continue

        @hypothesis.seed(20261130)
        @hypothesis.settings(
            max_examples=EXAMPLES,
            deadline=None,
            database=None,
            suppress_health_check=list(hypothesis.HealthCheck),
            phases=[hypothesis.Phase.generate],
        )
        @hypothesis.given(case=operation.as_strategy(), real=st.booleans(), said=st.booleans())
        def ask(case: Any, *, real: bool, said: bool) -> None:
            if real:
                there.put(case)
            _bounded(case)
            token = there.token if said or real else "nonsense"
            answer = case.call(base_url=url, headers={"Authorization": f"Bearer {token}"}, timeout=30)
            if answer.status_code == UNAVAILABLE and "retry-after" in answer.headers:
                return
            case.validate_response(answer, checks=CHECKS)

        try:
            ask()
        except (Exception, BaseExceptionGroup) as failed:  # noqa: BLE001 - all of them are told together
            found.append(f"{operation.method.upper()} {operation.path}: {_told(failed)}"[:2_000])
    return found


def _told(failed: BaseException) -> str:
    """Return what went wrong, and what each of several things was that did."""
    within = failed.exceptions if isinstance(failed, BaseExceptionGroup) else ()
    return " / ".join([f"{type(failed).__name__}: {failed}", *map(_told, within)])


async def _fuzz(system: System, url: str) -> None:
    """Fuzz from a process of its own.

    In this one the service draws jitter from `random` meanwhile, and Hypothesis takes that for a strategy's doing.
    """
    document = (await system.client.get(f"{url}/openapi.json")).json()
    there = await known(system)
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as apart:
        found = await asyncio.get_running_loop().run_in_executor(apart, fuzzed, document, url, there)
    assert not found, "\n\n".join(found)


async def test_the_write_api_answers_as_it_says(system: System) -> None:
    await _fuzz(system, system.write_url)


async def test_the_read_api_answers_as_it_says(system: System) -> None:
    await _fuzz(system, system.read_url)
