"""What holds for all commands alike: roles, archived projects, repeats, and doing nothing."""

import json
from collections.abc import Mapping
from uuid import UUID, uuid4

import pytest

from commands.messages import (
    ALL_COMMANDS,
    AcceptSuggestion,
    AddBlock,
    ApplyTheme,
    ApproveOutline,
    ArchiveProject,
    BranchProject,
    CancelJob,
    Command,
    CreateProject,
    DefineTheme,
    DeleteBlock,
    EditBlock,
    GrantAccess,
    ImportMarkdown,
    LeaveProject,
    MergeBranch,
    MoveBlock,
    NameVersion,
    OpenComment,
    Redo,
    RejectSuggestion,
    RenameProject,
    ReplyComment,
    RequestExport,
    RequestGeneration,
    RequestImage,
    RequestThinking,
    ResolveComment,
    ResolveConflict,
    RestoreProject,
    ReviseTheme,
    RevokeAccess,
    TransferOwnership,
    UnarchiveProject,
    UndeleteBlock,
    Undo,
)
from domain.project import ProjectBranched, StepUndone
from domain.roles import Role
from domain.theme import BUILT_IN
from tests.support.jobs import generation, outlined, started
from tests.support.making import (
    added,
    archived,
    conflicted,
    created,
    defined,
    deleted,
    granted,
    opened,
    suggested,
)
from tests.support.scenario import (
    GROUP,
    HEADING,
    IN_GROUP,
    LAST_SLIDE,
    MEMBERS,
    NOWHERE,
    PROJECT,
    SLIDE,
    TEXT,
    Outcome,
    World,
)

ROLES = {"ada": "owner", **MEMBERS}
THREAD = UUID("9d5e8a7f-2b1e-4e39-8b11-c2a9d7b00a4f")
JOB = UUID("1f2e3d4c-5c9e-4a7e-9a54-1f6f3f0f7d21")
THEME = UUID("3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09")
BRANCH = UUID("4c9b8f25-6f0e-4c9b-8f25-3b3f7b0d8a10")
ON_BRANCH = UUID("4c9b8f25-6f0e-4c9b-8f25-3b3f7b0d8a11")
INK = list(BUILT_IN)[1]

