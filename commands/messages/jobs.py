"""Commands that ask for what takes longer: generation, thinking, images, exports."""

from typing import Annotated, Any, ClassVar, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from commands.messages.base import Name, ProjectCommand
from commands.messages.past import Position
from domain.content.blocks import Layout
from domain.roles import Role

_PROJECT = "7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11"
_JOB = "1f2e3d4c-5c9e-4a7e-9a54-1f6f3f0f7d21"

PROMPT_LENGTH = 10_000
SOURCE_LENGTH = 400_000
DAY = 86_400

# The greater the sooner.
Priority = Annotated[int, Field(ge=0, le=9)]
Seconds = Annotated[int, Field(ge=1, le=DAY)]
Prompt = Annotated[str, Field(min_length=1, max_length=PROMPT_LENGTH)]
Span = Annotated[list[Annotated[int, Field(ge=0)]], Field(min_length=2, max_length=2)]


class JobCommand(ProjectCommand):
    """A command that a job comes of: 202, and `result.job_id`.

    `ttl` and `delay` count from now: what has not begun by the one ends, nothing begins before the other. A
    `unique` job is asked for once: while one that the same person asked for with the same input has not ended,
    the answer names that one.
    """

    ACCEPTS: ClassVar[bool] = True
    # What says how a job is to be done, and not what is to be done.
    MANNER: ClassVar[frozenset[str]] = frozenset({"priority", "ttl", "delay", "unique"})

    priority: Priority = 5
    ttl: Seconds | None = None
    delay: Annotated[int, Field(ge=0, le=DAY)] = 0
    unique: bool = False

    def lock_keys(self) -> tuple[UUID, ...]:
        """Jobs meet nobody: each has a stream of its own."""
        return ()


class RequestGeneration(JobCommand):
    """Have slides made from a prompt, a source text or an uploaded document.

    An outline is proposed first, and drafted once it is approved; `auto_approve` does without asking.
    """

    NAME: ClassVar[str] = "request-generation"
    SUMMARY: ClassVar[str] = "Generate slides"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "prompt": "River deltas, for a school class"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR
    # Four bytes a character, and as many again for what JSON escapes.
    MAX_BODY: ClassVar[int] = 8 * SOURCE_LENGTH

    prompt: Prompt | None = None
    source_text: Annotated[str, Field(min_length=1, max_length=SOURCE_LENGTH)] | None = None
    source_asset_id: UUID | None = None
    slides: Annotated[int, Field(ge=1, le=50)] | None = None
    auto_approve: bool = False


class OutlineSlide(BaseModel):
    """One slide of an outline: its title and what is to be said on it.

    `points` are inline Markdown, two leading spaces a level. `sources` are the places of the source that they
    were taken from, `kept` those of tables and code to be put on the slide as they stand: pairs of character
    offsets, as they were proposed.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Annotated[str, Field(max_length=300)]
    points: Annotated[list[Annotated[str, Field(max_length=1_000)]], Field(max_length=20)] = Field(
        default_factory=list
    )
    layout: Layout | None = None
    notes: Annotated[str, Field(max_length=4_000)] | None = None
    sources: Annotated[list[Span], Field(max_length=50)] | None = None
    kept: Annotated[list[Span], Field(max_length=10)] | None = None


class Outline(BaseModel):
    """A deck as it is to be drafted.

    `provider`, `model`, `warnings` and `usage` are what a proposed outline says of how it was made; they are
    kept if they come back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    title: Annotated[str, Field(max_length=300)] | None = None
    slides: Annotated[list[OutlineSlide], Field(min_length=1, max_length=50)]
    provider: Name | None = None
    model: Name | None = None
    warnings: Annotated[list[Annotated[str, Field(max_length=500)]], Field(max_length=50)] | None = None
    usage: dict[Name, Annotated[int, Field(ge=0)]] | None = None


class ApproveOutline(ProjectCommand):
    """Have a proposed outline drafted, as it stands or as it is given here."""

    NAME: ClassVar[str] = "approve-outline"
    SUMMARY: ClassVar[str] = "Approve an outline"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "job_id": _JOB}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR
    ACCEPTS: ClassVar[bool] = True

    job_id: UUID
    outline: Outline | None = None

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one job."""
        return (self.job_id,)


class RequestThinking(JobCommand):
    """Have the deck read and criticised; what should change comes as suggestions."""

    NAME: ClassVar[str] = "request-thinking"
    SUMMARY: ClassVar[str] = "Ask for suggestions"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "instruction": "Make it shorter"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    instruction: Prompt | None = None


class RequestImage(JobCommand):
    """Have a picture made; it is put into the image block named, if one is."""

    NAME: ClassVar[str] = "request-image"
    SUMMARY: ClassVar[str] = "Make a picture"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "prompt": "A delta seen from above"}
    REQUIRES: ClassVar[Role | None] = Role.EDITOR

    prompt: Prompt
    block_id: UUID | None = None


class RequestExport(JobCommand):
    """Have a file made of the project as it is, or as it was at a position."""

    NAME: ClassVar[str] = "request-export"
    SUMMARY: ClassVar[str] = "Export to a file"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "format": "pptx"}
    REQUIRES: ClassVar[Role | None] = Role.VIEWER
    ON_ARCHIVED: ClassVar[bool] = True

    format: Literal["pptx", "pdf", "html", "markdown", "png", "json"]
    at_position: Position | None = None


class CancelJob(ProjectCommand):
    """Want a job no more, also while it runs; whoever asked for it, or an editor, may."""

    NAME: ClassVar[str] = "cancel-job"
    SUMMARY: ClassVar[str] = "Cancel a job"
    EXAMPLE: ClassVar[dict[str, Any]] = {"project_id": _PROJECT, "job_id": _JOB}
    REQUIRES: ClassVar[Role | None] = Role.VIEWER
    ON_ARCHIVED: ClassVar[bool] = True

    job_id: UUID

    def lock_keys(self) -> tuple[UUID, ...]:
        """It is about one job."""
        return (self.job_id,)
