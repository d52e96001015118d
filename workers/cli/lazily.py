"""Verbs that are imported when they are used: a token is not to wait for what draws slides."""

from collections.abc import Mapping
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command, get_group


def lazily(verbs: Mapping[str, str]) -> type[TyperGroup]:
    """Return a class of groups whose verbs, by name, are at `module:attribute`: a function, or a `typer.Typer`."""

    class Lazy(TyperGroup):
        """A group that imports a verb when it is asked for."""

        def list_commands(self, ctx: Any) -> list[str]:
            """Return the names of all verbs."""
            del ctx
            return list(verbs)

        def get_command(self, ctx: Any, cmd_name: str) -> Any:
            """Return a verb, None if there is none of this name."""
            del ctx
            return _found(cmd_name, verbs[cmd_name]) if cmd_name in verbs else None

    return Lazy


def _found(name: str, place: str) -> Any:
    module, _, attribute = place.partition(":")
    verb = getattr(import_module(module), attribute)
    if isinstance(verb, typer.Typer):
        group = get_group(verb)
        group.name = name
        return group
    alone = typer.Typer(add_completion=False)
    alone.command(name)(verb)
    return get_command(alone)
