"""Random `for_each`: over words, images, tasks and rows of tables, side by side or paired by `zip`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from nested_expressions import Expressions, InputKind, Scope, Variable, VariableKind, Written, braced

WORDS = (["a", "b"], ["a", "b"], ["a"], ["b", "c"], ["a", "b", "c"])

Loops = tuple[Written | str, tuple[Variable, ...]]
"""What stands behind `for_each`, and its variables."""


class LoopWriter:
    """Writes `for_each` of a step that may mention what its scope has."""

    def __init__(self, expressions: Expressions) -> None:
        self.expressions = expressions
        self.choices = expressions.choices

    def write(self, scope: Scope, numbers: Sequence[int] = (0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2, 3)) -> Loops:
        """As many variables as one of the numbers says, or fewer where nothing can be run over."""
        number = self.choices.one_of(numbers)
        if number and self.choices.chance(7):
            paired = self._pair(scope)
            if paired is not None:
                return paired
        written: Written = {}
        variables: list[Variable] = []
        for place in range(number):
            found = self._write_one(place, scope.within(variables))
            if found is not None and found[0].name not in written:
                variables.append(found[0])
                written[found[0].name] = found[1]
        return written, tuple(variables)

    def _write_one(self, place: int, scope: Scope) -> tuple[Variable, Any] | None:
        kinds = ["words"] * 6 + ["images"] * 7 + ["list"] + ["tasks"] * 4
        if InputKind.ROWS in scope.inputs:
            kinds += ["rows"] * 2
        kind = self.choices.one_of(kinds)
        if kind == "words":
            return self._write_words(scope)
        if kind == "images":
            return self._write_images(f"p{place}", scope)
        if kind == "list":
            return self._write_list(f"p{place}", scope)
        if kind == "tasks":
            found = self.expressions.some_tasks(scope)
            if found is None:
                return None
            text, step = found
            return Variable(f"t{place}", step.task_kind, step.outputs), braced(text)
        return Variable(f"r{place}", VariableKind.ROW), {"in": "{{ inputs.rows }}", "key": "name"}

    def _write_words(self, scope: Scope) -> tuple[Variable, Any]:
        """Variables of few names, so that steps pick each other's tasks by them."""
        variable = Variable(f"w{self.choices.number(0, 1)}", VariableKind.TEXT)
        if InputKind.WORDS in scope.inputs and self.choices.chance(50):
            return variable, "{{ inputs.words }}"
        return variable, list(self.choices.one_of(WORDS))

    def _write_images(self, name: str, scope: Scope) -> tuple[Variable, Any] | None:
        many = self.expressions.images(scope)
        if many is None:
            return None
        written: Any = braced(many)
        if self.choices.chance(6):
            written = {"in": written, "at_most": self.choices.one_of([2, 3, 6])}
        return Variable(name, VariableKind.IMAGE), written

    def _write_list(self, name: str, scope: Scope) -> tuple[Variable, Any] | None:
        """A written list of one image or two."""
        found = self.expressions.image(scope)
        if found is None:
            return None
        written = [braced(found)]
        other = self.expressions.image(scope)
        if other not in (None, found) and self.choices.chance(50):
            written.append(braced(str(other)))
        return Variable(name, VariableKind.IMAGE), written

    def _pair(self, scope: Scope) -> Loops | None:
        """Images by the side of words or of other images."""
        many = self.expressions.images(scope)
        if many is None:
            return None
        words = "inputs.words" if InputKind.WORDS in scope.inputs else "['a', 'b']"
        others = self.expressions.images(scope)
        if others is not None and self.choices.chance(50):
            second = Variable("w0", VariableKind.IMAGE), others
        else:
            second = Variable("w0", VariableKind.TEXT), words
        variables = (Variable("p0", VariableKind.IMAGE), second[0])
        return braced(f"zip(p0={many}, w0={second[1]})"), variables
