"""From how many requests of one step on a recipe should say that so many are meant."""

from __future__ import annotations

from typing import Final

from seedflow.recipe.model import Limits

MANY: Final = 500
"""Requests of one step from which on a warning says so."""
MANY_BY_MULTIPLYING: Final = 200
"""The same where several lists multiply, so that nobody wrote the number down."""


def says_it_is_meant(limits: Limits) -> bool:
    """Whether a recipe limits itself: then somebody has thought of the number."""
    return limits.tasks is not None or limits.images is not None or limits.cost_usd is not None
