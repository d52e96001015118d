"""What can happen to a job, one event of each kind, and how clients are told."""

from uuid import UUID

from domain.events import Event
from domain.job import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    JobCancelled,
    JobExpired,
    JobFailed,
    JobOutlined,
    JobRequeued,
    JobRetried,
    JobStarted,
    JobSucceeded,
    OutlineApproved,
    ThinkingRequested,
)

PROJECT = UUID("7b0f4a52-5c9e-4a7e-9a54-1f6f3f0f7d11")
JOB = UUID("1f2e3d4c-5c9e-4a7e-9a54-1f6f3f0f7d21")
OUTLINE = {"title": "Deltas", "slides": [{"title": "Silt", "points": ["comes down", "stays"]}]}


def generation(
    job: UUID, project: UUID, *, ttl: int | None = None, auto: bool = False
) -> GenerationRequested:
    return GenerationRequested(
        originator_id=job,
        originator_version=1,
        project_id=str(project),
        priority=5,
        ttl=ttl,
        prompt="River deltas",
        source_text=None,
        source_asset_id=None,
        slides=None,
        auto_approve=auto,
    )


def thinking(job: UUID, project: UUID, *, ttl: int | None = None, priority: int = 5) -> ThinkingRequested:
    return ThinkingRequested(
        originator_id=job,
        originator_version=1,
        project_id=str(project),
        priority=priority,
        ttl=ttl,
        instruction="Make it shorter",
    )


def delayed_export(job: UUID, project: UUID) -> ExportRequested:
    return ExportRequested(
        originator_id=job,
        originator_version=1,
        project_id=str(project),
        priority=5,
        ttl=None,
        delay=60,
        format="html",
        at_position=41,
    )


def started(job: UUID, version: int, attempt: int = 1) -> JobStarted:
    return JobStarted(originator_id=job, originator_version=version, attempt=attempt)


def outlined(job: UUID, version: int) -> JobOutlined:
    return JobOutlined(originator_id=job, originator_version=version, outline=OUTLINE)


def approved(job: UUID, version: int) -> OutlineApproved:
    return OutlineApproved(originator_id=job, originator_version=version, outline=OUTLINE)


def retried(job: UUID, version: int, attempt: int = 1, code: str = "provider-busy") -> JobRetried:
    return JobRetried(
        originator_id=job, originator_version=version, attempt=attempt, code=code, message="429", delay=1.5
    )


def succeeded(job: UUID, version: int) -> JobSucceeded:
    return JobSucceeded(originator_id=job, originator_version=version, result={"slides": 3})


def failed(job: UUID, version: int) -> JobFailed:
    return JobFailed(originator_id=job, originator_version=version, code="bad-input", message="not a deck")


def cancelled(job: UUID, version: int) -> JobCancelled:
    return JobCancelled(originator_id=job, originator_version=version)


def expired(job: UUID, version: int) -> JobExpired:
    return JobExpired(originator_id=job, originator_version=version)


def requeued(job: UUID, version: int) -> JobRequeued:
    return JobRequeued(originator_id=job, originator_version=version)


# Event, its topic, its public name, its public data.
TOLD: list[tuple[Event, str, str, dict[str, object]]] = [
    (
        generation(JOB, PROJECT, ttl=60),
        "decklog.job.generation-requested",
        "generation-requested",
        {
            "priority": 5,
            "prompt": "River deltas",
            "source_length": None,
            "source_asset_id": None,
            "slides": None,
            "auto_approve": False,
        },
    ),
    (
        thinking(JOB, PROJECT),
        "decklog.job.thinking-requested",
        "thinking-requested",
        {"priority": 5, "instruction": "Make it shorter"},
    ),
    (
        ImageRequested(
            originator_id=JOB,
            originator_version=1,
            project_id=str(PROJECT),
            priority=9,
            ttl=None,
            prompt="A delta seen from above",
            block_id="c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02",
        ),
        "decklog.job.image-requested",
        "image-requested",
        {
            "priority": 9,
            "prompt": "A delta seen from above",
            "block_id": "c2a9d7b0-2b1e-4e39-9d5e-8a7f0a4f5c02",
        },
    ),
    (
        ExportRequested(
            originator_id=JOB,
            originator_version=1,
            project_id=str(PROJECT),
            priority=0,
            ttl=3600,
            format="pptx",
            at_position=41,
        ),
        "decklog.job.export-requested",
        "export-requested",
        {"priority": 0, "format": "pptx", "at_position": 41},
    ),
    (started(JOB, 2), "decklog.job.started", "job-started", {"attempt": 1}),
    (
        retried(JOB, 3),
        "decklog.job.retried",
        "job-retried",
        {"attempt": 1, "code": "provider-busy", "message": "429", "delay": 1.5},
    ),
    (outlined(JOB, 4), "decklog.job.outlined", "job-outlined", {"outline": OUTLINE}),
    (approved(JOB, 5), "decklog.job.outline-approved", "outline-approved", {"outline": OUTLINE}),
    (succeeded(JOB, 6), "decklog.job.succeeded", "job-succeeded", {"result": {"slides": 3}}),
    (
        failed(JOB, 6),
        "decklog.job.failed",
        "job-failed",
        {"code": "bad-input", "message": "not a deck"},
    ),
    (cancelled(JOB, 6), "decklog.job.cancelled", "job-cancelled", {}),
    (expired(JOB, 2), "decklog.job.expired", "job-expired", {}),
    (requeued(JOB, 7), "decklog.job.requeued", "job-requeued", {}),
]
