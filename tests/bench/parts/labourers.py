"""A worker process whose jobs do nothing: what is left is what a queue costs."""

import asyncio
import json
import sys
from collections.abc import Mapping
from typing import Any

import uvloop

from infra.runtime import settle_memory
from infra.settings import Settings
from tests.bench.part import say
from workers.app import Workers
from workers.jobs.ports import JobContext, JobHandler


class _Nothing:
    async def run(self, _: JobContext) -> Mapping[str, Any] | None:
        return {}


def _handlers(*_: object) -> Mapping[str, JobHandler]:
    return {"thinking": _Nothing()}


async def _run(settings: Settings) -> None:
    work = asyncio.create_task(Workers(settings, _handlers).run())
    settle_memory()
    say("ready")
    await work


def main() -> None:
    config = json.loads(sys.argv[1])
    uvloop.run(_run(Settings(**config["settings"])))


if __name__ == "__main__":
    main()
