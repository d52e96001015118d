"""Documents: what a reader is shown of a project and of its blocks, as folds of their events."""

from domain.documents.block import BlockDocument, fold_block
from domain.documents.deck import Deck
from domain.documents.project import ProjectDocument, fold_project

__all__ = ["BlockDocument", "Deck", "ProjectDocument", "fold_block", "fold_project"]
