"""What somebody who owns the database does to tombstones, and passes off as some."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from retained import Deck, nothing, two_decks

from infra.audit.audit import Trust, verify_file, verify_log
from infra.audit.detaching import detach
from infra.audit.moving import export_log
from infra.audit.signing import make_checkpoint
from infra.audit.taking import stored_log
from infra.settings import Settings
from tests.conftest import TAMPERING

UNTRUSTED = Trust()
# Position 12 is one of the deck's that goes; 14 is that of its second block's first event.
TOMBSTONE = 'topic = \'decklog.tombstone\', state = \'{}\', metadata = \'{"actor":{"id":"decklog","kind":"machine"}}\''


@pytest.fixture
async def gone(settings: Settings, file: Path) -> Deck:
    """A deck that was detached: positions 9 to 23 are tombstones, 25 says so."""
    async with two_decks(settings) as (_, goes, _):
        detach(settings, goes.id, file, nothing)
    return goes


@pytest.fixture
def attack(settings: Settings) -> Callable[[str], None]:
    def run(statement: str) -> None:
        with psycopg.connect(settings.dsn, options=TAMPERING) as connection:
            connection.execute(statement.encode())

    return run


@pytest.mark.parametrize(
    "change",
    [
        "hash = sha256('x') where notification_id = {at}",
        "recorded_at = recorded_at + interval '1 microsecond' where notification_id = {at}",
        "command_id = gen_random_uuid() where notification_id = {at}",
    ],
)
@pytest.mark.parametrize(("at", "workers"), [(9, 1), (12, 2), (23, 1)])
def test_a_changed_tombstone(
    settings: Settings, gone: Deck, attack: Callable[[str], None], change: str, *, at: int, workers: int
) -> None:
    assert not verify_log(settings, UNTRUSTED, nothing, workers=workers).findings
    attack(f"update stored_events set {change.format(at=at)}")
    findings = verify_log(settings, UNTRUSTED, nothing, workers=workers).findings
    first = findings.of("changed")
    assert first is not None
    assert first.position in (9, at + 1, 25)
    assert verify_log(settings, UNTRUSTED, nothing, project=gone.id, workers=workers).findings


@pytest.mark.usefixtures("gone")
@pytest.mark.parametrize(
    "what", ['state = \'{"title":"x"}\'', "metadata = '{}'", "topic = 'decklog.tombstonf'"]
)
def test_a_tombstone_that_says_something(
    settings: Settings, attack: Callable[[str], None], what: str
) -> None:
    attack(f"update stored_events set {what} where notification_id = 12")
    first = verify_log(settings, UNTRUSTED, nothing).findings.of("changed")
    assert first is not None
    assert first.position in (9, 12)


def test_a_forged_tombstone_of_a_project_that_was_never_detached(
    settings: Settings, gone: Deck, attack: Callable[[str], None]
) -> None:
    attack(f"update stored_events set {TOMBSTONE} where notification_id = 24")
    first = verify_log(settings, UNTRUSTED, nothing).findings.of("changed")
    assert first is not None
    assert first.position == 24
    assert "nothing in the log says" in first.detail
    assert not verify_log(settings, UNTRUSTED, nothing, project=gone.id).findings


@pytest.mark.usefixtures("gone")
def test_a_removed_tombstone(settings: Settings, attack: Callable[[str], None]) -> None:
    attack("delete from stored_events where notification_id = 12")
    findings = verify_log(settings, UNTRUSTED, nothing).findings
    assert findings.of("deleted").position == 12  # type: ignore[union-attr]
    assert findings.of("changed").position == 9  # type: ignore[union-attr]


@pytest.mark.usefixtures("gone")
def test_the_event_that_says_so_is_covered_by_the_chain(
    settings: Settings, attack: Callable[[str], None]
) -> None:
    attack(
        "update stored_events set state = replace(convert_from(state, 'UTF8'), '\"events\":15', '\"events\":14')::bytea"
        " where notification_id = 25"
    )
    changed = [f.position for f in verify_log(settings, UNTRUSTED, nothing).findings.first["changed"]]
    # What it says is not believed any more.
    assert changed == [9, 25]


async def test_a_checkpoint_from_before_still_holds(
    settings: Settings, file: Path, tmp_path: Path, attack: Callable[[str], None]
) -> None:
    key = Ed25519PrivateKey.generate()
    trust = Trust(key.public_key(), tmp_path / "checkpoints.ndjson", every=True)

    def sign() -> None:
        made, report = make_checkpoint(settings, key, tmp_path / "checkpoints.ndjson", nothing)
        assert made is not None, report.findings

    async with two_decks(settings) as (_, goes, _):
        sign()
        detach(settings, goes.id, file, nothing)
        sign()
    assert not verify_log(settings, trust, nothing).findings
    # The exported log verifies offline with its tombstones, and so does the file against the same key.
    whole = tmp_path / "log.ndjson"
    with whole.open("wb") as out:
        export_log(stored_log(settings)[0], out.write, nothing)
    assert not verify_file(whole, trust, nothing).findings
    assert not verify_file(file, UNTRUSTED, nothing, project=goes.id).findings
    attack("update stored_events set hash = sha256('x') where notification_id = 22")
    assert verify_log(settings, trust, nothing).findings.of("rewritten")


def test_reports_count_what_is_detached(settings: Settings, gone: Deck) -> None:
    document: dict[str, Any] = verify_log(settings, UNTRUSTED, nothing).document()
    assert (document["detached"], document["detached_projects"]) == (15, 1)
    assert document["ok"] is True
    assert verify_log(settings, UNTRUSTED, nothing, project=gone.id).document()["detached"] == 15
