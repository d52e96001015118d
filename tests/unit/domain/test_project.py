from collections.abc import Callable
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from domain.errors import Forbidden, Invalid, NotFound
from domain.project import Project, ProjectEvent
from domain.project.aggregate import MEMBERS_LIMIT, VERSIONS_LIMIT
from domain.project.ownership import named_owner
from domain.roles import Role
from tests.support.making import (
    archived,
    created,
    granted,
    renamed,
    revoked,
    themed,
    transferred,
    unarchived,
    version_named,
)

ID = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")


def given(*events: ProjectEvent) -> Project:
    state: Project | None = None
    for event in events:
        state = Project.evolve(state, event)
    assert state is not None
    return state


def refusal(decide: Callable[[], object]) -> Invalid:
    with pytest.raises(Invalid) as caught:
        decide()
    return caught.value


def test_a_project_starts_with_its_owner_as_the_only_member() -> None:
    event = Project.create(ID, title="A deck", owner="ada", aspect="4:3", theme_id="t")

    assert event == created(ID, "A deck", owner="ada", aspect="4:3", theme_id="t")
    assert given(event) == Project(ID, 1, "A deck", "4:3", "t", {"ada": Role.OWNER}, archived=False)


def test_every_event_moves_the_version_and_changes_what_it_says() -> None:
    start = given(created(ID))

    assert Project.evolve(start, renamed(ID, 2, "B")) == Project(
        ID, 2, "B", "16:9", None, {"ada": Role.OWNER}
    )
    shared = Project.evolve(start, granted(ID, 2, "grace", "editor"))
    assert shared == Project(ID, 2, "A deck", "16:9", None, {"ada": Role.OWNER, "grace": Role.EDITOR})
    demoted = Project.evolve(shared, granted(ID, 3, "grace", "viewer"))
    assert demoted.members == {"ada": Role.OWNER, "grace": Role.VIEWER}
    alone = Project.evolve(demoted, revoked(ID, 4, "grace"))
    assert alone == Project(ID, 4, "A deck", "16:9", None, {"ada": Role.OWNER})
    shut = Project.evolve(alone, archived(ID, 5))
    assert shut == Project(ID, 5, "A deck", "16:9", None, {"ada": Role.OWNER}, archived=True)
    assert Project.evolve(shut, unarchived(ID, 6)) == Project(
        ID, 6, "A deck", "16:9", None, {"ada": Role.OWNER}
    )


def test_evolving_leaves_the_state_before_as_it_was() -> None:
    start = given(created(ID))

    Project.evolve(start, granted(ID, 2, "grace", "editor"))

    assert start == given(created(ID))


def test_an_event_that_says_nothing_of_the_state_still_moves_the_version() -> None:
    assert Project.evolve(
        given(created(ID)), ProjectEvent(originator_id=ID, originator_version=2)
    ) == Project(ID, 2, "A deck", "16:9", None, {"ada": Role.OWNER})


def test_a_stream_begins_with_the_projects_creation() -> None:
    with pytest.raises(ValueError, match=r"decklog\.project\.renamed"):
        Project.evolve(None, renamed(ID, 1, "B"))


def test_rename() -> None:
    project = given(created(ID, "A"))

    assert project.rename("B") == [renamed(ID, 2, "B")]
    assert project.rename("A") == []


@pytest.mark.parametrize("role", list(Role))
def test_grant_makes_a_member_of_any_role(role: Role) -> None:
    assert given(created(ID)).grant("grace", role) == [granted(ID, 2, "grace", role.label)]


def test_grant_changes_a_role_and_knows_when_there_is_nothing_to_change() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "editor"))

    assert project.grant("grace", Role.VIEWER) == [granted(ID, 3, "grace", "viewer")]
    assert project.grant("grace", Role.EDITOR) == []
    assert project.grant("ada", Role.OWNER) == []


def test_the_last_owner_cannot_be_demoted() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "editor"))

    refused = refusal(lambda: project.grant("ada", Role.EDITOR))

    assert [e.field for e in refused.errors] == ["role"]


def test_one_of_two_owners_can_be_demoted() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "owner"))

    assert project.owners == 2
    assert project.grant("ada", Role.EDITOR) == [granted(ID, 3, "ada", "editor")]


def test_members_are_limited_but_their_roles_can_still_change() -> None:
    project = given(
        created(ID), *(granted(ID, i + 1, f"user {i}", "viewer") for i in range(1, MEMBERS_LIMIT))
    )
    assert len(project.members) == MEMBERS_LIMIT

    refused = refusal(lambda: project.grant("one more", Role.VIEWER))

    assert [(e.field, e.limit) for e in refused.errors] == [("user", MEMBERS_LIMIT)]
    assert len(project.grant("user 1", Role.EDITOR)) == 1


