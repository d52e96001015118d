"""What a kind of job is given to do its work, and what it may answer."""

from collections.abc import Mapping
from typing import Any, Protocol
from uuid import UUID

from commands.messages import Command
from domain.job import Job


class RetryableError(Exception):
    """This attempt failed, and another may succeed: a provider is away, too busy, or talks nonsense.

    `after` is the least number of seconds to wait, where somebody said so.
    """

    def __init__(self, code: str, message: str, after: float | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.after = after


class FinalError(Exception):
    """No other attempt would succeed: the input is bad, the project is gone."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class JobContext(Protocol):
    """One attempt at one job. The lease is kept alive meanwhile; when it is lost, the attempt is cancelled."""

    @property
    def job(self) -> Job:
        """The job as it was when the attempt began."""
        ...

    async def progress(self, done: int, total: int, message: str = "") -> None:
        """Tell live readers how far it is; never stored."""
        ...

    async def run(self, name: str, *commands: Command) -> Mapping[str, Any]:
        """Run commands in the project, atomically, as the machine and on behalf of the job.

        The command id is derived from the job and `name`, so that a later attempt which runs the same step
        again gets the first answer and changes nothing.

        Raises:
            DomainError: refused.
        """
        ...

    async def propose(self, outline: Mapping[str, Any]) -> None:
        """Propose an outline and end the attempt: the job goes on once a person has approved."""
        ...


class JobHandler(Protocol):
    """Does one kind of job."""

    async def run(self, context: JobContext) -> Mapping[str, Any] | None:
        """Do the work and return the job's result; None if it waits for approval now.

        Raises:
            RetryableError: it may be tried again.
            FinalError: it need not.
        """
        ...


class Blobs(Protocol):
    """Files by the hash of their content: uploads, pictures, exports."""

    async def put(self, project_id: UUID, data: bytes, media_type: str) -> UUID:
        """Keep a file, and return its id in the project."""
        ...

    async def get(self, project_id: UUID, asset_id: UUID) -> tuple[bytes, str] | None:
        """Return a file of the project and its media type; None if there is none."""
        ...
