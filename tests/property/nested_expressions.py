"""Random expressions over what a step may mention: images, tasks and conditions of earlier steps, of inputs and of `for_each`."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, TypeVar

Option = TypeVar("Option")
Written = dict[str, Any]
"""A part of a recipe, before it is spelled."""


class InputKind(StrEnum):
    """An input that a used recipe may have; it is called what it is."""

    PHOTOS = "photos"
    PHOTO = "photo"
    FLAG = "flag"
    WORDS = "words"
    ROWS = "rows"


class VariableKind(StrEnum):
    """What a variable of `for_each` is: a text, an image, a task of a request or of a used recipe, or a row of a table."""

    TEXT = "text"
    IMAGE = "image"
    TASK = "task"
    USE = "use"
    ROW = "row"


@dataclass(frozen=True, slots=True)
class Variable:
    """A variable of `for_each`; `outputs` are those of the used recipe whose tasks it runs over."""

    name: str
    kind: VariableKind
    outputs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Step:
    """What later steps have to know of a step; `outputs` are those of the recipe that it uses, if it does."""

    name: str
    variables: tuple[Variable, ...] = ()
    outputs: tuple[str, ...] = ()
    edits_in_a_row: bool = False
    takes: int = 1
    most_images: int = 1

    @property
    def task_kind(self) -> VariableKind:
        return VariableKind.USE if self.outputs else VariableKind.TASK

    @property
    def has_images(self) -> bool:
        return not self.outputs or "images" in self.outputs or len(self.outputs) == 1


@dataclass(frozen=True, slots=True)
class Scope:
    """What a step may mention: the inputs of its recipe, the steps before it, and its own variables."""

    inputs: tuple[InputKind, ...]
    steps: list[Step] = field(default_factory=list)
    variables: tuple[Variable, ...] = ()

    def within(self, variables: Sequence[Variable]) -> Scope:
        """The same inside of a `for_each`."""
        return replace(self, variables=tuple(variables))


class Choices:
    """What is left to chance; options that stand first are what Hypothesis makes a failing example smaller with."""

    def __init__(self, chosen: random.Random) -> None:
        self._random = chosen

    def one_of(self, options: Sequence[Option]) -> Option:
        return options[0] if len(options) == 1 else self._random.choice(options)

    def chance(self, percent: int) -> bool:
        """Shrinks towards no."""
        return self._random.randint(0, 99) >= 100 - percent

    def number(self, low: int, high: int) -> int:
        return self._random.randint(low, high)

    def permute(self, items: Sequence[Option]) -> list[Option]:
        found = list(items)
        self._random.shuffle(found)
        return found


class Expressions:
    """Writes expressions without braces, or gives None where a scope has nothing to mention.

    `deep` says how often an expression may still have others inside.
    """

    def __init__(self, choices: Choices) -> None:
        self.choices = choices

    # Images

    def images(self, scope: Scope, deep: int = 2) -> str | None:
        """Many images."""
        options = [*self._images_of_steps(scope), *_images_at_hand(scope)]
        if not options:
            return None
        found = self.choices.one_of(options)
        changes = ["", "", "", "", "slice", "succeeded", "optional"]
        change = self.choices.one_of([*changes, "first_of", "sum", "choice"] if deep else changes)
        if change == "slice":
            return f"{found}[{self.choices.one_of([':1', ':2', '1:', '::2', '-1:'])}]"
        if change == "succeeded":
            return f"succeeded({found})" if found.startswith("steps.") and ".at(" not in found else found
        if change == "optional":
            return f"optional({found})"
        if not change:
            return found
        other = self.images(scope, deep - 1)
        if change == "first_of":
            return f"first_of({found}, {other})"
        if change == "sum":
            return f"({found} + {other})"
        return f"({found} if {self.condition(scope, deep)} else {other})"

    def _images_of_steps(self, scope: Scope) -> Iterator[str]:
        """Those that are mentioned more often come more often."""
        for step in scope.steps:
            if step.outputs:
                yield from [f"steps.{step.name}.outputs.{output}" for output in step.outputs] * 2
            else:
                yield from [f"steps.{step.name}.images"] * 2
            if step.has_images:
                yield f"steps.{step.name}.images"
            if step.edits_in_a_row:
                yield f"steps.{step.name}.passes"
            for variable in step.variables:
                value = self._value_of(variable, scope)
                if value is not None:
                    pick = "at" if len(step.variables) == 1 else "where"
                    what = f"outputs.{self.choices.one_of(step.outputs)}" if step.outputs else "images"
                    yield f"steps.{step.name}.{pick}({variable.name}={value}).{what}"

    def _value_of(self, variable: Variable, scope: Scope) -> str | None:
        """What tasks of another step may be picked by: the value of the own variable of that name, or a word."""
        if any((one.name, one.kind) == (variable.name, variable.kind) for one in scope.variables):
            return f"each.{variable.name}"
        return self.choices.one_of(["'a'", "'b'"]) if variable.kind is VariableKind.TEXT else None

    def image(self, scope: Scope) -> str | None:
        """One image."""
        options = [*self._single_images_of_steps(scope), *self._single_images_at_hand(scope)]
        many = self.images(scope)
        if many is not None and self.choices.chance(25):
            options.append(f"({many} | {self.choices.one_of(['first', 'last'])})")
        return self.choices.one_of(options) if options else None

    def _single_images_of_steps(self, scope: Scope) -> Iterator[str]:
        for step in scope.steps:
            if step.variables or step.takes > 1:
                continue
            if step.outputs:
                yield f"steps.{step.name}.outputs.{self.choices.one_of(step.outputs)}[0]"
                continue
            yield from [f"steps.{step.name}.images[0]"] * 2
            if step.most_images > 1:
                yield f"steps.{step.name}.images[{self.choices.one_of([1, 2, -1])}]"

    def _single_images_at_hand(self, scope: Scope) -> Iterator[str]:
        if InputKind.PHOTO in scope.inputs:
            yield "inputs.photo"
        if InputKind.PHOTOS in scope.inputs:
            yield f"inputs.photos[{self.choices.one_of([0, 0, 1, -1])}]"
        for variable in scope.variables:
            name = f"each.{variable.name}"
            if variable.kind is VariableKind.IMAGE:
                yield from [name] * 3
            elif variable.kind is VariableKind.TASK:
                yield f"{name}.images[{self.choices.one_of([0, 0, 0, 1])}]"
            elif variable.kind is VariableKind.USE:
                yield f"{name}.outputs.{self.choices.one_of(variable.outputs)}[0]"
            elif variable.kind is VariableKind.ROW:
                yield f"{name}.pic"

    # Tasks

    def tasks(self, scope: Scope) -> tuple[str, Step] | None:
        """Tasks of one step, and that step."""
        options: list[tuple[str, Step]] = []
        for step in scope.steps:
            if step.variables or self.choices.chance(20):
                options.append((f"steps.{step.name}.tasks", step))
            if len(step.variables) > 1:
                options += [
                    (
                        f"steps.{step.name}.where({one.name}='{self.choices.one_of(['a', 'b'])}').tasks",
                        step,
                    )
                    for one in step.variables
                    if one.kind is VariableKind.TEXT
                ]
        return self.choices.one_of(options) if options else None

    def some_tasks(self, scope: Scope) -> tuple[str, Step] | None:
        """A part of them, those that succeeded, those that there are, or else others."""
        found = self.tasks(scope)
        if found is None:
            return None
        text, step = found
        change = self.choices.one_of(["", "", "", "slice", "succeeded", "optional", "first_of"])
        if change == "slice":
            text += self.choices.one_of(["[:1]", "[1:]", "[:2]"])
        elif change in ("succeeded", "optional"):
            text = f"{change}({text})"
        elif change == "first_of":
            other = self.tasks(scope)
            if other is not None and (other[1].task_kind, other[1].outputs) == (step.task_kind, step.outputs):
                text = f"first_of({text}, {other[0]})"
        return text, step

    # Conditions

    def condition(self, scope: Scope, deep: int = 2) -> str:
        """Whether something is so; of images that only a run knows unless `deep` is 0."""
        options = [*self._conditions_on_inputs(scope), *self._conditions_on_variables(scope)]
        many = self.images(scope, deep - 1) if deep else None
        if many is not None:
            options += [f"({many} | length {self._compare(['>', '<', '==', '>=', '!='], [0, 1, 2, 3])})"] * 2
        found = self.choices.one_of(options or ["true", "true", "false"])
        if self.choices.chance(15):
            found = f"not {found}"
        if self.choices.chance(15):
            found = f"({found} {self.choices.one_of(['and', 'or'])} {self.condition(scope, 0)})"
        return found

    def _conditions_on_inputs(self, scope: Scope) -> Iterator[str]:
        if InputKind.FLAG in scope.inputs:
            yield "inputs.flag"
        if InputKind.PHOTOS in scope.inputs:
            yield f"(inputs.photos | length {self._compare(['>', '<', '==', '>='], [0, 1, 2, 2])})"
        if InputKind.PHOTO in scope.inputs:
            yield "(inputs.photo is not none)"

    def _conditions_on_variables(self, scope: Scope) -> Iterator[str]:
        for variable in scope.variables:
            name, word = f"each.{variable.name}", self.choices.one_of(["'a'", "'b'"])
            if variable.kind is VariableKind.TEXT:
                yield f"({name} {self.choices.one_of(['!=', '=='])} {word})"
            elif variable.kind is VariableKind.IMAGE:
                yield f"({name}.number {self._compare(['<=', '>', '=='], [1, 2])})"
            elif variable.kind is VariableKind.TASK:
                yield f"({name}.images | length {self._compare(['>', '<', '=='], [1, 2])})"
            elif variable.kind is VariableKind.ROW:
                yield f"({name}.name != {word})"

    def _compare(self, signs: Sequence[str], numbers: Sequence[int]) -> str:
        return f"{self.choices.one_of(signs)} {self.choices.one_of(numbers)}"


def _images_at_hand(scope: Scope) -> Iterator[str]:
    if InputKind.PHOTOS in scope.inputs:
        yield from ["inputs.photos"] * 3
    for variable in scope.variables:
        if variable.kind is VariableKind.TASK:
            yield from [f"each.{variable.name}.images"] * 3
        yield from [f"each.{variable.name}.outputs.{output}" for output in variable.outputs] * 2


def braced(expression: str) -> str:
    """The expression as it stands in a recipe."""
    return f"{{{{ {expression} }}}}"
