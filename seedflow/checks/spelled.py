"""Which texts a template may come to be, as far as the text alone tells: what is written in it, and where it prints numbers."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from itertools import product
from typing import Final, NamedTuple, TypeAlias

from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.template import Template
from seedflow.recipe.templating.lookup_nodes import Attribute
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Either, Joined
from seedflow.recipe.templating.statements import Body, If, Print, Set, Text

_MOST_WAYS: Final = 32
_ANY: Final = "(?s:.*)"
_PRINTED: Final = {
    Kind.INTEGER: r"-?[0-9]+",
    Kind.NUMBER: r"-?[0-9]+(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?",
    Kind.BOOLEAN: "true|false",
}
"""What values of a kind are printed as."""

_PIXELS: Final = re.compile("[0-9]{3,}")
"""How wide and how high pictures are that a model gives or takes."""

_Piece: TypeAlias = "str | re.Pattern[str]"
"""A text that is written, or what a printed value looks like."""
_ShapeOf: TypeAlias = Callable[[Expression], Shape]


class Way(NamedTuple):
    """One way in which a template may be written out, by the branches that it takes."""

    pieces: tuple[_Piece, ...]

    def may_be(self, text: str) -> bool:
        """Whether it may come to be a text, white space at its ends aside."""
        pattern = "".join(
            re.escape(piece) if isinstance(piece, str) else f"(?:{piece.pattern})" for piece in self._strip()
        )
        return re.fullmatch(rf"\s*{pattern}\s*", text.strip()) is not None

    @property
    def says_anything(self) -> bool:
        """Whether some of it is written."""
        return any(isinstance(piece, str) for piece in self.pieces)

    def show(self) -> str:
        """`5K`, `…x…`."""
        return "".join(piece if isinstance(piece, str) else "…" for piece in self.pieces).strip()

    def _strip(self) -> Sequence[_Piece]:
        pieces = list(self.pieces)
        if pieces and isinstance(pieces[0], str):
            pieces[0] = pieces[0].lstrip()
        if pieces and isinstance(pieces[-1], str):
            pieces[-1] = pieces[-1].rstrip()
        return pieces


def spell_ways(template: Template, shape_of: _ShapeOf, *, of_pictures: bool = False) -> list[Way]:
    """All ways in which a template may be written out; none where nothing can be said of them.

    With `of_pictures`, width and height of an image are taken for what those of pictures usually are.
    """
    speller = _Speller(shape_of, of_pictures=of_pictures)
    try:
        if template.expression is not None:
            return speller.spell(template.expression)
        return speller.spell_body(template.body)
    except _TooMany:
        return []


class _TooMany(Exception):  # noqa: N818 - not an error of ours: there are more ways than anybody looks at
    """There are more ways than are looked at."""


class _Speller:
    def __init__(self, shape_of: _ShapeOf, *, of_pictures: bool) -> None:
        self._shape_of = shape_of
        self._of_pictures = of_pictures

    def spell(self, node: Expression) -> list[Way]:
        """The ways of an expression that becomes text."""
        match node:
            case Either():
                return [*self.spell(node.then), *self.spell(node.otherwise)]
            case Joined():
                return _join([self.spell(part) for part in node.parts])
            case Constant(value=str() as text):
                return [Way((text,))]
            case Attribute(name="width" | "height") if (
                self._of_pictures and self._shape_of(node.base).kind is Kind.IMAGE
            ):
                return [Way((_PIXELS,))]
            case _:
                return [Way((_printed(self._shape_of(node)),))]

    def spell_body(self, body: Body) -> list[Way]:
        """The ways of statements that come one behind the other."""
        parts: list[list[Way]] = []
        for statement in body:
            match statement:
                case Text():
                    parts.append([Way((statement.text,))])
                case Print():
                    parts.append(self.spell(statement.expression))
                case If():
                    branches = [inside for _, inside in statement.branches]
                    parts.append(
                        [way for one in (*branches, statement.otherwise) for way in self.spell_body(one)]
                    )
                case Set():
                    pass
                case _:
                    parts.append([Way((re.compile(_ANY),))])
        return _join(parts)


def _printed(shape: Shape) -> re.Pattern[str]:
    if shape.optional:
        return re.compile(_ANY)
    if shape.kind is Kind.TEXT and shape.options:
        return re.compile("|".join(map(re.escape, shape.options)))
    return re.compile(_PRINTED.get(shape.kind, _ANY))


def _join(parts: Iterable[Sequence[Way]]) -> list[Way]:
    """Every way of each part with every one of the others."""
    listed = list(parts)
    count = 1
    for ways in listed:
        count *= len(ways)
        if count > _MOST_WAYS:
            raise _TooMany
    found = []
    for chosen in product(*listed):
        pieces: list[_Piece] = []
        for piece in (piece for way in chosen for piece in way.pieces):
            last = pieces[-1] if pieces else None
            if isinstance(piece, str) and isinstance(last, str):
                pieces[-1] = last + piece
            else:
                pieces.append(piece)
        found.append(Way(tuple(pieces)))
    return found
