"""Which handler does the jobs of which queue. The one place where they are registered."""

from collections.abc import Mapping

from infra.bootstrap import WriteSide
from infra.settings import Settings
from workers.exporting import Gatherer
from workers.generating.offline import OfflineWriter
from workers.generating.writing import ModelWriter
from workers.jobs.handlers.export import ExportHandler
from workers.jobs.handlers.generation import GenerationHandler
from workers.jobs.handlers.image import ImageHandler
from workers.jobs.handlers.thinking import ThinkingHandler
from workers.jobs.ports import JobHandler
from workers.models.asking import Model
from workers.models.endpoint import Endpoint
from workers.picturing.cover import CoverPainter
from workers.picturing.endpoint import EndpointPainter
from workers.thinking.asking import ModelThinker
from workers.thinking.offline import RulesThinker


def handlers(settings: Settings, side: WriteSide) -> Mapping[str, JobHandler]:
    """Return the handlers by queue; jobs of a queue without one fail as `unsupported`."""
    texts, images = Endpoint.of_texts(settings), Endpoint.of_images(settings)
    model = Model(texts) if texts else None
    gatherer = Gatherer(side.decks, side.log, side.blobs)
    return {
        "generation": GenerationHandler(
            ModelWriter(model) if model else OfflineWriter(), side.decks, side.blobs
        ),
        "thinking": ThinkingHandler(ModelThinker(model) if model else RulesThinker(), side.decks),
        "image": ImageHandler(
            EndpointPainter(images) if images else CoverPainter(), side.decks, gatherer, side.blobs
        ),
        "export": ExportHandler(gatherer, side.blobs),
    }
