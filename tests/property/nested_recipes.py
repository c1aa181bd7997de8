"""Random recipes that use recipes that use recipes, with all that may be skipped, fail, be judged or be empty inside of them.

More than half of what is written here is refused before it runs, or would be too large: whoever draws a case leaves these out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml
from hypothesis import strategies as st
from nested_expressions import (
    Choices,
    Expressions,
    InputKind,
    Scope,
    Step,
    Variable,
    VariableKind,
    Written,
    braced,
)
from nested_loops import LoopWriter

MAIN = "r.yaml"
PICTURE_URL = "https://pictures.example/fox.jpg"
PICTURE = b"fox"
MOST_TASKS = 100
"""Of one recipe: more are refused before they are planned, which is soon done."""

PERCENT_OF_INPUTS = {
    InputKind.PHOTOS: 70,
    InputKind.PHOTO: 50,
    InputKind.FLAG: 35,
    InputKind.WORDS: 30,
    InputKind.ROWS: 20,
}
NEVER_WIDE_ENOUGH = 9999


@dataclass(frozen=True, slots=True)
class Case:
    """A recipe and those that it uses, by their files; `seedflow: 1` is not written."""

    files: Mapping[str, Written]

    def spell(self) -> dict[str, str]:
        """The text of each file."""
        return {name: yaml.dump(file, sort_keys=False, width=1000) for name, file in self.files.items()}

    def shuffle(self, choices: Choices) -> Case:
        """The same recipes, whose steps stand in another order."""
        return Case(
            {
                name: {
                    **file,
                    "steps": {step: file["steps"][step] for step in choices.permute(file["steps"])},
                }
                for name, file in self.files.items()
            }
        )

    def __repr__(self) -> str:
        return "\n".join(f"--- {name}\n{text}" for name, text in self.spell().items())


@dataclass(frozen=True, slots=True)
class _Part:
    """A recipe that others may use, with others of `depth` below it."""

    file: str
    inputs: tuple[InputKind, ...]
    outputs: tuple[str, ...]
    depth: int


class _Author:
    """Writes the files of one case, the used ones first."""

    def __init__(self, choices: Choices) -> None:
        self.choices = choices
        self.expressions = Expressions(choices)
        self.loops = LoopWriter(self.expressions)
        self.files: dict[str, Written] = {}
        self._parts: list[_Part] = []
        self._steps = 0

    # Recipes

    def write_case(self, depth: int) -> Case:
        scope, steps = self._write_steps(depth, (), self.choices.number(3, 5), uses_second=True)
        main: Written = {"limits": {"tasks": MOST_TASKS}, "steps": steps}
        outputs = self._write_outputs_of_case(scope) if self.choices.chance(60) else {}
        if outputs:
            main["outputs"] = outputs
        return Case({MAIN: main, **self.files})

    def _write_outputs_of_case(self, scope: Scope) -> Written:
        lists = [
            text
            for step in scope.steps
            for text in (
                [f"steps.{step.name}.outputs.{name}" for name in step.outputs]
                or [f"steps.{step.name}.images"]
            )
            if self.choices.chance(80)
        ]
        mixed = self.expressions.images(scope)
        if mixed is not None and self.choices.chance(40):
            lists.append(mixed)
        return {f"o{number}": braced(text) for number, text in enumerate(lists)}

    def _write_part(self, depth: int) -> _Part:
        inputs = tuple(kind for kind, percent in PERCENT_OF_INPUTS.items() if self.choices.chance(percent))
        scope, steps = self._write_steps(depth, inputs, self.choices.number(1, 3))
        outputs = self._write_outputs_of_part(scope)
        file = f"part{len(self.files) + 1}.yaml"
        declared = {kind.value: self._declare(kind) for kind in inputs}
        self.files[file] = {**({"inputs": declared} if declared else {}), "steps": steps, "outputs": outputs}
        part = _Part(file, inputs, tuple(outputs), depth)
        self._parts.append(part)
        return part

    def _write_outputs_of_part(self, scope: Scope) -> Written:
        names = [self.choices.one_of(["images", "o1"]), *(["o2"] if self.choices.chance(40) else [])]
        return {name: braced(self._write_output(scope)) for name in names}

    def _write_output(self, scope: Scope) -> str:
        """Images of a step, a single one or the input's own, or anything."""
        kind = self.choices.one_of(["step", "step", "step", "photo", "any"])
        if kind == "any":
            return self.expressions.images(scope) or "inputs.photo"
        if kind == "photo" and InputKind.PHOTO in scope.inputs:
            found = self.expressions.image(scope)
            if found is not None and "steps." in found:
                return f"first_of({found}, inputs.photo)"
            return self.choices.one_of(["inputs.photo", "[inputs.photo]"])
        step = scope.steps[-1] if self.choices.chance(60) else self.choices.one_of(scope.steps)
        if step.outputs:
            return f"steps.{step.name}.outputs.{self.choices.one_of(step.outputs)}"
        return (
            f"steps.{step.name}.{'passes' if step.edits_in_a_row and self.choices.chance(40) else 'images'}"
        )

    def _declare(self, kind: InputKind) -> Written:
        if kind is InputKind.PHOTOS:
            return self._declare_photos()
        if kind is InputKind.PHOTO:
            return {"type": "image", "optional": True}
        if kind is InputKind.FLAG:
            return {"type": "boolean", "default": self.choices.one_of([True, False])}
        if kind is InputKind.WORDS:
            words = self.choices.one_of([["a", "b"], ["a"], ["b", "d"]])
            return {"type": "list", "of": "text", "default": words}
        picture = {"type": "image", "optional": True}
        rows = [{"name": "a", "n": 1}, {"name": "b", "n": 2}]
        columns = {"name": "text", "n": "integer", "pic": picture}
        return {"type": "table", "key": "name", "columns": columns, "default": rows}

    def _declare_photos(self) -> Written:
        declared: Written = {"type": "list", "of": "image"}
        if self.choices.chance(20):
            declared["min_items"] = self.choices.one_of([1, 1, 2])
        if self.choices.chance(20):
            declared["max_items"] = max(declared.get("min_items", 1), self.choices.one_of([1, 2, 3]))
        if self.choices.chance(15):
            declared["optional"] = False
        return declared

    # Steps

    def _write_steps(
        self, depth: int, inputs: tuple[InputKind, ...], number: int, *, uses_second: bool = False
    ) -> tuple[Scope, Written]:
        """Steps that ask for images, or use recipes as long as these may go deeper."""
        scope, written = Scope(inputs), {}
        for place in range(number):
            part = None
            if depth > 0 and (self.choices.chance(45) or (uses_second and place == 1)):
                part = self._find_part(depth)
            self._steps += 1
            if part is not None:
                name = f"u{self._steps}"
                written[name], step = self._write_use(name, part, scope)
            else:
                name = f"s{self._steps}"
                written[name], step = self._write_request(name, scope)
            scope.steps.append(step)
        return scope, written

    def _find_part(self, depth: int) -> _Part | None:
        """A new one, or one that is used elsewhere; None if that one goes too deep."""
        if self._parts and self.choices.chance(30):
            found = self.choices.one_of(self._parts)
            return found if found.depth <= depth else None
        return self._write_part(depth - 1)

    def _write_use(self, name: str, part: _Part, scope: Scope) -> tuple[Written, Step]:
        written: Written = {}
        for_each, variables = self.loops.write(scope, (0, 0, 0, 1, 1, 1, 1, 1, 1, 2, 2, 2))
        if for_each:
            written["for_each"] = for_each
        inside = scope.within(variables)
        written["recipe"] = f"./{part.file}"
        given = {kind.value: self._give(kind, inside) for kind in part.inputs}
        given = {kind: value for kind, value in given.items() if value is not None}
        if given:
            written["with"] = given
        if self.choices.chance(30):
            written["when"] = braced(self.expressions.condition(inside))
        return written, Step(name, variables, part.outputs)

    def _give(self, kind: InputKind, scope: Scope) -> Any:
        """What a use gives for an input; None leaves it to its default."""
        if kind is InputKind.PHOTOS:
            return self._give_photos(scope)
        if kind is InputKind.PHOTO:
            one = self.expressions.image(scope)
            if one is None or self.choices.chance(20):
                return None
            return braced(f"optional({one})" if self.choices.chance(30) else one)
        if kind is InputKind.FLAG:
            return braced(self.expressions.condition(scope)) if self.choices.chance(80) else None
        if kind is InputKind.WORDS:
            return self._give_words(scope) if self.choices.chance(60) else None
        return self._give_rows(scope) if self.choices.chance(70) else None

    def _give_photos(self, scope: Scope) -> Any:
        many = self.expressions.images(scope)
        if many is not None and self.choices.chance(75):
            return braced(many)
        one = self.expressions.image(scope)
        return [PICTURE_URL if one is None else braced(one)]

    def _give_words(self, scope: Scope) -> Any:
        if self.choices.chance(50):
            return self.choices.one_of([["a"], ["b", "c"], ["a", "b"]])
        condition = f"(1 if {self.expressions.condition(scope, 0)} else 2)"
        return braced(f"['a', 'b'][:{self.choices.one_of(['1', '2', condition])}]")

    def _give_rows(self, scope: Scope) -> Any:
        """A table with a picture and a row without, written or as one expression."""
        one = self.expressions.image(scope)
        if one is None:
            return None
        if self.choices.chance(50):
            return [{"name": "a", "n": 1, "pic": braced(one)}, {"name": "b", "n": 2}]
        return braced(f'[{{"name": "a", "n": 1, "pic": {one}}}, {{"name": "c", "n": 3}}]')

    def _write_request(self, name: str, scope: Scope) -> tuple[Written, Step]:
        written: Written = {}
        for_each, variables = self.loops.write(scope)
        if for_each:
            written["for_each"] = for_each
        inside = scope.within(variables)
        prompt = [name, *(map(_tell, variables) if self.choices.chance(85) else [])]
        references = self._write_references(inside)
        edits_in_a_row = self.choices.chance(12) and self._iterate(written, prompt, references, inside)
        prompt += [f"{{% if ref.{one} %}}{one}:{{{{ ref.{one} }}}}{{% endif %}}" for one in references]
        if self.choices.chance(20):
            prompt += self._tell_how_many(inside)
        request: Written = {"prompt": " ".join(prompt)}
        if references:
            request["image_input"] = references
        most_images = 1
        if not edits_in_a_row and self.choices.chance(35):
            most_images = self.choices.one_of([2, 3, 3])
            request |= {"sequential_image_generation": "auto", "max_images": most_images}
        takes = 2 if self.choices.chance(12) else 1
        if takes > 1:
            written["takes"] = takes
        if self.choices.chance(33):
            written["when"] = braced(self.expressions.condition(inside))
        if self.choices.chance(30):
            written["expect"] = self._expect(variables, most_images)
        if scope.steps and self.choices.chance(5):
            written["needs"] = self.choices.one_of(scope.steps).name
        written["generate"] = request
        return written, Step(name, variables, (), edits_in_a_row, takes, most_images)

    def _write_references(self, scope: Scope) -> dict[str, str]:
        """Most variables that have images, and sometimes further ones."""
        found: dict[str, str] = {}
        for one in scope.variables:
            name = f"each.{one.name}"
            if one.kind is VariableKind.IMAGE and self.choices.chance(80):
                found[one.name] = braced(name)
            elif one.kind is VariableKind.TASK and self.choices.chance(60):
                found[one.name] = braced(f"{name}.images{self.choices.one_of(['', '', '[0]'])}")
            elif one.kind is VariableKind.USE and self.choices.chance(60):
                found[one.name] = braced(f"{name}.outputs.{self.choices.one_of(one.outputs)}")
            elif one.kind is VariableKind.ROW and self.choices.chance(70):
                found[one.name] = braced(f"{name}.pic")
        for number in range(self.choices.one_of([0, 0, 0, 0, 1, 1, 1, 1, 2])):
            kind = self.choices.one_of(["many", "many", "many", "one", "optional"])
            text = self.expressions.images(scope) if kind == "many" else self.expressions.image(scope)
            if text is not None:
                found[f"x{number}"] = braced(f"optional({text})" if kind == "optional" else text)
        return found

    def _iterate(self, written: Written, prompt: list[str], references: dict[str, str], scope: Scope) -> bool:
        """Makes it edits in a row, over words or images; not if there is no image to start with."""
        start, many = self.expressions.image(scope), self.expressions.images(scope)
        if start is None:
            return False
        over: Any = self.choices.one_of([["u", "v"], ["u", "v", "w"]])
        references["prev"] = "{{ prev }}"
        if many is not None and self.choices.chance(60):
            over = braced(many)
            references["edit"] = "{{ each.edit }}"
        else:
            prompt.append("{{ each.edit }}")
        written["iterate"] = {"over": over, "as": "edit", "start": braced(start)}
        return True

    def _tell_how_many(self, scope: Scope) -> list[str]:
        many = self.expressions.images(scope)
        if many is None:
            return []
        counted = f"({many} or [])" if "optional" in many else many
        return [f"n={braced(f'{counted} | length')}"]

    def _expect(self, variables: Sequence[Variable], most_images: int) -> Written:
        """What some or all of its tasks may not come up to: a width, or a number of images."""
        words = [one for one in variables if one.kind is VariableKind.TEXT]
        expected: Written
        if most_images > 1 and self.choices.chance(50):
            amounts: list[Any] = [2, most_images, {"min": 2}, {"max": 1}, {"max": 2}, 1]
            expected = {"images": self.choices.one_of(amounts)}
        elif words:
            test = f"each.{words[0].name} == '{self.choices.one_of(['a', 'b'])}'"
            expected = {"min_width": braced(f"{NEVER_WIDE_ENOUGH} if {test} else 1")}
        else:
            expected = {"min_width": self.choices.one_of([1, NEVER_WIDE_ENOUGH])}
        if self.choices.chance(30):
            expected["distinct"] = True
        expected["otherwise"] = self.choices.one_of(["fail", "fail", "fail", "accept", "retry"])
        if expected["otherwise"] == "retry":
            expected["attempts"] = 2
        return expected


def _tell(variable: Variable) -> str:
    """What a prompt says of an item."""
    name = f"each.{variable.name}"
    if variable.kind is VariableKind.TEXT:
        return braced(name)
    if variable.kind is VariableKind.IMAGE:
        return braced(f"{name}.name")
    if variable.kind is VariableKind.ROW:
        return f"{braced(f'{name}.name')} {braced(f'{name}.n')}"
    return braced(f"{name}.key")


@st.composite
def choices(draw: st.DrawFn) -> Choices:
    """Chance that is drawn by Hypothesis."""
    return Choices(draw(st.randoms(use_true_random=False)))


@st.composite
def nested_cases(draw: st.DrawFn) -> Case:
    """A recipe of a few steps which uses others, one to three deep."""
    chosen = draw(choices())
    return _Author(chosen).write_case(chosen.one_of([1, 2, 2, 3]))
