"""Chance that can be repeated: the same seed brings the same choices."""

import random


def chance(seed: object) -> random.Random:
    """Make a source of choices of its own, from anything that can be written out."""
    return random.Random(str(seed))  # noqa: S311 - choices to repeat, no secrets
