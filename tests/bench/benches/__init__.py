"""One module a bench. Each has a `BENCH`; a new file here is found by itself."""

import pkgutil
from importlib import import_module

from tests.bench.harness import Bench


def all_benches() -> list[Bench]:
    """Import all benches, by name."""
    found = (import_module(f"{__name__}.{module.name}") for module in pkgutil.iter_modules(__path__))
    return sorted((module.BENCH for module in found), key=lambda bench: bench.name)
