"""What is known of texts that are not known yet: the words around what only a run can tell."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.frames import Env
from seedflow.plan.model import PlannedReference, Unknown
from seedflow.plan.patterns import Part, Pattern, Token, build_pattern
from seedflow.plan.picking import Absent, diagnose_absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.wording import spell_count
from seedflow.recipe.model import InputType
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import RenderError, Skipped, Template
from seedflow.recipe.views import View

Positions: TypeAlias = "Mapping[str, View | Unknown] | None"


class TextReader:
    """Reads the patterns of texts. `find_unknown` tells of a template whether it is not known yet."""

    def __init__(
        self, resolver: Resolver, find_unknown: Callable[[Template, Env, Positions], Unknown | None]
    ) -> None:
        self._resolver = resolver
        self._find_unknown = find_unknown

    def read(
        self, template: Template, env: Env, positions: Positions, references: Sequence[PlannedReference]
    ) -> Pattern:
        """What is known of a text that is not known yet."""
        return build_pattern(self._parts(template, env, positions, references))

    def find_problem(self, template: Template, env: Env, positions: Positions) -> Diagnostic | None:
        """What is wrong with a part of a text that is printed whatever the run gives, and that mentions nothing unknown.

        Parts inside of conditions and loops may never be printed, and say nothing here.
        """
        for piece in template.pieces:
            if not isinstance(piece, Template):
                continue
            given = self._find_given(piece, env)
            if given is not None:
                problem = self.find_problem(*given, None)
            elif self._find_unknown(piece, env, positions) is None:
                problem = self._render_alone(piece, env, positions)
            else:
                continue
            if problem is not None:
                return problem
        return None

    def _render_alone(self, piece: Template, env: Env, positions: Positions) -> Diagnostic | None:
        try:
            self._render(piece, env, positions)
        except RenderError as error:
            return piece.diagnose(error)
        except Absent as absent:
            return diagnose_absent(absent.not_there, piece)
        except Refused as refused:
            return refused.diagnostic
        except Skipped:
            return None
        return None

    def _render(self, piece: Template, env: Env, positions: Positions) -> str:
        known = {name: view for name, view in (positions or {}).items() if isinstance(view, View)}
        return str(piece.render(self._resolver.build_scope(env, known), as_text=True))

    def _parts(
        self, template: Template, env: Env, positions: Positions, references: Sequence[PlannedReference]
    ) -> Iterator[Part]:
        for piece in template.pieces:
            if not isinstance(piece, Template):
                yield piece
                continue
            given = self._find_given(piece, env)
            if given is None:
                yield self._part(piece, env, positions, references)
            else:
                yield from _strip(self.read(*given, None, ()))

    def _find_given(self, piece: Template, env: Env) -> tuple[Template, Env] | None:
        """The text that a caller gives for an input, with its surroundings, when a piece is nothing but that input."""
        whole = _find_name(piece)
        if whole is None or whole.root != "inputs" or len(whole.path) != 1:
            return None
        if whole.name not in env.frame.later or self._find_unknown(piece, env, None) is None:
            return None
        argument, outer = env.frame.later[whole.name]
        declared = env.frame.frame.recipe.inputs[whole.name]
        if declared.type is not InputType.TEXT or not isinstance(argument.expression, Template):
            return None
        return argument.expression, self._resolver.refresh(outer)

    def _part(
        self, piece: Template, env: Env, positions: Positions, references: Sequence[PlannedReference]
    ) -> Part:
        if self._find_unknown(piece, env, positions) is None:
            try:
                return self._render(piece, env, positions)
            except (Absent, Refused, RenderError, Skipped):
                return None
        roots = {mention.root for mention in piece.references if isinstance(mention, NameReference)}
        if env.frame.ghost or roots & {"each", "prev"} or piece.expression is None:
            return None
        name = piece.scalar.value[piece.expression.start : piece.expression.end]
        counts = ",".join(map(spell_count, references)) if "ref" in roots else ""
        return Token(f"{env.frame.prefix}|{name}|{counts}")


def _find_name(piece: Template) -> NameReference | None:
    """The name that the expression of a piece is nothing but."""
    node = piece.expression
    if node is None:
        return None
    for mention in piece.references:
        if isinstance(mention, NameReference) and (mention.start, mention.end) == (node.start, node.end):
            return mention
    return None


def _strip(parts: Pattern) -> Pattern:
    """A text within another one. White space at its ends is gone, also where what stands there turns out to be empty."""
    ends = (0, len(parts) - 1)
    found = [None if isinstance(part, Token) and at in ends else part for at, part in enumerate(parts)]
    if len(found) > 1 and found[0] is None and isinstance(found[1], str):
        found[1] = found[1].lstrip()
    if len(found) > 1 and found[-1] is None and isinstance(found[-2], str):
        found[-2] = found[-2].rstrip()
    return tuple(found)