# One of each that succeeds in the shared deck, once HEADING is deleted, grace is a second owner, ada has a
# theme, and there are a comment, a conflict, a suggestion, an undo of hers, and a branch with a slide of its own.
WORKING: list[Command] = [
    CreateProject(title="Another"),
    RenameProject(project_id=PROJECT, title="B"),
    GrantAccess(project_id=PROJECT, user="edsger", role="viewer"),
    RevokeAccess(project_id=PROJECT, user="grace"),
    ArchiveProject(project_id=PROJECT),
    TransferOwnership(project_id=PROJECT, user="vera"),
    LeaveProject(project_id=PROJECT),
    NameVersion(project_id=PROJECT, name="Final"),
    DefineTheme(name="Harbour"),
    ReviseTheme(theme_id=THEME, name="Port"),
    ApplyTheme(project_id=PROJECT, theme_id=INK),
    OpenComment(project_id=PROJECT, block_id=TEXT, text="Why?"),
    ReplyComment(project_id=PROJECT, thread_id=THREAD, text="So."),
    ResolveComment(project_id=PROJECT, thread_id=THREAD),
    AddBlock(project_id=PROJECT, type="text", parent_id=SLIDE),
    EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": "B"}),
    MoveBlock(project_id=PROJECT, block_id=TEXT, parent_id=GROUP),
    DeleteBlock(project_id=PROJECT, block_id=TEXT),
    UndeleteBlock(project_id=PROJECT, block_id=HEADING),
    ResolveConflict(project_id=PROJECT, conflict_id=f"{IN_GROUP}.2", choice="theirs"),
    AcceptSuggestion(project_id=PROJECT, suggestion_id=f"{IN_GROUP}.3"),
    RejectSuggestion(project_id=PROJECT, suggestion_id=f"{IN_GROUP}.3"),
    Undo(project_id=PROJECT, position=12),
    Redo(project_id=PROJECT),
    RestoreProject(project_id=PROJECT, to_position=10),
    BranchProject(project_id=PROJECT),
    MergeBranch(project_id=PROJECT, branch_id=BRANCH),
    ImportMarkdown(text="# A\n\ntext\n"),
    RequestGeneration(project_id=PROJECT, prompt="Deltas"),
    ApproveOutline(project_id=PROJECT, job_id=JOB),
    RequestThinking(project_id=PROJECT),
    RequestImage(project_id=PROJECT, prompt="A delta"),
    RequestExport(project_id=PROJECT, format="pptx"),
    CancelJob(project_id=PROJECT, job_id=JOB),
]
# It succeeds only where all others are refused.
UNARCHIVE = UnarchiveProject(project_id=PROJECT)
# What the contract asks for, by the command's name.
REQUIRED = {
    "rename-project": Role.EDITOR,
    "grant-access": Role.OWNER,
    "revoke-access": Role.OWNER,
    "archive-project": Role.OWNER,
    "unarchive-project": Role.OWNER,
    "transfer-ownership": Role.OWNER,
    "leave-project": Role.VIEWER,
    "name-version": Role.EDITOR,
    "apply-theme": Role.EDITOR,
    "open-comment": Role.COMMENTER,
    "reply-comment": Role.COMMENTER,
    "resolve-comment": Role.COMMENTER,
    "add-block": Role.EDITOR,
    "edit-block": Role.EDITOR,
    "move-block": Role.EDITOR,
    "delete-block": Role.EDITOR,
    "undelete-block": Role.EDITOR,
    "resolve-conflict": Role.EDITOR,
    "accept-suggestion": Role.EDITOR,
    "reject-suggestion": Role.EDITOR,
    "undo": Role.EDITOR,
    "redo": Role.EDITOR,
    "restore-project": Role.EDITOR,
    "branch-project": Role.VIEWER,
    "merge-branch": Role.EDITOR,
    "request-generation": Role.EDITOR,
    "approve-outline": Role.EDITOR,
    "request-thinking": Role.EDITOR,
    "request-image": Role.EDITOR,
    "request-export": Role.VIEWER,
    # Of a job that somebody else has asked for.
    "cancel-job": Role.EDITOR,
}
OPEN_TO_ALL = {"create-project", "import-markdown"}
OF_THEMES = {"define-theme", "revise-theme"}
CREATING = {
    "create-project",
    "import-markdown",
    "branch-project",
    "add-block",
    "name-version",
    "define-theme",
    "open-comment",
    "reply-comment",
}
ASKING = {"request-generation", "request-thinking", "request-image", "request-export"}
ACCEPTED = ASKING | {"approve-outline"}
ON_ARCHIVED = {
    "grant-access",
    "revoke-access",
    "archive-project",
    "unarchive-project",
    "transfer-ownership",
    "leave-project",
    "branch-project",
    "request-export",
    "cancel-job",
}
# They name the project alone: a list of 2,000 blocks would tell nobody anything.
TELLING_LITTLE = {"import-markdown", "restore-project", "branch-project", "merge-branch"}
IN_PROJECT = [c for c in WORKING if c.NAME not in OPEN_TO_ALL | OF_THEMES]


def names(commands: list[Command]) -> list[str]:
    return [c.NAME for c in commands]


@pytest.fixture
async def ready(world: World) -> World:
    """The shared deck, made such that every command of `WORKING` succeeds."""
    await world.given(defined(THEME), project=THEME)
    await world.given(
        deleted(HEADING, 2),
        granted(PROJECT, 5, "grace", "owner"),
        opened(THREAD, PROJECT, block=TEXT),
        conflicted(IN_GROUP, 2, base="in", theirs="Edna's", mine="in"),
        suggested(IN_GROUP, 3, text="machine's"),
        generation(JOB, PROJECT),
        started(JOB, 2),
        outlined(JOB, 3),
    )
    await world.given(
        StepUndone(originator_id=PROJECT, originator_version=6, step="s", position=5, author="ada")
    )
    branched = ProjectBranched(
        originator_id=BRANCH, originator_version=3, origin_project_id=str(PROJECT), origin_position=10
    )
    await world.given(created(BRANCH), granted(BRANCH, 2, "edna", "viewer"), branched, project=BRANCH)
    await world.given(added(ON_BRANCH, BRANCH, "slide"), project=BRANCH)
    return world


def in_project(command: Command, project: UUID) -> Command:
    return command.model_copy(update={"project_id": project})


def unrecorded(world: World, outcome: Outcome) -> bool:
    """Tell whether a refusal has left nothing behind."""
    return outcome.raised is not None and not outcome.recorded and len(world.log.requests) == 6