def test_revoke() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "editor"))

    assert project.revoke("grace") == [revoked(ID, 3, "grace")]
    assert project.revoke("edsger") == []


def test_the_last_owner_cannot_be_removed() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "editor"))

    refused = refusal(lambda: project.revoke("ada"))

    assert [e.field for e in refused.errors] == ["user"]


def test_one_of_two_owners_can_be_removed() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "owner"))

    assert project.revoke("ada") == [revoked(ID, 3, "ada")]


def test_archive_and_unarchive() -> None:
    open_one = given(created(ID))
    shut = given(created(ID), archived(ID, 2))

    assert open_one.archive() == [archived(ID, 2)]
    assert open_one.unarchive() == []
    assert shut.archive() == []
    assert shut.unarchive() == [unarchived(ID, 3)]


def test_an_archived_project_refuses_changes() -> None:
    with pytest.raises(Forbidden, match="archived"):
        given(created(ID), archived(ID, 2)).require_unarchived()

    given(created(ID)).require_unarchived()
    given(created(ID), archived(ID, 2), unarchived(ID, 3)).require_unarchived()


@pytest.mark.parametrize("required", list(Role))
@pytest.mark.parametrize("role", list(Role))
def test_a_role_may_do_what_it_and_lesser_roles_may(role: Role, required: Role) -> None:
    project = given(created(ID), granted(ID, 2, "grace", role.label))

    if role >= required:
        assert project.authorize("grace", required) is role
    else:
        with pytest.raises(Forbidden, match=rf"needs the role {required.label}; yours is {role.label}"):
            project.authorize("grace", required)


def test_the_order_of_roles_is_that_of_the_contract() -> None:
    assert [r.label for r in sorted(Role, reverse=True)] == ["owner", "editor", "commenter", "viewer"]
    assert [Role.of(r.label) for r in Role] == list(Role)
    with pytest.raises(KeyError):
        Role.of("admin")


@pytest.mark.parametrize("required", list(Role))
def test_a_stranger_may_not_learn_that_a_project_exists(required: Role) -> None:
    with pytest.raises(NotFound):
        given(created(ID)).authorize("stranger", required)


def test_who_was_removed_is_a_stranger() -> None:
    project = given(created(ID), granted(ID, 2, "grace", "editor"), revoked(ID, 3, "grace"))

    with pytest.raises(NotFound):
        project.authorize("grace", Role.VIEWER)


def test_projects_are_told_apart_by_their_streams() -> None:
    other = uuid4()

    assert given(created(other)).rename("B") == [renamed(other, 2, "B")]


def test_transfer_makes_another_member_owner_and_the_caller_editor() -> None:
    project = given(created(ID), granted(ID, 2, "vera", "viewer"))

    events = project.transfer("ada", "vera")

    assert events == [transferred(ID, 3, "ada", "vera")]
    assert Project.evolve(project, events[0]).members == {"ada": Role.EDITOR, "vera": Role.OWNER}
    assert project.transfer("ada", "ada") == []
    assert refusal(lambda: project.transfer("ada", "nobody")).errors[0].field == "user"


def test_who_leaves_is_no_member_any_more_unless_nobody_would_own_the_project() -> None:
    project = given(created(ID), granted(ID, 2, "vera", "viewer"))

    assert project.leave("vera") == [revoked(ID, 3, "vera")]
    assert project.leave("nobody") == []
    assert refusal(lambda: project.leave("ada")).errors[0].field == "project_id"
    shared = Project.evolve(project, granted(ID, 3, "grace", "owner"))
    assert shared.leave("ada") == [revoked(ID, 4, "ada")]


def test_themes() -> None:
    project = given(created(ID, theme_id="a"))

    assert project.apply_theme("b") == [themed(ID, 2, "b")]
    assert project.apply_theme("a") == []
    assert project.apply_theme(None) == [themed(ID, 2, None)]
    assert Project.evolve(project, themed(ID, 2, "b")).theme_id == "b"


def test_named_versions_are_counted_and_limited() -> None:
    version = uuid4()
    project = given(created(ID), version_named(ID, 2, str(version), "A", 1))
    full = replace(project, versions=VERSIONS_LIMIT)

    assert project.versions == 1
    assert project.name_version(version, "A", 7) == [version_named(ID, 3, str(version), "A", 7)]
    assert refusal(lambda: full.name_version(version, "A", 7)).errors[0].limit == VERSIONS_LIMIT


def test_a_project_is_named_after_one_owner_as_long_as_that_is_one() -> None:
    assert named_owner("grace", ["ada", "grace"]) == "grace"
    assert named_owner("vera", ["grace", "ada"]) == "ada"
    # Only a project that is not there has no owner.
    assert named_owner("vera", []) == "vera"
