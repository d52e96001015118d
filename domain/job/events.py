"""What can have happened to a job.

A job's own stream tells of it what has to outlive a queue: that it was asked for, each attempt, and its one
end. Progress within an attempt is told live and never stored.
"""

from dataclasses import dataclass
from typing import Any, ClassVar

from domain.events import Event


@dataclass(frozen=True, kw_only=True)
class JobEvent(Event):
    """An event of a job's own stream."""

    KIND: ClassVar[str] = "job"


@dataclass(frozen=True, kw_only=True)
class JobRequested(JobEvent):
    """A job was asked for. `priority` is 0 to 9, the greater the sooner; `ttl` is in seconds, None for ever.

    `delay` is in seconds too: before they are over, the job does not begin.
    """

    QUEUE: ClassVar[str]
    OPTIONAL: ClassVar[tuple[str, ...]] = ("delay",)

    project_id: str
    priority: int
    ttl: int | None
    delay: int = 0


@dataclass(frozen=True, kw_only=True)
class GenerationRequested(JobRequested):
    """A deck is to be made from a prompt, a source, or both."""

    TOPIC: ClassVar[str] = "decklog.job.generation-requested"
    QUEUE: ClassVar[str] = "generation"

    prompt: str | None
    source_text: str | None
    source_asset_id: str | None
    slides: int | None
    auto_approve: bool


@dataclass(frozen=True, kw_only=True)
class ThinkingRequested(JobRequested):
    """A deck is to be read and criticised; it ends in suggestions."""

    TOPIC: ClassVar[str] = "decklog.job.thinking-requested"
    QUEUE: ClassVar[str] = "thinking"

    instruction: str | None


@dataclass(frozen=True, kw_only=True)
class ImageRequested(JobRequested):
    """A picture is to be made, and put into an image block if one is named."""

    TOPIC: ClassVar[str] = "decklog.job.image-requested"
    QUEUE: ClassVar[str] = "image"

    prompt: str
    block_id: str | None


@dataclass(frozen=True, kw_only=True)
class ExportRequested(JobRequested):
    """A file is to be made of the project as it was at `at_position`."""

    TOPIC: ClassVar[str] = "decklog.job.export-requested"
    QUEUE: ClassVar[str] = "export"

    format: str
    at_position: int


@dataclass(frozen=True, kw_only=True)
class JobStarted(JobEvent):
    """An attempt began; attempts count from 1, and the latest one alone may go on."""

    TOPIC: ClassVar[str] = "decklog.job.started"

    attempt: int


@dataclass(frozen=True, kw_only=True)
class JobRetried(JobEvent):
    """An attempt failed, and another is to come after `delay` seconds."""

    TOPIC: ClassVar[str] = "decklog.job.retried"

    attempt: int
    code: str
    message: str
    delay: float


@dataclass(frozen=True, kw_only=True)
class JobOutlined(JobEvent):
    """A generation proposes an outline, and waits for a person's word on it."""

    TOPIC: ClassVar[str] = "decklog.job.outlined"

    outline: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class OutlineApproved(JobEvent):
    """A person approved an outline, as it was proposed or changed."""

    TOPIC: ClassVar[str] = "decklog.job.outline-approved"

    outline: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobSucceeded(JobEvent):
    """The job ended well; `result` is what came of it."""

    TOPIC: ClassVar[str] = "decklog.job.succeeded"

    result: dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class JobFailed(JobEvent):
    """The job ended in a failure that another attempt would not mend, or after the last attempt."""

    TOPIC: ClassVar[str] = "decklog.job.failed"

    code: str
    message: str


@dataclass(frozen=True, kw_only=True)
class JobCancelled(JobEvent):
    """Somebody wanted it no more."""

    TOPIC: ClassVar[str] = "decklog.job.cancelled"


@dataclass(frozen=True, kw_only=True)
class JobExpired(JobEvent):
    """Its time to live ended while it waited: for its turn, for another attempt, or for a person's approval."""

    TOPIC: ClassVar[str] = "decklog.job.expired"


@dataclass(frozen=True, kw_only=True)
class JobRequeued(JobEvent):
    """An operator had a failed job tried again, with as many attempts as a new one."""

    TOPIC: ClassVar[str] = "decklog.job.requeued"
