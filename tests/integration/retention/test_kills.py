"""`decklog project detach` killed at any moment: the events are in the log, or in the file, or in both; never in none."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from logs import opened
from retained import Deck, lines, nothing, rows, value, write

from infra.audit.attaching import attach
from infra.audit.audit import Trust, verify_log
from infra.audit.detaching import detach
from infra.settings import Settings
from tests.conftest import environment

DECKLOG = str(Path(sys.executable).with_name("decklog"))
EDITS = 400
KILLS = 12


async def test_killed_at_any_moment_and_run_again(settings: Settings, file: Path, tmp_path: Path) -> None:
    deck = Deck()
    async with opened(settings) as log:
        await write(log, deck, edits=EDITS)
    before = rows(settings)
    command = [DECKLOG, "project", "detach", str(deck.id), "--out", str(file), "--data-dir", str(tmp_path)]

    def start() -> subprocess.Popen[bytes]:
        return subprocess.Popen(
            command, env=environment(settings), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    # How long one takes, from the moment at which it begins to write: kills are spread over that.
    picked = random.Random(7)  # noqa: S311 - the same moments in every run
    seen: set[str] = set()
    took = _run(start, file)
    _undo(settings, file, before)
    for n in range(KILLS):
        process = start()
        _wait_for(file, process)
        deadline = time.monotonic() + took * (n + picked.random()) / KILLS
        while process.poll() is None and time.monotonic() < deadline:
            os.sched_yield()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
        seen.add(_state(settings, file, before))
        if _detached(settings, deck):
            _undo(settings, file, before)
    assert "whole" in seen
    # Whatever was left over, it can be run again.
    if not _detached(settings, deck):
        detach(settings, deck.id, file, nothing)
    assert _state(settings, file, before) == "detached"
    assert not verify_log(settings, Trust(), nothing).findings


def _run(start: object, file: Path) -> float:
    process = start()  # type: ignore[operator]
    _wait_for(file, process)
    begun = time.monotonic()
    assert process.wait(60) == 0
    return time.monotonic() - begun


def _wait_for(file: Path, process: "subprocess.Popen[bytes]") -> None:
    """Wait until the command has begun to write its file."""
    deadline = time.monotonic() + 30
    draft = file.with_name(file.name + ".part")
    while not (draft.exists() or file.exists()) and process.poll() is None:
        assert time.monotonic() < deadline
        os.sched_yield()


def _detached(settings: Settings, deck: Deck) -> bool:
    return bool(value(settings, "select count(*) from detached_projects where project_id = %s", deck.id))


def _state(settings: Settings, file: Path, before: list[object]) -> str:
    """Tell what a kill left: everything in the log, or tombstones and a complete file; anything else is a loss."""
    now = rows(settings)[: len(before)]
    if now == before:
        return "whole"
    assert all(row[2] == "decklog.tombstone" for row in now)
    assert len(lines(file)) == len(before)
    return "detached"


def _undo(settings: Settings, file: Path, before: list[object]) -> None:
    attach(settings, file, nothing)
    assert rows(settings)[: len(before)] == before
    file.unlink()
    # What said so is detached the next time too: the log of this test is to be the same each time.
    for query in (
        "delete from stored_events where notification_id > %s",
        "update log_head set position = %s",
    ):
        value(settings, query + " returning 1", len(before))
