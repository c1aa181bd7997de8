"""Random recipes over the whole language, and a provider whose every answer is a function of the request."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hypothesis import strategies as st
from world import MODEL, FakeProvider, Fault, reject

from seedflow.canonical import digest_value
from seedflow.providers.base import Answer, BeforeSending, GenerateRequest

WORDS = ("ka", "kb", "kc", "kd")
NEW_WORD = "kz"
MOST_TASKS = 1000
"""Of one recipe; loops over the images of loops soon have more than anybody could wait for."""


class SeededProvider(FakeProvider):
    """Gives as many pictures as the request says by chance, fails what it says by chance, and answers in any order.

    `how_many`: `one`, `full`, or `any` number between them.
    """

    def __init__(self, seed: int, how_many: str, failing_percent: int, order: int) -> None:
        super().__init__(latency_s=0.01)
        self.seed = seed
        self.how_many = how_many
        self.failing_percent = failing_percent
        self._pace = random.Random(order)

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        await asyncio.sleep(self._pace.random() * 10)
        if self._chance(request, "fails") % 100 < self.failing_percent:
            self.meet(request.context.address, reject())
        return await super().generate(request, before_sending)

    def _make(self, request: GenerateRequest, fault: Fault) -> Answer:
        low, high = MODEL.image_bounds(request.params)
        chance = low + self._chance(request, "gives") % (high - low + 1)
        count = {"one": low, "full": high, "any": chance}[self.how_many]
        self.count = lambda _: count
        return super()._make(request, fault)

    def _chance(self, request: GenerateRequest, what: str) -> int:
        sent = [self._identify(one) for one in request.references]
        context = request.context
        found = digest_value(
            "chance/1", [what, self.seed, dict(request.params), sent, context.take, context.attempt]
        )
        return int(found[-8:], 16)


@dataclass(frozen=True, slots=True)
class Loop:
    """A variable of `for_each`: over texts, images or tasks; `source` tells what it runs over, `step` whose tasks."""

    name: str
    kind: str
    source: str
    lists: frozenset[str] = frozenset()
    step: Step | None = None


@dataclass(slots=True)
class Step:
    """What later steps have to know of a step.

    `lists` are the written lists from which its items come. `mixes` are those whose items reach its tasks together, so that
    it has to be asked anew when one of them changes.
    """

    name: str
    loops: tuple[Loop, ...] = ()
    most: int = 1
    takes: int = 1
    passes: bool = False
    outputs: Mapping[str, bool] | None = None
    lists: set[str] = field(default_factory=set)
    mixes: set[str] = field(default_factory=set)

    @property
    def single(self) -> bool:
        """Whether its images have one by a number."""
        return not self.loops and self.takes == 1

    @property
    def has_images(self) -> bool:
        return self.outputs is None or "images" in self.outputs or len(self.outputs) == 1


@dataclass(frozen=True, slots=True)
class Expr:
    """An expression, without braces; `lists` reach whoever mentions it together."""

    text: str
    lists: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class SubRecipe:
    """A recipe that others may use: kinds of its inputs by name, and whether each of its outputs is one image.

    `passes_on` when an input goes through to an output.
    """

    file: str
    inputs: Mapping[str, str]
    outputs: Mapping[str, bool]
    passes_on: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """A recipe with the files of those that it uses; `lists` are its written lists, to be changed.

    `sharp` when its bounds leave no room: with sets of one and with full ones they are exact. Such a recipe has words of its
    own in each step, sends every value of its loops, and goes without what leaves room whatever a planner does: conditions
    over results (nothing at least), `expect` (attempts that may not be made), `images[1]` (none in a set of one), `at_most`
    (may refuse), and lists that only rendering can give (`first_of`, `if`, `+`, filters).
    """

    recipe: str
    files: Mapping[str, str]
    lists: Mapping[str, tuple[str, ...]]
    mixes: Mapping[str, frozenset[str]]
    sharp: bool

    def spell(self, lists: Mapping[str, Sequence[str]] | None = None) -> str:
        """The recipe's text, with these items in its lists."""
        text = self.recipe
        for name, items in (lists or self.lists).items():
            text = text.replace(f'"@{name}@"', json.dumps(list(items)))
        return text

    def write(self, folder: Path) -> None:
        """The files that it uses."""
        for name, text in self.files.items():
            (folder / name).write_text(f"seedflow: 1\n{text}")

    def __repr__(self) -> str:
        files = "".join(f"\n--- {name}\n{text}" for name, text in self.files.items())
        return f"{'sharp ' if self.sharp else ''}case\n{self.spell()}{files}\n"


