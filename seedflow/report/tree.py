"""A drawing as lines for a terminal of any width: branches, names, and beside or below them what is said of each."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Final, NamedTuple, TypeAlias

from seedflow.diagnostics.cells import count_cells, shorten
from seedflow.report.drawing import Drawing, NodeKind
from seedflow.report.growth import Grown, Use, grow_tree

FEWEST_CELLS_FOR_A_NAME: Final = 20
FEWEST_CELLS_FOR_NOTES: Final = 24
MOST_USES: Final = 4

_STEP_OF_INDENT: Final = 3
_GAP: Final = "  "
_BETWEEN: Final = " · "


class Role(Enum):
    """What a piece of a line is, for whoever gives it a colour."""

    TITLE = "title"
    BRANCH = "branch"
    NAME = "name"
    RECIPE = "recipe"
    REST = "rest"
    NOTE = "note"


class Piece(NamedTuple):
    """Some text of a line."""

    text: str
    role: Role


Line: TypeAlias = tuple[Piece, ...]


@dataclass(frozen=True, slots=True)
class _Row:
    """One node before it is laid out: what stands before its name, and before the lines below it."""

    before: str
    below: str
    name: str
    role: Role
    notes: tuple[str, ...]


def lay_out_tree(drawing: Drawing, width: int) -> Iterator[Line]:
    """The lines of a tree that fits into `width` cells; no line ends in blanks.

    Names are shortened only where they alone are wider; a tree that is too deep goes on further down, at the left.
    """
    yield from _lay_out_title(drawing, width)
    rows = list(_list_rows(drawing, width))
    if rows:
        yield ()
    widest = max((count_cells(row.before) + count_cells(row.name) for row in rows), default=0)
    column = widest + len(_GAP)
    room = width - column
    notes = max((count_cells(_BETWEEN.join(row.notes)) for row in rows), default=0)
    beside = room >= min(FEWEST_CELLS_FOR_NOTES, notes)
    for row in rows:
        yield from _lay_out_beside(row, column, room) if beside else _lay_out_below(row, width)


def _lay_out_title(drawing: Drawing, width: int) -> Iterator[Line]:
    title = shorten(_flatten(drawing.title), width)
    notes = ", ".join(drawing.notes)
    if notes and count_cells(title) + len(_BETWEEN) + count_cells(notes) <= width:
        yield Piece(title, Role.TITLE), Piece(_BETWEEN + notes, Role.NOTE)
        return
    yield (Piece(title, Role.TITLE),)
    for line in _fold(notes, width):
        yield (Piece(line, Role.NOTE),)


def _list_rows(drawing: Drawing, width: int) -> Iterator[_Row]:
    most_levels = max(1, (width - FEWEST_CELLS_FOR_A_NAME) // _STEP_OF_INDENT)
    yield from _spell_all(grow_tree(drawing, most_levels=most_levels), "", width)


def _spell_all(tree: Sequence[Grown], edge: str, width: int) -> Iterator[_Row]:
    """The rows of one tree; `edge` stands before each, for a tree inside a recipe."""
    follows: list[str] = []
    for grown in tree:
        del follows[max(0, grown.depth - 1) :]
        lead = edge + "".join(follows)
        if grown.depth:
            branch = "└─ " if grown.last else "├─ "
            follows.append("   " if grown.last else "│  ")
        else:
            branch = ""
        under = edge + "".join(follows)
        below = under + ("│  " if grown.has_more else "   ")
        inside = under + "┊ "
        yield _spell(grown, lead + branch, inside if grown.inside else below, width)
        yield from _spell_all(grown.inside, inside, width)


def _spell(grown: Grown, before: str, below: str, width: int) -> _Row:
    node = grown.node
    room = max(width - count_cells(before), FEWEST_CELLS_FOR_A_NAME // 2)
    role = {NodeKind.RECIPE: Role.RECIPE, NodeKind.REST: Role.REST}.get(node.kind, Role.NAME)
    goes_on = (f"goes on below with {_spell_names(grown.moved)}",) if grown.moved else ()
    uses = _spell_uses(grown.uses, is_below=grown.is_below)
    return _Row(before, below, shorten(_flatten(node.name), room), role, (*node.notes, *uses, *goes_on))


def _spell_uses(uses: Sequence[Use], *, is_below: bool) -> Iterator[str]:
    images = [use.name for use in uses if not use.order_only]
    if images:
        yield f"{'also ' if is_below else ''}uses {_spell_names(images)}"
    waits = [use.name for use in uses if use.order_only]
    if waits:
        yield f"after {_spell_names(waits)}"


def _spell_names(names: Sequence[str]) -> str:
    shown = ", ".join(names[:MOST_USES])
    return shown if len(names) <= MOST_USES else f"{shown} and {len(names) - MOST_USES:,} more"


def _flatten(text: str) -> str:
    return " ".join(text.split())


def _lay_out_beside(row: _Row, column: int, room: int) -> Iterator[Line]:
    name = _lead(row)
    lines = _fold(_BETWEEN.join(row.notes), room)
    if not lines:
        yield name
        return
    cells = sum(count_cells(piece.text) for piece in name)
    yield *name, Piece(" " * (column - cells) + lines[0], Role.NOTE)
    for line in lines[1:]:
        yield Piece(row.below + " " * (column - count_cells(row.below)), Role.BRANCH), Piece(line, Role.NOTE)


def _lay_out_below(row: _Row, width: int) -> Iterator[Line]:
    yield _lead(row)
    indent = count_cells(row.below)
    for line in _fold(_BETWEEN.join(row.notes), max(width - indent, FEWEST_CELLS_FOR_A_NAME // 2)):
        yield Piece(row.below, Role.BRANCH), Piece(line, Role.NOTE)


def _lead(row: _Row) -> Line:
    name = Piece(row.name, row.role)
    return (Piece(row.before, Role.BRANCH), name) if row.before else (name,)


def _fold(text: str, room: int) -> list[str]:
    """Text in lines of at most so many cells, broken between words; a longer word loses its middle."""
    lines: list[str] = []
    line = ""
    for word in (shorten(word, room) for word in text.split()):
        longer = f"{line} {word}" if line else word
        if line and count_cells(longer) > room:
            lines.append(line.removesuffix(_BETWEEN.rstrip()))
            line = word if word != _BETWEEN.strip() else ""
        else:
            line = longer
    return [*lines, line] if line else lines
