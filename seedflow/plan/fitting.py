"""Which lists of `for_each` fit their `at_most` with what the plan knows, whatever the text alone leaves open."""

from __future__ import annotations

from seedflow.diagnostics import Span
from seedflow.recipe.model import LoopVariable


class FittingLists:
    """Gathers how long the lists of each entry turn out to be at most, over all the tasks that have one."""

    def __init__(self) -> None:
        self._fits: dict[Span, bool] = {}

    def note(self, variable: LoopVariable, most: int | None) -> None:
        """A list of this entry has so many items at most; None when nothing but `at_most` bounds it."""
        fits = variable.at_most is None or (most is not None and most <= variable.at_most)
        self._fits[variable.span] = fits and self._fits.get(variable.span, True)

    def __contains__(self, span: object) -> bool:
        """Whether every list of the entry at a place fits for certain."""
        return isinstance(span, Span) and self._fits.get(span, False)