def test_every_command_is_tried_here() -> None:
    tried = [type(c) for c in [*WORKING, UNARCHIVE]]

    assert set(tried) == set(ALL_COMMANDS)
    assert len(ALL_COMMANDS) == len(set(ALL_COMMANDS))
    assert {c.NAME for c in ALL_COMMANDS} == REQUIRED.keys() | OPEN_TO_ALL | OF_THEMES


@pytest.mark.parametrize("command", WORKING, ids=names(WORKING))
async def test_success_is_answered_as_the_contract_says(ready: World, command: Command) -> None:
    outcome = await ready.run(command)

    assert outcome.status == (201 if command.NAME in CREATING else 202 if command.NAME in ACCEPTED else 200)
    assert list(outcome.body) == [*("position", "project_id", "streams", "outcome", "conflicts", "result")]
    assert outcome.body["outcome"] == ("merged" if command.NAME == "merge-branch" else "applied")
    assert outcome.body["conflicts"] == []
    assert outcome.recorded
    last = outcome.recorded[-1]
    assert outcome.body["position"] == last.position == len(ready.log.events)
    assert outcome.body["project_id"] == str(last.project_id)
    told = outcome.body["streams"]
    little = command.NAME in TELLING_LITTLE
    written = [e for e in outcome.events if e.KIND == "project" or not little]
    assert told == list(
        {
            e.originator_id: {"id": str(e.originator_id), "kind": e.KIND, "version": e.originator_version}
            for e in written
        }.values()
    )


@pytest.mark.parametrize("command", WORKING, ids=names(WORKING))
async def test_events_tell_who_did_it_and_by_which_command(ready: World, command: Command) -> None:
    key = uuid4()

    outcome = await ready.run(command, key=key)

    for recorded in outcome.recorded:
        assert recorded.command_id == key
        assert recorded.metadata == {"actor": {"id": "ada", "kind": "person"}, "correlation_id": str(key)}


@pytest.mark.parametrize("user", list(ROLES))
@pytest.mark.parametrize("command", IN_PROJECT, ids=names(IN_PROJECT))
async def test_a_member_needs_the_role(ready: World, command: Command, user: str) -> None:
    outcome = await ready.run(command, user=user)

    if Role.of(ROLES[user]) >= REQUIRED[command.NAME]:
        assert outcome.status in {200, 201, 202}
        # Only one's own undo can be redone.
        assert {r.actor for r in outcome.recorded} == (
            {user} if user == "ada" or command.NAME != "redo" else set()
        )
    else:
        assert (outcome.status, outcome.code) == (403, "forbidden")
        assert unrecorded(ready, outcome)


@pytest.mark.parametrize("user", list(ROLES))
async def test_unarchiving_needs_the_role_too(world: World, user: str) -> None:
    await world.given(archived(PROJECT, 5))

    outcome = await world.run(UNARCHIVE, user=user)

    assert outcome.status == (200 if user == "ada" else 403)
    assert world.project().archived == (user != "ada")


@pytest.mark.parametrize("command", [*IN_PROJECT, UNARCHIVE], ids=names([*IN_PROJECT, UNARCHIVE]))
async def test_to_a_stranger_a_project_is_as_one_that_is_not_there(ready: World, command: Command) -> None:
    foreign = await ready.run(command, user="stranger")
    absent = await ready.run(in_project(command, NOWHERE), user="stranger")

    assert (foreign.status, foreign.code) == (404, "not-found")
    assert foreign.body == absent.body
    assert unrecorded(ready, foreign)


@pytest.mark.parametrize("command", [*IN_PROJECT, UNARCHIVE], ids=names([*IN_PROJECT, UNARCHIVE]))
async def test_a_blocks_id_is_no_projects_id(ready: World, command: Command) -> None:
    assert (await ready.run(in_project(command, SLIDE))).code == "not-found"


@pytest.mark.parametrize("user", ["ada", "stranger"])
@pytest.mark.parametrize("name", sorted(OPEN_TO_ALL))
async def test_anyone_may_begin_a_project(world: World, name: str, user: str) -> None:
    [command] = [c for c in WORKING if name == c.NAME]

    outcome = await world.run(command, user=user)

    assert outcome.status == 201
    assert world.project(UUID(outcome.body["project_id"])).members == {user: Role.OWNER}


