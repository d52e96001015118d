"""`decklog serve write|read|live|workers`: one process of a deployment. Each imports what it needs alone."""

import typer

from workers.cli.lazily import lazily

VERBS = {
    "write": "workers.cli.serving.write:write",
    "read": "workers.cli.serving.read:read",
    "live": "workers.cli.serving.live:live",
    "workers": "workers.cli.serving.workers:workers",
}

app = typer.Typer(help="Run one process of a deployment.", cls=lazily(VERBS), no_args_is_help=True)


@app.callback()
def _serve() -> None:
    """Make it a group."""
