"""The refusals that APIs raise and catch. They are the domain's, offered here since APIs do not import it."""

from domain.errors import AlreadyExists, DomainError, Forbidden, Invalid, NotFound, Unavailable
from domain.problems import problem_of

__all__ = ["AlreadyExists", "DomainError", "Forbidden", "Invalid", "NotFound", "Unavailable", "problem_of"]
