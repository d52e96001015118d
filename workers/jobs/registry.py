"""Which handler does the jobs of which queue. The one place where they are registered."""

from collections.abc import Mapping

from infra.bootstrap import WriteSide
from infra.settings import Settings
from workers.exporting import Gatherer
from workers.generating.offline import OfflineWriter
from workers.jobs.handlers.export import ExportHandler
from workers.jobs.handlers.generation import GenerationHandler
from workers.jobs.ports import JobHandler


def handlers(settings: Settings, side: WriteSide) -> Mapping[str, JobHandler]:  # noqa: ARG001 - none of these needs any
    """Return the handlers by queue; jobs of a queue without one fail as `unsupported`."""
    return {
        "generation": GenerationHandler(OfflineWriter(), side.decks, side.blobs),
        "export": ExportHandler(Gatherer(side.decks, side.log, side.blobs), side.blobs),
    }
