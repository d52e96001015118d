"""What all commands share: strict, frozen, no unknown fields, a name and a required role."""

import unicodedata
from typing import Annotated, Any, ClassVar
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from domain.roles import Role


class Command(BaseModel):
    """A request to change something. Its public name is `NAME`, its JSON body are its fields."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True)

    NAME: ClassVar[str]
    SUMMARY: ClassVar[str]
    EXAMPLE: ClassVar[dict[str, Any]]
    # What the caller has to be in the project; None where there is no project yet.
    REQUIRES: ClassVar[Role | None]
    # An archived project refuses all other commands.
    ON_ARCHIVED: ClassVar[bool] = False
    # The status of success where something was created is 201.
    CREATES: ClassVar[bool] = False
    # The status of success where a job comes of it is 202.
    ACCEPTS: ClassVar[bool] = False
    # The most bytes that a request body may have.
    MAX_BODY: ClassVar[int] = 262_144

    def lock_keys(self) -> tuple[UUID, ...]:
        """Name the streams on which this command would only race with others of the same process."""
        return ()


class ProjectCommand(Command):
    """A command on an existing project."""

    project_id: UUID

    def lock_keys(self) -> tuple[UUID, ...]:
        """Structural and project commands queue up by project."""
        return (self.project_id,)


def _printable(text: str) -> str:
    if any(unicodedata.category(c) in ("Cc", "Cs") for c in text):
        raise ValueError("contains control characters")
    if text != text.strip():
        raise ValueError("begins or ends with white space")
    return text


Line = Annotated[str, AfterValidator(_printable)]
Title = Annotated[Line, Field(min_length=1, max_length=200)]
UserId = Annotated[Line, Field(min_length=1, max_length=200)]
Name = Annotated[Line, Field(min_length=1, max_length=100)]