@pytest.mark.parametrize("command", IN_PROJECT, ids=names(IN_PROJECT))
async def test_an_archived_project_takes_only_what_concerns_access(ready: World, command: Command) -> None:
    await ready.given(archived(PROJECT, 6))

    outcome = await ready.run(command)

    if command.NAME in ON_ARCHIVED:
        assert outcome.status in {200, 201, 202}
    else:
        assert (outcome.status, outcome.code) == (403, "forbidden")
        assert "archived" in outcome.body["detail"]
        assert outcome.events == []


@pytest.mark.parametrize("command", WORKING, ids=names(WORKING))
@pytest.mark.parametrize("where", ["the same process", "another process"])
async def test_a_repeat_gets_the_first_answer_and_changes_nothing(
    ready: World, command: Command, where: str
) -> None:
    key = uuid4()
    first = await ready.run(command, key=key)
    await ready.given(granted(PROJECT, 90, "later", "viewer"))

    repeater = ready.process() if where == "another process" else ready
    again = await repeater.run(command, key=key)

    assert (first.replayed, again.replayed) == (False, True)
    assert (again.status, again.body) == (first.status, first.body)
    assert again.events == []


@pytest.mark.parametrize("command", WORKING, ids=names(WORKING))
async def test_a_key_is_good_for_one_request_only(ready: World, command: Command) -> None:
    key = uuid4()
    await ready.run(command, key=key)

    other = await ready.run(CreateProject(title="Something else"), key=key)

    assert (other.status, other.code) == (422, "idempotency-mismatch")
    assert other.events == []


@pytest.mark.parametrize("command", IN_PROJECT, ids=names(IN_PROJECT))
async def test_without_the_key_a_command_is_asked_anew(ready: World, command: Command) -> None:
    await ready.run(command, key=uuid4())

    assert not (await ready.run(command)).replayed
    assert not (await ready.run(command, key=uuid4())).replayed


async def test_keys_are_each_callers_own(ready: World) -> None:
    key = uuid4()
    hers = await ready.run(CreateProject(title="A"), user="ada", key=key)

    his = await ready.run(CreateProject(title="A"), user="edna", key=key)

    assert (his.status, his.replayed) == (201, False)
    assert his.body["project_id"] != hers.body["project_id"]


# What changes nothing in the shared deck, and the stream that the answer names.
UNCHANGED: Mapping[str, tuple[Command, UUID, str]] = {
    "rename-project": (RenameProject(project_id=PROJECT, title="A deck"), PROJECT, "project"),
    "grant-access": (GrantAccess(project_id=PROJECT, user="edna", role="editor"), PROJECT, "project"),
    "revoke-access": (RevokeAccess(project_id=PROJECT, user="nobody"), PROJECT, "project"),
    "unarchive-project": (UNARCHIVE, PROJECT, "project"),
    "transfer-ownership": (TransferOwnership(project_id=PROJECT, user="ada"), PROJECT, "project"),
    "apply-theme": (ApplyTheme(project_id=PROJECT, theme_id=None), PROJECT, "project"),
    "edit-block": (EditBlock(project_id=PROJECT, block_id=TEXT, changes={"text": "A"}), TEXT, "block"),
    "move-block": (MoveBlock(project_id=PROJECT, block_id=GROUP, after_id=TEXT), GROUP, "block"),
    "move-block to the end": (MoveBlock(project_id=PROJECT, block_id=HEADING), HEADING, "block"),
    "move-block to its parent's end": (
        MoveBlock(project_id=PROJECT, block_id=IN_GROUP, parent_id=GROUP),
        IN_GROUP,
        "block",
    ),
    "move-block of a slide": (
        MoveBlock(project_id=PROJECT, block_id=SLIDE, before_id=LAST_SLIDE),
        SLIDE,
        "block",
    ),
    "undelete-block": (UndeleteBlock(project_id=PROJECT, block_id=TEXT), TEXT, "block"),
    "undo": (Undo(project_id=PROJECT), PROJECT, "project"),
    "redo": (Redo(project_id=PROJECT), PROJECT, "project"),
    "restore-project": (RestoreProject(project_id=PROJECT, to_position=10), PROJECT, "project"),
}


