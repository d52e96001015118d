"""Reads a deck critically, slide by slide, and leaves suggestions."""

from collections.abc import Mapping, Sequence
from typing import Any, Final

from commands.messages import SuggestEdit
from commands.ports import Decks
from domain.job import ThinkingRequested
from workers.exporting.source import Node, tree
from workers.jobs.ports import FinalError, JobContext
from workers.models.asking import BudgetSpent
from workers.thinking.ports import Suggested, Thinker

MOST_SUGGESTIONS: Final = 200
MOST_FINDINGS: Final = 100


class ThinkingHandler:
    """Implements `JobHandler` for the queue `thinking`.

    Each slide's suggestions are one batch, named after the slide: a later attempt that reads the slide again
    gets the answer of the first, and suggests nothing twice.
    """

    def __init__(self, thinker: Thinker, decks: Decks) -> None:
        self._thinker = thinker
        self._decks = decks

    async def run(self, context: JobContext) -> Mapping[str, Any]:
        """Read the deck as it is now."""
        job, request = context.job, context.job.request
        if not isinstance(request, ThinkingRequested):
            raise TypeError(f"a job of the queue {job.queue} has come to the wrong handler")
        deck = await self._decks.at(job.project_id)
        if deck is None:
            raise FinalError("not-found", "the project is gone")
        slides = tree(deck)
        total = len(slides)
        await context.progress(0, total, "planning")
        reading = await self._thinker.plan(slides, request.instruction)
        aims = reading.aims
        usage, warnings = aims.usage, list(aims.warnings)
        findings: list[dict[str, Any]] = []
        suggestions = read = 0
        for i, slide in enumerate(slides):
            await context.progress(i, total, f"reading: {slide.content['title']}"[:200])
            try:
                thought = await reading.consider(i, usage)
            except BudgetSpent as spent:
                warnings.append(f"{spent}: the deck was read up to slide {i}")
                break
            read += 1
            usage += thought.usage
            findings += [
                {"slide": i + 1, "block_id": str(f.block_id), "code": f.code, "message": f.message}
                for f in thought.findings
            ]
            room = MOST_SUGGESTIONS - suggestions
            suggestions += await self._suggest(context, slide, thought.suggestions[:room])
        if len(findings) > MOST_FINDINGS:
            warnings.append(f"of {len(findings)} findings the first {MOST_FINDINGS} are listed")
        await context.progress(total, total, "done")
        return {
            "provider": self._thinker.provider,
            "model": self._thinker.model,
            "aims": list(aims.said),
            "slides": read,
            "suggestions": suggestions,
            "findings": findings[:MOST_FINDINGS],
            "usage": usage.dump(),
            "warnings": warnings,
        }

    @staticmethod
    async def _suggest(context: JobContext, slide: Node, suggested: Sequence[Suggested]) -> int:
        """Keep the suggestions for a slide, and return how many of them are new."""
        if not suggested:
            return 0
        commands = [
            SuggestEdit(
                project_id=context.job.project_id,
                block_id=s.block_id,
                changes=dict(s.changes),
                base_version=s.node.block.version,
                reason=s.reason,
            )
            for s in suggested
        ]
        answer = await context.run(f"slide.{slide.block.block_id}", *commands)
        return sum(1 for r in answer["results"] if "suggestion_id" in r["result"])
