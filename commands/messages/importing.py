"""Commands that make a whole deck."""

from typing import Any, ClassVar

from commands.messages.base import Command, Title
from domain.roles import Role


class ImportMarkdown(Command):
    """Make a new project from a Markdown text."""

    NAME: ClassVar[str] = "import-markdown"
    SUMMARY: ClassVar[str] = "Make a project from Markdown"
    EXAMPLE: ClassVar[dict[str, Any]] = {
        "text": "# Rivers\n\nWater carries sand.\n\n## Deltas\n\n- silt\n- reeds\n"
    }
    REQUIRES: ClassVar[Role | None] = None
    CREATES: ClassVar[bool] = True
    # 400,000 characters of up to 4 bytes, escaped as JSON.
    MAX_BODY: ClassVar[int] = 4_194_304

    text: str
    title: Title | None = None
