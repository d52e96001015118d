import dataclasses
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from infra.audit.audit import Trust
from infra.audit.keys import KeyProblem
from infra.audit.signing import make_checkpoint

Attack = Callable[..., None]
Write = Callable[[int, int], Awaitable[None]]
# The last event replaced by another whose hash is right, as somebody who knows the algorithm would do it.
REWRITE = """update stored_events s set state = '{{"title":"forged"}}', hash = sha256(
    (select hash from stored_events p where p.originator_id = s.originator_id and p.originator_version = s.originator_version - 1)
    || event_fields(originator_id, originator_version, notification_id, project_id, command_id,
    int8send((extract(epoch from recorded_at) * 1000000)::bigint), topic, '{{"title":"forged"}}', metadata::text))
    where notification_id = {position}"""


def test_an_empty_log_verifies(auditor: Any) -> None:
    assert not auditor.verify().findings


def nothing(_: int) -> None:
    return


async def signed_thrice(auditor: Any, write: Write) -> None:
    for versions in ((1, 2), (3, 4), (5, 6)):
        await write(*versions)
        auditor.sign()


async def test_checkpoints_chain_and_stand_in_table_and_file(auditor: Any, write: Write) -> None:
    await signed_thrice(auditor, write)
    report = auditor.verify(dataclasses.replace(auditor.trust, every=True))
    assert not report.findings
    assert [c.position for c in report.checkpoints] == [6, 12, 18]
    assert report.roots == 3
    assert auditor.file.read_text().splitlines() == report.lines


@pytest.mark.usefixtures("written")
def test_nothing_new_is_not_signed_again(auditor: Any) -> None:
    auditor.sign()
    auditor.sign()
    assert len(auditor.verify().checkpoints) == 1


@pytest.mark.usefixtures("written")
def test_a_file_that_missed_a_checkpoint_gets_it_the_next_time(auditor: Any) -> None:
    auditor.sign()
    auditor.file.unlink()
    assert not auditor.verify().findings
    auditor.sign()
    assert len(auditor.file.read_text().splitlines()) == 1


@pytest.mark.usefixtures("written")
def test_a_log_that_does_not_verify_is_not_signed(auditor: Any, attack: Attack) -> None:
    attack("update stored_events set state = 'x' where notification_id = 8")
    checkpoint, report = make_checkpoint(auditor.settings, auditor.key, auditor.file, nothing)
    assert checkpoint is None
    assert report.findings.of("changed")
    assert not auditor.file.exists()


@pytest.mark.usefixtures("written")
def test_another_key_is_not_trusted(auditor: Any) -> None:
    auditor.sign()
    report = auditor.verify(Trust(Ed25519PrivateKey.generate().public_key(), auditor.file))
    assert report.findings.of("checkpoint").number == 1


@pytest.mark.usefixtures("written")
def test_checkpoints_without_a_key_to_check_them_are_an_error(auditor: Any) -> None:
    auditor.sign()
    with pytest.raises(KeyProblem):
        auditor.verify(Trust(None, auditor.file))


@pytest.mark.parametrize(
    "member",
    ["number", "epoch", "position", "recorded_at", "streams", "root", "previous", "key", "signature"],
)
async def test_an_edited_checkpoint(auditor: Any, write: Write, attack: Attack, member: str) -> None:
    await signed_thrice(auditor, write)
    # The first digit of the member's value becomes another.
    attack(
        f"""update log_checkpoints set line = regexp_replace(line, '("{member}":"?)[0-9a-f]',
        '\\1' || case when line ~ '"{member}":"?7' then '5' else '7' end) where number = 2"""
    )
    auditor.file.unlink()
    assert auditor.verify().findings.of("checkpoint").number == 2


@pytest.mark.parametrize("number", [1, 2])
async def test_a_removed_checkpoint(auditor: Any, write: Write, attack: Attack, number: int) -> None:
    await signed_thrice(auditor, write)
    attack(f"delete from log_checkpoints where number = {number}")
    assert auditor.verify().findings.of("checkpoint").number == number
    auditor.file.unlink()
    assert auditor.verify().findings.of("checkpoint").number == number


async def test_the_last_checkpoint_removed_from_the_table(auditor: Any, write: Write, attack: Attack) -> None:
    await signed_thrice(auditor, write)
    attack("delete from log_checkpoints where number = 3")
    assert auditor.verify().findings.of("checkpoint").number == 3


@pytest.mark.usefixtures("written")
def test_a_log_rewritten_with_right_hashes(auditor: Any, attack: Attack) -> None:
    auditor.sign()
    attack(REWRITE.format(position=18))
    report = auditor.finds("rewritten", 1)
    assert not report.findings.counts["changed"]


async def test_between_which_checkpoints_a_log_was_rewritten(
    auditor: Any, write: Write, attack: Attack
) -> None:
    await signed_thrice(auditor, write)
    attack(REWRITE.format(position=18))
    auditor.finds("rewritten", 13, dataclasses.replace(auditor.trust, every=True))


async def test_events_after_the_last_checkpoint_are_no_rewriting(auditor: Any, write: Write) -> None:
    await write(1, 2)
    auditor.sign()
    await write(3, 6)
    report = auditor.verify(workers=2)
    assert not report.findings
    assert report.roots == 1
