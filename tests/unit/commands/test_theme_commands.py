"""Making themes, changing them, and showing projects in them."""

from uuid import UUID, uuid4

import pytest
from pydantic import ValidationError

from commands.messages import ApplyTheme, CreateProject, DefineTheme, ReviseTheme
from domain.theme import BUILT_IN
from tests.support.making import created, defined, revised, themed
from tests.support.scenario import NOWHERE, PROJECT, World

THEME = UUID("3e1c7c1e-6f0e-4c9b-8f25-3b3f7b0d8a09")
PLAIN, INK, *_ = BUILT_IN


def revise(**fields: object) -> ReviseTheme:
    return ReviseTheme.model_validate({"theme_id": THEME, **fields})


def apply(theme: UUID | None) -> ApplyTheme:
    return ApplyTheme(project_id=PROJECT, theme_id=theme)


@pytest.fixture
async def edited_by_edna(world: World) -> World:
    """The shared deck, and a theme of edna's, who is an editor of it."""
    await world.given(defined(THEME, owner="edna"), project=THEME)
    return world


async def test_a_theme_is_made_of_what_is_given_and_of_the_plain_one() -> None:
    world = World()
    command = DefineTheme.model_validate(
        {"name": "Harbour", "colors": {"accent": "#0B6E8A", "chart": ["#112233"]}, "fonts": {"body": "Lato"}}
    )

    outcome = await world.run(command)

    theme = UUID(outcome.body["result"]["theme_id"])
    assert outcome.events == [
        defined(theme, "Harbour", colors={"accent": "#0b6e8a", "chart": ["#112233"]}, fonts={"body": "Lato"})
    ]
    assert (outcome.status, outcome.body["project_id"]) == (201, str(theme))
    assert outcome.body["streams"] == [{"id": str(theme), "kind": "theme", "version": 1}]
    # A theme is no part of any project: its events stand under its own id.
    assert outcome.recorded[0].project_id == theme


async def test_an_id_can_be_chosen_once(world: World) -> None:
    for user in ("ada", "stranger"):
        for taken in (PROJECT, PLAIN):
            outcome = await world.run(DefineTheme(name="A", theme_id=taken), user=user)
            assert (outcome.status, outcome.code, outcome.events) == (409, "already-exists", [])
    assert (await world.run(DefineTheme(name="A", theme_id=THEME))).status == 201
    assert (await world.run(DefineTheme(name="A", theme_id=THEME), user="edna")).code == "already-exists"


async def test_a_theme_is_no_project(world: World) -> None:
    await world.given(defined(THEME), project=THEME)

    assert (await world.run(ApplyTheme(project_id=THEME, theme_id=PLAIN))).code == "not-found"
    assert (await world.run(CreateProject(title="A", project_id=THEME))).code == "already-exists"


@pytest.mark.parametrize(
    ("fields", "changes"),
    [
        ({"name": "Port"}, {"name": "Port"}),
        ({"colors": {"accent": "#ABCDEF"}}, {"colors": {"accent": "#abcdef"}}),
        ({"colors": {"chart": ["#000000"]}}, {"colors": {"chart": ["#000000"]}}),
        ({"fonts": {"code": "Fira Code"}, "colors": {"text": None}}, {"fonts": {"code": "Fira Code"}}),
        # What is as it was is not a change.
        ({"name": "A theme", "colors": {"background": "#ffffff", "muted": "#010203"}}, {"colors": {"muted": "#010203"}}),
    ],
)  # fmt: skip
async def test_a_revision_keeps_what_it_does_not_name(
    edited_by_edna: World, fields: dict[str, object], changes: dict[str, object]
) -> None:
    outcome = await edited_by_edna.run(revise(**fields), user="edna")

    assert (outcome.status, outcome.events) == (200, [revised(THEME, 2, **changes)])


async def test_a_revision_of_nothing_is_none(edited_by_edna: World) -> None:
    outcome = await edited_by_edna.run(revise(), user="edna")

    assert (outcome.body["outcome"], outcome.events) == ("unchanged", [])
    assert outcome.body["streams"] == [{"id": str(THEME), "kind": "theme", "version": 1}]
    assert outcome.body["position"] == 11


async def test_a_theme_of_another_is_as_one_that_is_not_there(edited_by_edna: World) -> None:
    await edited_by_edna.run(apply(THEME), user="edna")

    for command in (revise(name="Mine"), revise(name="Mine", base_version=7)):
        foreign = await edited_by_edna.run(command)
        absent = await edited_by_edna.run(command.model_copy(update={"theme_id": NOWHERE}))
        assert (foreign.status, foreign.code, foreign.events) == (404, "not-found", [])
        assert foreign.body == absent.body
    for other in (PLAIN, PROJECT):
        outcome = await edited_by_edna.run(revise(theme_id=other, name="Mine"))
        assert outcome.body == absent.body


