"""The job aggregate: generation, thinking, image and export jobs, from request to one end."""

from domain.job.aggregate import Job, JobState
from domain.job.events import (
    ExportRequested,
    GenerationRequested,
    ImageRequested,
    JobCancelled,
    JobEvent,
    JobExpired,
    JobFailed,
    JobOutlined,
    JobRequested,
    JobRequeued,
    JobRetried,
    JobStarted,
    JobSucceeded,
    OutlineApproved,
    ThinkingRequested,
)

__all__ = [
    "ExportRequested",
    "GenerationRequested",
    "ImageRequested",
    "Job",
    "JobCancelled",
    "JobEvent",
    "JobExpired",
    "JobFailed",
    "JobOutlined",
    "JobRequested",
    "JobRequeued",
    "JobRetried",
    "JobStarted",
    "JobState",
    "JobSucceeded",
    "OutlineApproved",
    "ThinkingRequested",
]