class _Author:
    """Writes one recipe, step by step."""

    def __init__(
        self,
        draw: st.DrawFn,
        *,
        sharp: bool,
        subs: Sequence[SubRecipe],
        inputs: Mapping[str, str],
        lists: dict[str, tuple[str, ...]],
        words: int,
        word: str = "P",
        doubtful: bool = False,
    ) -> None:
        self.draw = draw
        self.sharp = sharp
        self.doubtful = doubtful
        self.subs = subs
        self.inputs = inputs
        self.lists = lists
        self.words = words
        self.word = word
        self.steps: list[Step] = []

    # Drawing

    def one_of(self, options: Sequence[Any]) -> Any:
        return options[0] if len(options) == 1 else self.draw(st.sampled_from(options))

    def chance(self, percent: int) -> bool:
        """Shrinks towards no."""
        return self.draw(st.integers(0, 99)) >= 100 - percent

    def number(self, low: int, high: int) -> int:
        return self.draw(st.integers(low, high))

    # Images

    def single_images(self, loops: Sequence[Loop]) -> list[Expr]:
        found = [Expr(f"each.{loop.name}") for loop in loops if loop.kind == "image"]
        if self.doubtful:
            found += [Expr(f"each.{loop.name}.images[0]") for loop in loops if _gives_one(loop)]
        found += [Expr(f"inputs.{name}") for name, kind in self.inputs.items() if kind == "image"]
        for step in self.steps:
            if step.outputs is not None and not step.loops:
                found += [
                    Expr(f"steps.{step.name}.outputs.{name}[0]", frozenset(step.lists))
                    for name, one in step.outputs.items()
                    if one  # a list of one, as every output is a list
                ]
                continue
            if step.outputs is not None or not step.has_images:
                continue
            if step.passes and not step.loops and not self.sharp:
                found.append(Expr(f"steps.{step.name}.passes[0]", frozenset(step.lists)))
            if step.single:
                found.append(Expr(f"steps.{step.name}.images[0]", frozenset(step.lists)))
                if step.most > 1 and not self.sharp:
                    found.append(Expr(f"steps.{step.name}.images[1]", frozenset(step.lists)))
            arguments = self.match(step, loops)
            if arguments is not None and len(arguments) == len(step.loops) and step.takes == 1:
                found.append(Expr(f"steps.{step.name}.at({', '.join(arguments)}).images[0]"))
        return found

    def many_images(self, loops: Sequence[Loop]) -> list[Expr]:
        found = [
            Expr(f"each.{loop.name}.images")
            for loop in loops
            if loop.kind == "task" and loop.step is not None and loop.step.has_images
        ]
        found += [Expr(f"inputs.{name}") for name, kind in self.inputs.items() if kind == "images"]
        for step in self.steps:
            lists = frozenset(step.lists)
            found += [Expr(f"steps.{step.name}.outputs.{name}", lists) for name in step.outputs or ()]
            if not step.has_images:
                continue
            found.append(Expr(f"steps.{step.name}.images", lists))
            if step.passes:
                found.append(Expr(f"steps.{step.name}.passes", lists))
            arguments = self.match(step, loops)
            if arguments:
                fixed = {argument.partition("=")[0] for argument in arguments}
                others = {name for loop in step.loops if loop.name not in fixed for name in loop.lists}
                where = "where" if len(arguments) < len(step.loops) or self.chance(50) else "at"
                found.append(
                    Expr(f"steps.{step.name}.{where}({', '.join(arguments)}).images", frozenset(others))
                )
        return found

    def match(self, step: Step, loops: Sequence[Loop]) -> list[str] | None:
        """Arguments that pick, among the tasks of a step, by the values that somebody has at hand."""
        found = []
        for theirs in step.loops:
            for ours in loops:
                if ours.source == theirs.source and ours.kind == theirs.kind != "task":
                    found.append(f"{theirs.name}=each.{ours.name}")
                    break
        return found or None

    def some_images(self, loops: Sequence[Loop], *, short: bool = True, plain: bool = False) -> Expr | None:
        """Images for the references field or an argument."""
        singles, many = self.single_images(loops), self.many_images(loops)
        if not singles and not many:
            return None
        if singles and (not many or self.chance(50)):
            found = self.one_of(singles)
            if not self.sharp and not plain and self.chance(30):
                other = self.one_of(singles)
                text = self.one_of(
                    [
                        f"optional({found.text})",
                        f"first_of({found.text}, {other.text})",
                        f"{found.text} if inputs.yes else {other.text}",
                    ]
                )
                return Expr(text, found.lists | other.lists)
            return found
        found = self.one_of(many)
        if not self.sharp and not plain and self.chance(30):
            other = self.one_of(many)
            text = self.one_of(
                [
                    f"first_of({found.text}, {other.text})",
                    f"({found.text} + {other.text})",
                    f"succeeded({found.text})",
                ]
            )
            found = Expr(text, found.lists | other.lists)
        if short and not self.chance(20):
            return Expr(f"{found.text}{self.one_of(['[:2]', '[-1:]'])}", found.lists)
        return found

    # for_each

    def draw_loops(self, step: Step) -> dict[str, Any]:
        written: dict[str, Any] = {}
        for number in range(self.one_of([0, 1, 1, 1, 2, 2] if self.doubtful else [0, 1, 1, 2])):
            name = f"v{number}"
            loop, spelled = self.draw_loop(name, step)
            if not self.sharp and self.chance(4 if self.doubtful else 15):
                spelled = {"in": spelled, "at_most": self.number(1, 4)}
            written[name] = spelled
            step.loops = (*step.loops, loop)
            step.lists |= loop.lists
        return written

    def draw_pairs(self, step: Step) -> str:
        """Two lists that `zip` pairs; a change of one gives each item of the other another partner."""
        written: list[str] = []
        for name in ("v0", "v1"):
            many = self.many_images(())
            if many and self.chance(70):
                found = self.one_of(many)
                self.mention(step, found)
                text = f"{found.text}{self.one_of(['', '', '[:2]', '[1:]'])}"
                loop = Loop(name, "image", text, found.lists)
            else:
                items = self.draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=2, unique=True))
                text = json.dumps(items).replace('"', "'")
                loop = Loop(name, "text", text)
            written.append(f"{name}={text}")
            step.loops = (*step.loops, loop)
            step.lists |= loop.lists
        return f"{{{{ zip({', '.join(written)}) }}}}"

    def draw_loop(self, name: str, step: Step) -> tuple[Loop, Any]:
        kinds = ["list", "images", "images", "tasks"] if self.steps else ["list"]
        kind = self.one_of([*kinds, "inputs"] if "texts" in self.inputs.values() else kinds)
        if kind == "list":
            number = len(self.lists)
            found = f"l{number}"
            # Now and then, the same list again, so that `.at()` may pick by it.
            if self.lists and self.chance(50):
                found = self.one_of(list(self.lists))
            else:
                least = 1 if self.doubtful else 0
                items = self.draw(st.lists(st.sampled_from(WORDS), min_size=least, max_size=3, unique=True))
                self.lists[found] = tuple(items)
            return Loop(name, "text", found, frozenset([found])), f"@{found}@"
        if kind == "inputs":
            source = next(one for one, what in self.inputs.items() if what == "texts")
            return Loop(name, "text", source), f"{{{{ inputs.{source} }}}}"
        if kind == "tasks":
            target = self.one_of(self.steps)
            step.mixes |= target.mixes
            text = f"steps.{target.name}.tasks"
            if not self.sharp and self.chance(30):
                text = f"succeeded({text})"
            if self.doubtful and self.chance(40):
                text = self.one_of([f"{text}[:1]", f"{text}[1:]", f"{text} | reverse | list"])
            return Loop(name, "task", text, frozenset(target.lists), target), f"{{{{ {text} }}}}"
        many = self.many_images(step.loops)
        if not many:
            return self.draw_loop(name, step)
        # Now and then, the same images again, so that `.at()` may pick by them.
        before = [loop for one in self.steps for loop in one.loops if loop.source.startswith("steps.")]
        same = [loop for loop in before if loop.kind == "image"]
        if same and not self.sharp and self.chance(25):
            again = self.one_of(same)
            self.inherit(step, Expr(again.source))
            step.mixes |= again.lists
            return Loop(name, "image", again.source, again.lists), f"{{{{ {again.source} }}}}"
        # What is not given is none, which has no key.
        singles = [one for one in self.single_images(step.loops) if not one.text.startswith("inputs.")]
        if len(singles) > 1 and not self.sharp and self.chance(20):
            chosen = self.draw(st.lists(st.sampled_from(singles), min_size=1, max_size=3, unique=True))
            written = [f"{{{{ {self.mention(step, one)} }}}}" for one in chosen]
            step.lists |= {found for one in chosen for found in one.lists}
            return Loop(name, "image", json.dumps(written), frozenset(step.lists)), written
        found = self.one_of(many)
        self.inherit(step, found)
        text = found.text
        of_task = self.sharp and text.startswith("each.")  # of which a part counts once, be it known or not
        if not of_task and self.chance(35):
            other = self.one_of(many)
            changes = [f"{text}[:2]", f"{text}[1:]"]
            if not self.sharp:
                self.inherit(step, other)
                changes += [
                    f"{text} | selectattr('number', 'eq', 1) | list",
                    f"first_of({text}, {other.text})",
                    f"succeeded({text})",
                    f"{text} if inputs.yes else {other.text}",
                    f"({text} | reverse | list)[:2]",
                    f"{text} + {other.text}",
                    f"({text} + {other.text}) | reverse | list",
                    f"[{text}, {other.text}] | last",
                    f"{text} | sort(attribute='name')",
                ]
            changed = self.one_of(changes)
            step.mixes |= found.lists | other.lists
            return Loop(name, "image", changed, found.lists | other.lists), f"{{{{ {changed} }}}}"
        return Loop(name, "image", text, found.lists), f"{{{{ {text} }}}}"

    def inherit(self, step: Step, mentioned: Expr) -> None:
        """What is mixed already stays so."""
        for other in self.steps:
            if f"steps.{other.name}." in mentioned.text:
                step.mixes |= other.mixes

    def mention(self, step: Step, mentioned: Expr) -> str:
        step.mixes |= mentioned.lists
        self.inherit(step, mentioned)
        return mentioned.text

    # Steps

    def draw_condition(self, step: Step) -> str:
        options = [Expr("inputs.yes"), Expr("not inputs.yes")]
        for loop in step.loops:
            if loop.kind == "text":
                options.append(Expr(f"each.{loop.name} != 'ka'"))
            elif loop.kind == "image":
                options.append(Expr(f"each.{loop.name}.number == 1"))
                options.append(Expr(f"each.{loop.name}.width > 1"))
        if self.doubtful and self.steps and self.chance(70):
            return f"{{{{ {self.mention(step, self.draw_doubt(step))} }}}}"
        options += [
            Expr(f"{one.text} | length > {self.number(0, 2)}", one.lists)
            for one in self.many_images(step.loops)[:3]
        ]
        return f"{{{{ {self.mention(step, self.one_of(options))} }}}}"

    def draw_doubt(self, step: Step) -> Expr:
        """A condition that only answers decide: how many images or tasks of earlier steps there are, or what they are."""
        many = self.many_images(step.loops)
        found = self.one_of([*self.collections(), *many])
        low = self.number(0, 2)
        tests = [
            f"{found.text} | length > {low}",
            f"{found.text} | length == {low}",
            f"{found.text} | length < {low + 1}",
        ]
        if ".tasks" not in found.text:
            tests.append(f"{found.text} | map(attribute='number') | sum > {low}")
        return Expr(self.one_of(tests), found.lists)

    def collections(self) -> list[Expr]:
        """Images and tasks of whole steps, with and without those that failed."""
        plain = [
            Expr(f"steps.{step.name}.{what}", frozenset(step.lists))
            for step in self.steps
            for what in ("images", "tasks")
            if what == "tasks" or step.has_images
        ]
        return [*plain, *(Expr(f"succeeded({one.text})", one.lists) for one in plain)]

    def parts(self, loops: Sequence[Loop]) -> list[tuple[Expr, str]]:
        """Those tasks of whole steps that have a text of a loop at hand, and how a prompt shows which."""
        found = []
        for step in self.steps:
            for theirs in step.loops:
                for ours in loops:
                    if ours.kind == theirs.kind == "text" and ours.source == theirs.source:
                        start, end = f"steps.{step.name}.where({theirs.name}=", f"each.{ours.name}"
                        for what in ("images", "tasks") if step.has_images else ("tasks",):
                            plain = f"{start}{end}).{what}", f"{start}{{{{ {end} }}}}).{what}"
                            found += [plain, tuple(f"succeeded({one})" for one in plain)]
        return [(Expr(text), shown) for text, shown in found]

    def draw_count(self, step: Step) -> str:
        """A part of a prompt that says how many there are, between signs by which a test finds it, or what they are."""
        if self.chance(60):
            found, shown = self.one_of(
                [*((one, one.text) for one in self.collections()), *self.parts(step.loops)]
            )
            self.mention(step, found)
            return f"<{shown}={{{{ {found.text} | length }}}}>"
        many = self.many_images(step.loops)
        if not many:
            return ""
        text = self.mention(step, self.one_of(many))
        if text.startswith("steps.") and self.chance(30):
            text = f"succeeded({text})"
        return self.one_of(
            [
                f"{{{{ {text} | length }}}}",
                f"{{{{ {text} | map(attribute='key') | join(' ') }}}}",
                f"{{% for one in {text} %}}{{{{ one.key }}}} {{{{ one.width }}}} {{% endfor %}}",
                f"{{{{ '' if {text} else 'none' }}}}",
            ]
        )

    def draw_step(self, number: int) -> tuple[str, dict[str, Any]]:
        step = Step(f"s{number}")
        body: dict[str, Any] = {}
        if not self.sharp and self.chance(8):
            body["for_each"] = self.draw_pairs(step)
        elif loops := self.draw_loops(step):
            body["for_each"] = loops
        if not self.sharp and self.chance(50 if self.doubtful else 25):
            body["when"] = self.draw_condition(step)
        if self.steps and self.chance(10):
            body["needs"] = [self.one_of(self.steps).name]
        fit = not self.sharp or all(loop.kind == "text" for loop in step.loops)
        if self.subs and fit and self.chance(40):
            self.draw_call(step, body)
        else:
            self.draw_generate(step, body, number)
        self.steps.append(step)
        return step.name, body

    def draw_generate(self, step: Step, body: dict[str, Any], number: int) -> None:
        prompt = [f"{self.word}{number}" if self.sharp else f"P{self.number(0, self.words)}"]
        images: list[str] = []
        for loop in step.loops:
            if loop.kind == "text":
                if self.sharp or not self.chance(15):
                    prompt.append(f"{{{{ each.{loop.name} }}}}")
            elif loop.kind == "image":
                if self.sharp or not self.chance(35):
                    images.append(f"{{{{ each.{loop.name} }}}}")
                if not self.sharp and self.chance(35):
                    what = self.one_of(["number", "key", "name", "width", "digest", ""])
                    prompt.append(f"{{{{ each.{loop.name}.{what} }}}}" if what else "")
            elif loop.step is not None and loop.step.has_images and (self.sharp or not self.chance(30)):
                images.append(f"{{{{ each.{loop.name}.images }}}}")
            elif self.sharp or not self.chance(20):
                prompt.append(f"{{{{ each.{loop.name}.key }}}}")
        prompt += [f"{{{{ inputs.{name} }}}}" for name, kind in self.inputs.items() if kind == "text"]
        if self.chance(10 if self.sharp else 20):
            body["takes"] = step.takes = 2
        # The least takes the images of edits to come for any images at all, so that it counts those of two instances once.
        fit = not self.sharp or all(loop.kind == "text" for loop in step.loops)
        if fit and self.chance(15):
            self.draw_iterate(step, body, prompt, images)
        if self.chance(60) and (found := self.some_images(step.loops)) is not None:
            images.append(f"{{{{ {self.mention(step, found)} }}}}")
        many = self.many_images(step.loops)
        if not self.sharp and many and self.chance(20):
            counted = self.mention(step, self.one_of(many))
            if counted.startswith("steps.") and self.chance(30):
                counted = f"succeeded({counted})"
            prompt.append(f"{{{{ {counted} | length }}}}")
        if self.doubtful and self.steps and self.chance(60):
            prompt.append(self.draw_count(step))
        parameters: dict[str, Any] = {"prompt": " ".join(filter(None, prompt))}
        if images:
            parameters["image_input"] = images
        if self.chance(70 if self.doubtful and not self.steps else 40):
            step.most = self.number(2, 3)
            parameters |= {"sequential_image_generation": "auto", "max_images": step.most}
        if self.doubtful and self.chance(35):
            body["expect"] = self.draw_failing(step)
        elif not self.sharp and self.chance(4 if self.doubtful else 20):
            body["expect"] = self.draw_expect(step)
        body["generate"] = parameters

    def draw_expect(self, step: Step) -> dict[str, Any]:
        otherwise = self.one_of(["fail", "accept", "retry", "retry"])
        attempts = {"attempts": self.number(2, 3)} if otherwise == "retry" else {}
        wanted = self.one_of([{"min": step.most}, step.most, {"max": 1}, {"min": 1}])
        return {"images": wanted, "distinct": True, "otherwise": otherwise, **attempts}

    def draw_failing(self, step: Step) -> dict[str, Any]:
        """Pictures that some tasks find too small, as every later plan knows."""
        texts = [loop.name for loop in step.loops if loop.kind == "text"]
        if not texts:
            return {"min_width": 9999 if self.chance(25) else 1}
        return {
            "min_width": f"{{{{ 9999 if each.{self.one_of(texts)} == '{self.one_of(WORDS[:2])}' else 1 }}}}"
        }

    def draw_iterate(self, step: Step, body: dict[str, Any], prompt: list[str], images: list[str]) -> None:
        starts = self.single_images(step.loops)
        if not starts:
            return
        step.passes = True
        over: Any = ["e1", "e2"][: self.number(1, 2)]
        prompt.append("{{ each.edit }}")
        many = self.many_images(step.loops)
        if many and self.chance(40):
            part = "" if self.sharp else self.one_of(["", "", "[1:]"])
            over = f"{{{{ {self.mention(step, self.one_of(many))}{part} }}}}"
            prompt.pop()
            images.append("{{ each.edit }}")
        images.append("{{ prev }}")
        start = f"{{{{ {self.mention(step, self.one_of(starts))} }}}}"
        body["iterate"] = {"over": over, "as": "edit", "start": start}

    def draw_call(self, step: Step, body: dict[str, Any]) -> None:
        sub = self.one_of(self.subs)
        body["recipe"] = f"./{sub.file}"
        given: dict[str, Any] = {}
        for name, kind in sub.inputs.items():
            found = self.draw_argument(step, kind)
            if found is not None:
                given[name] = found
        if given:
            body["with"] = given
        step.outputs = sub.outputs
        if sub.passes_on and not self.sharp and "when" not in body and self.chance(40):
            body["when"] = self.draw_condition(step)

    def draw_argument(self, step: Step, kind: str) -> Any:
        match kind:
            case "text":
                texts = [f"{{{{ each.{loop.name} }}}}" for loop in step.loops if loop.kind == "text"]
                keys = [f"{{{{ each.{loop.name}.key }}}}" for loop in step.loops if loop.kind != "text"]
                around = [f"{{{{ inputs.{name} }}}}" for name, what in self.inputs.items() if what == "text"]
                own = " ".join([step.name, *around, *texts, *keys])
                return own if self.sharp else self.one_of([own, "W", *texts, *keys])
            case "texts":
                texts = [f"{{{{ each.{loop.name} }}}}" for loop in step.loops if loop.kind == "text"]
                given = [name for name, what in self.inputs.items() if what == "texts"]
                return self.one_of(
                    [["ka", "kb"], [step.name, *texts], *(f"{{{{ inputs.{name} }}}}" for name in given)]
                )
            case "image":
                singles = self.single_images(step.loops)
                if self.doubtful and singles and self.chance(40):
                    one, other = self.one_of(singles), self.one_of(singles)
                    form = self.one_of(["first_of({0}, {1})", "optional({0})"])
                    return f"{{{{ {form.format(self.mention(step, one), self.mention(step, other))} }}}}"
                return f"{{{{ {self.mention(step, self.one_of(singles))} }}}}" if singles else None
            case _:
                found = self.some_images(step.loops, short=False, plain=True)
                if found is None:
                    return None
                text = self.mention(step, found)
                collection = any(one.text == text for one in self.many_images(step.loops))
                if not self.sharp and collection and text.startswith("steps.") and self.chance(30):
                    return f"{{{{ succeeded({text}) }}}}"
                whole = (
                    any(one.text in text for one in self.many_images(step.loops)) and "optional" not in text
                )
                return f"{{{{ {text} }}}}" if whole else [f"{{{{ {text} }}}}"]

    # Recipes

    def write(self, least: int, most: int) -> dict[str, dict[str, Any]]:
        return dict(self.draw_step(number) for number in range(self.number(least, most)))

    def draw_outputs(self) -> tuple[dict[str, str], dict[str, bool]]:
        singles, many = self.single_images(()), self.many_images(())
        written, kinds = {}, {}
        for name in ["images", "other"][: self.number(1, 2)]:
            one = bool(singles) and (not many or self.chance(30))
            found = self.one_of(singles if one else many)
            given = [expr for expr in many if expr.text.startswith("inputs.")]
            if given and not one and not self.sharp and self.chance(40):
                found = self.one_of(given)
                others = [expr for expr in many if expr not in given]
                if others and self.chance(40):
                    found = Expr(f"first_of({self.one_of(others).text}, {found.text})")
            written[name] = f"{{{{ {found.text} }}}}"
            kinds[name] = one
        return written, kinds