async def test_a_revision_of_an_older_version_gets_the_current_theme(edited_by_edna: World) -> None:
    await edited_by_edna.run(revise(name="Port"), user="edna")

    behind = await edited_by_edna.run(revise(name="Pier", base_version=1), user="edna")
    ahead = await edited_by_edna.run(revise(name="Pier", base_version=3), user="edna")
    right = await edited_by_edna.run(revise(name="Pier", base_version=2), user="edna")

    assert (behind.status, behind.code) == (409, "version-conflict")
    current = behind.body["current"]
    assert (current["id"], current["name"], current["version"]) == (str(THEME), "Port", 2)
    assert (ahead.status, ahead.fields) == (422, ["base_version"])
    assert right.events == [revised(THEME, 3, name="Pier")]


async def test_revisions_of_a_batch_may_share_their_base(edited_by_edna: World) -> None:
    outcome = await edited_by_edna.run_batch(
        revise(name="Port", base_version=1),
        revise(colors={"accent": "#111111"}, base_version=1),
        revise(name="Pier", base_version=3),
        user="edna",
    )

    assert outcome.status == 200
    assert [e.originator_version for e in outcome.events] == [2, 3, 4]


async def test_an_editor_shows_the_project_in_a_built_in_theme_or_in_an_own_one(
    edited_by_edna: World,
) -> None:
    built_in = await edited_by_edna.run(apply(INK), user="edna")
    own = await edited_by_edna.run(apply(THEME), user="edna")
    plain = await edited_by_edna.run(apply(None))

    assert built_in.events == [themed(PROJECT, 5, str(INK))]
    assert own.events == [themed(PROJECT, 6, str(THEME))]
    assert plain.events == [themed(PROJECT, 7, None)]


async def test_the_projects_own_theme_may_be_anybodys(edited_by_edna: World) -> None:
    await edited_by_edna.run(apply(THEME), user="edna")

    outcome = await edited_by_edna.run(apply(THEME), user="ada")

    assert (outcome.status, outcome.body["outcome"], outcome.events) == (200, "unchanged", [])


@pytest.mark.parametrize("theme", [THEME, NOWHERE, PROJECT], ids=["edna's", "none", "a project"])
async def test_other_themes_are_refused_alike(edited_by_edna: World, theme: UUID) -> None:
    applied = await edited_by_edna.run(apply(theme), user="ada")
    begun = await edited_by_edna.run(CreateProject(title="A", theme_id=theme), user="ada")

    for outcome in (applied, begun):
        assert (outcome.status, outcome.code, outcome.events) == (422, "validation", [])
        assert outcome.body["errors"] == [
            {"field": "theme_id", "message": "is neither a built-in theme nor one of yours"}
        ]


async def test_a_project_begins_in_a_built_in_theme_or_in_an_own_one(edited_by_edna: World) -> None:
    for theme in (INK, THEME):
        chosen = uuid4()
        command = CreateProject(title="A", project_id=chosen, theme_id=theme)
        outcome = await edited_by_edna.run(command, user="edna")
        assert outcome.events == [created(chosen, "A", owner="edna", theme_id=str(theme))]


async def test_a_batch_makes_a_theme_changes_it_and_applies_it(world: World) -> None:
    outcome = await world.run_batch(
        DefineTheme(name="A", theme_id=THEME), revise(name="B"), apply(THEME), user="edna"
    )

    assert outcome.events == [
        defined(THEME, "A", owner="edna"),
        revised(THEME, 2, name="B"),
        themed(PROJECT, 5, str(THEME)),
    ]


@pytest.mark.parametrize(
    ("part", "token", "value"),
    [
        ("colors", "accent", "red"),
        ("colors", "accent", "#fff"),
        ("colors", "accent", "#12345g"),
        ("colors", "accent", "#1234567"),
        ("colors", "accent", "#123456\n"),
        ("colors", "accent", 0x123456),
        ("colors", "chart", []),
        ("colors", "chart", ["#000000"] * 7),
        ("colors", "chart", ["black"]),
        ("colors", "shadow", "#000000"),
        ("fonts", "heading", ""),
        ("fonts", "heading", "x" * 61),
        ("fonts", "heading", "Arial, serif"),
        ("fonts", "heading", "a'; }"),
        ("fonts", "heading", " Lato"),
        ("fonts", "heading", "Lato "),
        ("fonts", "heading", 'x"y'),
        ("fonts", "heading", "a\tb"),
        ("fonts", "heading", "a\0b"),
        ("fonts", "title", "Lato"),
    ],
)
def test_only_known_tokens_with_proper_values_are_taken(part: str, token: str, value: object) -> None:
    with pytest.raises(ValidationError) as refused:
        DefineTheme.model_validate({"name": "A", part: {token: value}})

    assert refused.value.errors()[0]["loc"][:2] == (part, token)


@pytest.mark.parametrize(
    "family", ["Inter", "Source Serif 4", "Noto Sans CJK JP", "明朝", "C-3.Mono+", "7_x"]
)
def test_names_of_real_fonts_are_taken(family: str) -> None:
    assert revise(fonts={"body": family}).fonts.given() == {"body": family}


@pytest.mark.parametrize("fields", [{}, {"theme_id": "plain"}, {"theme_id": str(INK), "name": "x"}])
def test_which_theme_to_apply_has_to_be_said(fields: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        ApplyTheme.model_validate({"project_id": PROJECT, **fields})
