"""The writer that needs nothing but the source: it chooses, and never invents."""

import asyncio

from workers.generating.drafting import drafted
from workers.generating.extracting import PROVIDER, outline_of
from workers.generating.plan import Plan
from workers.generating.ports import Brief, Drafted
from workers.generating.skeleton import skeleton_of
from workers.models.usage import Usage


class OfflineWriter:
    """Implements `Writer`. Nothing leaves the process."""

    @property
    def provider(self) -> str:
        """Its name says what it does."""
        return PROVIDER

    @property
    def model(self) -> str | None:
        """There is none."""
        return None

    async def outline(self, brief: Brief) -> Plan:
        """Choose from the source, or make a frame to fill in."""
        if brief.source is None:
            return skeleton_of(brief.prompt or "", brief.slides)
        # Off the loop: a long source takes a good part of a second.
        plan = await asyncio.to_thread(outline_of, brief.source, brief.slides)
        if brief.prompt:
            plan = plan.warned(
                "no model is configured: the prompt was not followed, only the source was read"
            )
        return plan

    async def draft(self, plan: Plan, index: int, brief: Brief, spent: Usage) -> Drafted:  # noqa: ARG002 - the port's
        """Put on the slide what is planned."""
        return Drafted(drafted(plan.slides[index], brief.source))
