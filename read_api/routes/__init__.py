"""The queries of the public contract, a module a subject."""

from starlette.routing import Route

from read_api.routes import (
    admin_cache,
    admin_projections,
    assets,
    blocks,
    comments,
    conflicts,
    diff,
    history,
    jobs,
    limits,
    members,
    projects,
    sessions,
    suggestions,
    themes,
    versions,
)
from read_api.side import Reading


def query_routes(reading: Reading) -> list[Route]:
    """Return all query routes, for the front of the app's router."""
    return [
        *projects.routes(reading),
        *blocks.routes(reading),
        *history.routes(reading),
        *members.routes(reading),
        *versions.routes(reading),
        *comments.routes(reading),
        *sessions.routes(reading),
        *themes.routes(reading),
        *conflicts.routes(reading),
        *diff.routes(reading),
        *suggestions.routes(reading),
        *jobs.routes(reading),
        *admin_cache.routes(reading),
        *admin_projections.routes(reading),
        *assets.routes(reading),
        *limits.routes(reading),
    ]