@pytest.mark.parametrize(("command", "stream", "kind"), UNCHANGED.values(), ids=UNCHANGED)
async def test_what_changes_nothing_says_so(world: World, command: Command, stream: UUID, kind: str) -> None:
    key = uuid4()
    positions = {r.event.originator_id: r.position for r in world.log.events}
    # A move that changes nothing does so because of where all the others stand.
    of_all = isinstance(command, MoveBlock | RestoreProject)
    rests_on = positions.values() if of_all else (positions[PROJECT], positions[stream])

    outcome = await world.run(command, key=key)
    again = await world.run(command, key=key)

    version = 4 if stream == PROJECT else 1
    assert outcome.status == 200
    assert outcome.events == []
    assert outcome.body == {
        "position": max(rests_on),
        "project_id": str(PROJECT),
        "streams": [{"id": str(stream), "kind": kind, "version": version}],
        "outcome": "unchanged",
        "conflicts": [],
        "result": {},
    }
    assert (again.replayed, again.body) == (True, outcome.body)


ALREADY_DONE = [
    "archive-project",
    "delete-block",
    "revise-theme",
    "resolve-comment",
    "resolve-conflict",
    "merge-branch",
    "approve-outline",
    "cancel-job",
]
# Who leaves has left, or is refused; and a suggestion is decided once.
ONCE = {"leave-project", "accept-suggestion", "reject-suggestion"}


@pytest.mark.parametrize(
    ("before", "command"),
    [
        (ArchiveProject(project_id=PROJECT), ArchiveProject(project_id=PROJECT)),
        (
            DeleteBlock(project_id=PROJECT, block_id=TEXT),
            DeleteBlock(project_id=PROJECT, block_id=TEXT),
        ),
        (DefineTheme(name="A", theme_id=NOWHERE), ReviseTheme(theme_id=NOWHERE, name="A")),
        (
            OpenComment(project_id=PROJECT, text="Why?", thread_id=NOWHERE),
            ResolveComment(project_id=PROJECT, thread_id=NOWHERE, resolved=False),
        ),
        (
            ResolveConflict(project_id=PROJECT, conflict_id=f"{IN_GROUP}.2", choice="theirs"),
            ResolveConflict(project_id=PROJECT, conflict_id=f"{IN_GROUP}.2", choice="theirs"),
        ),
        (
            MergeBranch(project_id=PROJECT, branch_id=BRANCH),
            MergeBranch(project_id=PROJECT, branch_id=BRANCH),
        ),
        (ApproveOutline(project_id=PROJECT, job_id=JOB), ApproveOutline(project_id=PROJECT, job_id=JOB)),
        (CancelJob(project_id=PROJECT, job_id=JOB), CancelJob(project_id=PROJECT, job_id=JOB)),
    ],
    ids=ALREADY_DONE,
)
async def test_what_is_done_already_changes_nothing(ready: World, before: Command, command: Command) -> None:
    await ready.run(before)

    outcome = await ready.run(command)

    status = 202 if command.NAME in ACCEPTED else 200
    assert (outcome.status, outcome.body["outcome"], outcome.events) == (status, "unchanged", [])


def test_every_command_that_can_change_nothing_is_tried_here() -> None:
    tried = {command.NAME for command, _, _ in UNCHANGED.values()} | set(ALREADY_DONE)

    assert tried == {c.NAME for c in ALL_COMMANDS} - CREATING - ONCE - ASKING


@pytest.mark.parametrize(
    "command", [c for c in WORKING if "block_id" in c.model_fields_set and c.NAME != "add-block"]
)
async def test_a_block_of_another_project_is_not_found(ready: World, command: Command) -> None:
    mine = await ready.run(CreateProject(title="Mine"), user="stranger")
    other = UUID(mine.body["project_id"])

    outcome = await ready.run(in_project(command, other), user="stranger")
    absent = await ready.run(command.model_copy(update={"block_id": NOWHERE}))

    assert (outcome.status, outcome.code, outcome.events) == (404, "not-found", [])
    assert (absent.status, absent.code, absent.events) == (404, "not-found", [])


@pytest.mark.parametrize("command_type", ALL_COMMANDS, ids=[c.NAME for c in ALL_COMMANDS])
def test_the_example_of_a_command_is_valid(command_type: type[Command]) -> None:
    command = command_type.model_validate_json(json.dumps(command_type.EXAMPLE))

    assert json.loads(command.model_dump_json(exclude_unset=True)) == command_type.EXAMPLE