TYPES = {
    "text": {"type": "text", "default": "D"},
    "texts": {"type": "list", "of": "text", "default": ["ka", "kc"]},
    "image": {"type": "image", "optional": True},
    "images": {"type": "list", "of": "image", "default": []},
}
YES = {"yes": {"type": "boolean", "default": True}}


def _gives_one(loop: Loop) -> bool:
    """Whether each task of a loop over tasks has images by number."""
    step = loop.step
    return loop.kind == "task" and step is not None and step.outputs is None and step.takes == 1


@st.composite
def cases(draw: st.DrawFn, *, sharp: bool = False, doubtful: bool = False) -> Case:
    """A recipe of a few steps, which may use recipes that may use others.

    A `doubtful` one often asks how many there are of steps that may be skipped while it runs, in conditions and prompts.

    Each use in a sharp one has a text of its own. The most counts two requests for one only where they have the same
    mentions, and two uses with all the same inputs may ask for the same by other ones, such as parts of sets of their own;
    the least takes such a part for what leaves out all that differs. No such text is made of keys to come, which images of one
    set have in common, and others may have as well.
    """
    files: dict[str, str] = {}
    subs: list[SubRecipe] = []
    for number in range(draw(st.sampled_from([0, 0, 1, 2]))):
        kinds = draw(st.lists(st.sampled_from(list(TYPES)), min_size=1, max_size=2, unique=True))
        if sharp and "text" not in kinds:
            kinds.append("text")
        inputs = {f"i{kind}": kind for kind in kinds}
        lists: dict[str, tuple[str, ...]] = {}
        author = _Author(
            draw,
            sharp=sharp,
            subs=tuple(subs),
            inputs=inputs,
            lists=lists,
            words=1,
            word=f"Q{number}",
            doubtful=doubtful,
        )
        steps = author.write(1, 3)
        outputs, given = author.draw_outputs()
        text = _spell(steps, {f"i{kind}": TYPES[kind] for kind in kinds}, outputs)
        for name, items in lists.items():
            text = text.replace(f'"@{name}@"', json.dumps(list(items)))
        text = _go_through_values(text, draw(st.lists(st.sampled_from(list(inputs)), unique=True)))
        file = f"sub{number}.yaml"
        files[file] = text
        passes_on = any("inputs." in text for text in outputs.values())
        subs.append(SubRecipe(file, inputs, given, passes_on))
    lists = {}
    author = _Author(
        draw,
        sharp=sharp,
        subs=tuple(subs),
        inputs={},
        lists=lists,
        words=2,
        doubtful=doubtful,
    )
    steps = author.write(3 if doubtful else 1, 6 if doubtful else 5)
    outputs = author.draw_outputs()[0] if draw(st.booleans()) else {}
    recipe = _spell(steps, {}, outputs, MOST_TASKS)
    mixes = {step.name: frozenset(step.mixes) for step in author.steps}
    return Case(recipe, files, lists, mixes, sharp)


def _go_through_values(text: str, names: Sequence[str]) -> str:
    """The same recipe, in which values stand between some of its inputs and whoever asks for them."""
    values: dict[str, str] = {}
    for name in names:
        for value, expression in ((f"n{name}", f"inputs.{name} | length"), (f"v{name}", f"inputs.{name}")):
            if expression in text:
                text = text.replace(expression, f"values.{value}")
                values[value] = f"{{{{ {expression} }}}}"
    return f"values: {json.dumps(values)}\n{text}" if values else text


def _spell(
    steps: Mapping[str, Mapping[str, Any]],
    inputs: Mapping[str, Any],
    outputs: Mapping[str, str],
    most_tasks: int | None = None,
) -> str:
    lines = [f"inputs: {json.dumps({**YES, **inputs})}", "steps:"]
    lines += [f"  {name}: {json.dumps(body)}" for name, body in steps.items()]
    if outputs:
        lines.append(f"outputs: {json.dumps(outputs)}")
    if most_tasks is not None:
        lines.append(f"limits: {{tasks: {most_tasks}}}")
    return "\n".join(lines) + "\n"
