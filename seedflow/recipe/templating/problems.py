"""What can be wrong with a template: problems found while reading are data, those found while rendering are raised."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import NamedTuple

from seedflow.diagnostics import Source
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.templating.limits import MAX_SOURCE_CHARACTERS

_MAX_LISTED = 8


class Place(NamedTuple):
    """Another place that explains what is wrong; `source` None is the text that is being read or rendered."""

    source: Source | None
    start: int
    end: int
    message: str


class Dashed(NamedTuple):
    """What a name with a `-` in it is besides: a difference of `first`, below `root`, that has the problems `plain`."""

    root: str | None
    first: str | None
    plain: tuple[Problem, ...] = ()


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem of the text; `start` and `end` are offsets into the scalar's value, or into `source` if there is one."""

    code: str
    message: str
    start: int
    end: int
    help: str | None = None
    source: Source | None = None
    related: tuple[Place, ...] = ()
    bare: str | None = None
    """A name without its root, for which whoever knows what the recipe declares may have better help."""
    dashed: Dashed | None = None
    """Of a name with a `-` in it, for whoever knows that it is a difference; `bare` is the name without."""
    step: str | None = None
    """A step of which something is mentioned that no step gives; an output of the recipe that it uses may be meant."""

    def inside(self, source: Source, *calls: Place) -> Problem:
        """The same as seen from the text that includes or imports `source`, where it was found; `calls` are in that text."""
        related = (*_place_in(source, self.related), *calls)
        return replace(self, source=self.source or source, related=related)


def refuse_length(advice: str) -> Problem:
    """The problem of a text with templates in it that is longer than allowed."""
    return Problem(
        code="template-too-large",
        message=f"a text with templates in it has at most {MAX_SOURCE_CHARACTERS:,} characters",
        start=0,
        end=1,
        help=advice,
    )


class Misread(Exception):  # noqa: N818 - not an error of ours: the text cannot be read any further
    """The text cannot be read beyond this problem."""

    def __init__(self, *, code: str, message: str, start: int, end: int, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.problem = Problem(code, message, start, end, help)


class Enough(Exception):  # noqa: N818 - not an error of ours: so many problems were found that reading on helps nobody
    """The text has as many problems as anybody wants to read."""


class RenderError(Exception):
    """A template that cannot be rendered with the values at hand.

    Attributes:
        message: what was found and what was expected.
        start: offset into the scalar's value where it begins.
        end: offset just behind it.
        code: the diagnostic's code.
        help: one thing to do, or None.
        source: the included or imported file that the offsets belong to, or None for the scalar itself.
        related: where that file is included, or its macro called; the innermost first.
    """

    def __init__(
        self,
        message: str,
        start: int,
        end: int,
        code: str,
        help: str | None = None,  # noqa: A002 - the word users see
        source: Source | None = None,
        related: tuple[Place, ...] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.start = start
        self.end = end
        self.code = code
        self.help = help
        self.source = source
        self.related = related

    def inside(self, source: Source, call: Place) -> RenderError:
        """The same as seen from the text that includes `source`, or calls a macro of it, at `call`."""
        return RenderError(
            self.message,
            self.start,
            self.end,
            self.code,
            self.help,
            self.source or source,
            (*_place_in(source, self.related), call),
        )


class Skipped(Exception):  # noqa: N818 - not an error of ours: what is mentioned was skipped
    """Raised by `Scope.resolve` and by lazy inputs for a single result that was skipped; `cause` is the skipped address.

    `first_of` and `optional` catch it. Whoever renders lets it pass: the task that asked is skipped as well.
    """

    def __init__(self, cause: str) -> None:
        super().__init__(cause)
        self.cause = cause


class Refusal(Exception):  # noqa: N818 - becomes a RenderError once somebody knows the place
    """A value that an operation does not take. Whoever called the operation knows where that stands in the text."""

    def __init__(self, *, code: str, message: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message)
        self.message = message
        self.code = code
        self.help = help

    def at(self, start: int, end: int) -> RenderError:
        """The same, placed."""
        return RenderError(self.message, start, end, self.code, self.help)


def _place_in(source: Source, places: Iterable[Place]) -> tuple[Place, ...]:
    return tuple(place._replace(source=place.source or source) for place in places)


def suggest(name: str, known: Iterable[str], otherwise: str | None = None) -> str | None:
    """Help for a name that is not known: the near miss, else `otherwise`, else what there is."""
    names = list(known)
    near = find_near(name, names)
    if near is not None:
        return f"did you mean `{near}`?"
    if otherwise is not None:
        return otherwise
    if not names:
        return None
    listed = ", ".join(f"`{one}`" for one in names[:_MAX_LISTED])
    return f"there is {listed}" + (", …" if len(names) > _MAX_LISTED else "")
