"""What stands behind a root name: `inputs.hero`, `each.scene.name`, `steps.page.at(scene=each.scene).images[0]`.

Both ways of reading a template hand over a root and the links behind it, and get nodes and references for them, so that
a mention means the same however it was read.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from typing import Final, Literal, NamedTuple, cast

from seedflow.recipe.references import (
    Argument,
    NameReference,
    Reference,
    Root,
    Selector,
    Slice,
    StepReference,
)
from seedflow.recipe.templating.limits import MAX_LINKS
from seedflow.recipe.templating.lookup_nodes import (
    Attribute,
    DataRoot,
    Item,
    Mentioned,
    Named,
    OneImage,
    Part,
)
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.numbers_of_images import explain_number, number_images
from seedflow.recipe.templating.problems import Problem, suggest
from seedflow.recipe.views import IMAGE_ATTRIBUTES, TASK_ATTRIBUTES

ROOTS: Final = {
    "inputs": "where inputs may be used",
    "values": "where values may be used",
    "steps": "where the results of steps may be used",
    "each": "in a step with `for_each`, behind its first list",
    "ref": "in a prompt whose references have names",
    "recipe": "where the recipe's name may be used",
    "image": "in the `file` of an output",
    "prev": "in a step with `iterate`",
}
"""Every name that is ours, and where it is known."""

_COLLECTIONS: Final = ("images", "tasks", "outputs", "passes")
_SELECTORS: Final = ("at", "where")


class Link(NamedTuple):
    """One link of a chain: what follows a name, or another link.

    `value` is text for `name` (`.x` or `["x"]`), a whole number for `item`, a `Slice` for `slice`, the three bounds as
    nodes or None for `part`, a node for `dynamic`, and for `call` whatever reads the arguments. `start`, `end` are the
    place of the name or key, `stop` is where the link ends.
    """

    kind: Literal["name", "item", "slice", "part", "dynamic", "call"]
    value: object
    start: int
    end: int
    stop: int


class MentionReader:
    """Turns roots with links into nodes; collects references and problems on the way.

    `skip_ok`, `fail_ok` are those of the references made from now on: whoever reads the arguments of a form sets them.
    """

    def __init__(
        self,
        roots: Collection[str],
        problems: list[Problem],
        references: list[Reference],
        read_arguments: Callable[[Link], tuple[Argument, ...]],
        filters: Collection[str] = (),
    ) -> None:
        self._roots = roots
        self._problems = problems
        self._references = references
        self._read_arguments = read_arguments
        self._filters = filters
        self.skip_ok = False
        self.fail_ok = False

    def read(self, root: str, start: int, end: int, links: Sequence[Link]) -> Expression:
        """The node of a mention; `start`, `end` are the place of the root."""
        if root not in self._roots:
            known = ", ".join(f"`{name}`" for name in ROOTS if name in self._roots)
            return self._refuse(
                f"`{root}` is not known here",
                start,
                end,
                f"`{root}` is known {ROOTS[root]}; here is {known}"
                if known
                else f"`{root}` is known {ROOTS[root]}",
                code="template-unknown-name",
            )
        if root == "steps":
            return self._read_step(start, end, links)
        if root == "prev":
            return self._read_prev(start, end, links)
        return self._read_data(cast("Root", root), start, end, links)

    def extend(self, base: Expression, links: Sequence[Link], first: Link | None = None) -> Expression:
        """The node of a value with links behind it; `first` is a link that the value has in it already."""
        if len(links) > MAX_LINKS:
            return self._refuse(
                f"more than {MAX_LINKS} dots and brackets stand behind each other",
                links[MAX_LINKS].start,
                links[MAX_LINKS].stop,
                "give a part of it a name with `{% set NAME = … %}`",
                code="template-too-deep",
            )
        for before, link in zip((first, *links), links, strict=False):
            match link.kind:
                case "name":
                    base = Attribute(base, str(link.value), link.stop, link.start, link.end)
                case "item":
                    base = Item(base, Constant(link.value, link.start, link.end), link.stop)
                case "slice":
                    whole = cast("Slice", link.value)
                    bounds = [
                        None if bound is None else Constant(bound, link.start, link.end)
                        for bound in (whole.start, whole.stop, whole.step)
                    ]
                    base = Part(base, bounds, link.stop)
                case "part":
                    base = Part(base, cast("Sequence[Expression | None]", link.value), link.stop)
                case "dynamic":
                    base = Item(base, cast("Expression", link.value), link.stop)
                case "call":
                    method = str(before.value) if before is not None and before.kind == "name" else None
                    return self._refuse(
                        "values have no methods"
                        if method is None
                        else f"values have no methods such as `{method}()`",
                        link.start if method is None or before is None else before.start,
                        link.stop,
                        f"use the filter: `… | {method}`"
                        if method in self._filters
                        else "filters change values: `… | FILTER`",
                        code="template-no-methods",
                    )
        return base

    def _refuse(self, message: str, start: int, end: int, help: str | None, *, code: str) -> Expression:  # noqa: A002 - the word users see
        self._problems.append(Problem(code, message, start, end, help))
        return Constant("", start, end)

    def _refuse_step(self, message: str, start: int, end: int, help: str | None) -> Expression:  # noqa: A002 - the word users see
        return self._refuse(message, start, end, help, code="template-step-reference")

    def _read_data(self, root: Root, start: int, end: int, links: Sequence[Link]) -> Expression:
        first = links[0] if links else None
        if first is None:
            return self._refuse(
                f"`{root}` alone is not a value",
                start,
                end,
                f"write `{root}.{'name' if root == 'recipe' else 'NAME'}`",
                code="template-unknown-name",
            )
        if first.kind != "name":
            return self._refuse(
                f"a name after `{root}` is written out, never worked out",
                first.start,
                first.end,
                f"write `{root}.NAME`",
                code="template-unknown-name",
            )
        problem = _check_name(root, str(first.value), links)
        if problem is not None:
            return self._refuse(problem[0], first.start, first.end, problem[1], code="template-unknown-name")
        self._mention_name(root, start, end, links)
        if root == "image":
            return self.extend(OneImage("image", start, end), links)
        named = Named(cast("DataRoot", root), str(first.value), start, first.stop, first.start, first.end)
        return self.extend(named, links[1:], first) if len(links) > 1 else named

    def _read_prev(self, start: int, end: int, links: Sequence[Link]) -> Expression:
        first = links[0] if links else None
        problem: tuple[str, str | None] | None = None
        if first is not None and first.kind == "name":
            problem = _check_name("prev", str(first.value), links)
        elif first is not None and first.kind != "call":
            problem = "`prev` is one image, not a list", "write `prev`, or an attribute such as `prev.width`"
        if first is not None and problem is not None:
            return self._refuse(problem[0], first.start, first.end, problem[1], code="template-unknown-name")
        self._mention_name("prev", start, end, links)
        return self.extend(OneImage("prev", start, end), links)

    def _mention_name(self, root: Root, start: int, end: int, links: Sequence[Link]) -> None:
        path: list[str | int] = []
        for at, link in enumerate(links):
            called = at > 0 and links[at + 1 : at + 2] and links[at + 1].kind == "call"
            if called or link.kind not in ("name", "item"):
                break
            path.append(cast("str | int", link.value))
        stop = links[len(path) - 1].stop if path else end
        self._references.append(
            NameReference(root, tuple(path), start, stop, skip_ok=self.skip_ok, fail_ok=self.fail_ok)
        )

    def _read_step(self, start: int, end: int, links: Sequence[Link]) -> Expression:
        if not links:
            return self._refuse_step(
                "`steps` alone is not a value",
                start,
                end,
                "name a step and what it gives: `steps.NAME.images`",
            )
        step = links[0]
        if step.kind != "name":
            return self._refuse_step(
                "the name of a step is written out, never worked out: it decides what runs before what",
                step.start,
                step.end,
                "write `steps.NAME.images`",
            )
        rest = links[1:]
        selector: Selector | None = None
        if rest and rest[0].kind == "name" and rest[0].value in _SELECTORS:
            kind: Literal["at", "where"] = "at" if rest[0].value == "at" else "where"
            if len(rest) == 1 or rest[1].kind != "call":
                return self._refuse_step(
                    f"`.{kind}` chooses by variables",
                    rest[0].start,
                    rest[0].end,
                    f"write `.{kind}(NAME=each.NAME)`",
                )
            selector = Selector(kind, self._read_arguments(rest[1]))
            rest = rest[2:]
        return self._read_collection(
            str(step.value), step, selector, start, rest, links[len(links) - len(rest) - 1].stop
        )

    def _read_collection(
        self, name: str, step: Link, selector: Selector | None, start: int, links: Sequence[Link], end: int
    ) -> Expression:
        single = selector is not None and selector.kind == "at"
        head = links[0] if links else None
        if head is None and not single:
            return self._refuse_step(
                f"`steps.{name}` alone is not a value: a step gives images",
                start,
                end,
                f"write `steps.{name}.images`" if selector is None else "write `.images` behind it",
            )
        is_collection = head is not None and head.kind == "name" and head.value in _COLLECTIONS
        if head is None or (single and head.kind == "name" and head.value in ("each", "key")):
            return self._mention(
                StepReference(
                    name,
                    selector,
                    None,
                    None,
                    None,
                    start,
                    end,
                    step.start,
                    step.end,
                    self.skip_ok,
                    self.fail_ok,
                ),
                links,
            )
        if not is_collection or (single and head.value == "tasks"):
            return self._refuse_collection(name, links, single=single, selected=selector is not None)
        output: str | None = None
        rest = links[1:]
        end = head.stop
        if head.value == "outputs":
            if not rest or rest[0].kind != "name":
                return self._refuse_step(
                    "`.outputs` alone is not a value",
                    head.start,
                    head.end,
                    "name the output: `.outputs.NAME`",
                )
            output, end, rest = str(rest[0].value), rest[0].stop, rest[1:]
        index: int | Slice | None = None
        if rest and rest[0].kind in ("item", "slice"):
            index, end, rest = cast("int | Slice", rest[0].value), rest[0].stop, rest[1:]
        elif rest and rest[0].kind in ("dynamic", "part"):
            message, advice = explain_number(rest[0].value, str(head.value), name)
            return self._refuse_step(message, rest[0].start, rest[0].end, advice)
        collection = cast("Literal['images', 'tasks', 'outputs', 'passes']", head.value)
        return self._mention(
            StepReference(
                name,
                selector,
                collection,
                output,
                index,
                start,
                end,
                step.start,
                step.end,
                self.skip_ok,
                self.fail_ok,
            ),
            rest,
        )

    def _refuse_collection(
        self, name: str, links: Sequence[Link], *, single: bool, selected: bool
    ) -> Expression:
        head = links[0]
        offered = ("images", "outputs", "passes", "each", "key") if single else _COLLECTIONS
        offered = offered if selected else (*offered, *_SELECTORS)
        if head.kind == "name":
            message = f"{'the task' if single else 'a step'} has no `{head.value}`; it gives `images`"
        elif head.kind == "call":
            message = "a step is not called"
        else:
            message = f"{'the task' if single else 'a step'} has no numbered items; its images have numbers"
        advice = (
            suggest(
                str(head.value),
                () if head.value == "output" else offered,
                _advise_output(name, links, single=single, selected=selected),
            )
            if head.kind == "name"
            else f"write {number_images(name, single=single, selected=selected)}"
        )
        step = name if head.kind == "name" and not selected else None
        code = "template-step-reference"
        self._problems.append(Problem(code, message, head.start, head.end, advice, step=step))
        return Constant("", head.start, head.end)

    def _mention(self, reference: StepReference, links: Sequence[Link]) -> Expression:
        self._references.append(reference)
        if not links:
            return Mentioned(reference)
        problem = _check_attribute(reference, links[0])
        if problem is not None:
            return self._refuse_step(problem[0], links[0].start, links[0].end, problem[1])
        return self.extend(Mentioned(reference), links)


def _advise_output(name: str, links: Sequence[Link], *, single: bool, selected: bool) -> str:
    """A word that is like nothing that a step gives may be the name of an output, which a used recipe gives."""
    picked = "" if not selected else ".at(…)" if single else ".where(…)"
    step, word = f"steps.{name}{picked}", str(links[0].value)
    if word in _COLLECTIONS:
        return f"write `{step}.images`"
    if word == "output":
        return f"write `{step}.images`, or `{step}.outputs.NAME` for an output of a used recipe"
    if word == "steps" or any(link.value in _COLLECTIONS for link in links[1:2]):
        return f"steps of a used recipe are its own: write `{step}.images`, or `{step}.outputs.NAME` for one of its `outputs:`"
    return f"write `{step}.images`, or `{step}.outputs.{word}` for the output `{word}` of a used recipe"


def _check_name(root: Root, name: str, links: Sequence[Link]) -> tuple[str, str | None] | None:
    """What is wrong with the first name, as far as the text alone tells."""
    if root == "recipe" and name != "name":
        return f"`recipe` has no `{name}`", suggest(name, ["name"])
    if root in ("image", "prev") and name not in IMAGE_ATTRIBUTES:
        return f"an image has no `{name}`", suggest(name, IMAGE_ATTRIBUTES)
    if root in ("ref", "recipe") and len(links) > 1:
        return f"`{root}.{name}` has no parts", f"write `{root}.{name}`"
    return None


def _advise_of_list(collection: str, name: str) -> str:
    known = TASK_ATTRIBUTES if collection == "tasks" else IMAGE_ATTRIBUTES
    if name.isdecimal():
        return f"write `{collection}[{name}]`"
    if name in ("first", "last", "length"):
        return f"write `… | {name}`"
    if name not in known:
        return f"choose one, `{collection}[0]`, which has {', '.join(known)}"
    return f'choose one, `{collection}[0].{name}`, or take it of all: `… | map(attribute="{name}")`'


def _check_attribute(reference: StepReference, link: Link) -> tuple[str, str | None] | None:
    """What is wrong with the link behind a mention, as far as the text alone tells."""
    if link.kind != "name" or reference.collection == "outputs":
        return None
    name = str(link.value)
    if reference.collection is not None and not isinstance(reference.index, int):
        return (
            f"this is a list of {'tasks' if reference.collection == 'tasks' else 'images'}, which has no `{name}`",
            _advise_of_list(reference.collection, name),
        )
    if reference.collection in ("images", "passes"):
        known: Sequence[str] = IMAGE_ATTRIBUTES
    elif reference.collection == "tasks":
        known = TASK_ATTRIBUTES
    else:
        return None
    if name in known:
        return None
    return f"{'a task' if reference.collection == 'tasks' else 'an image'} has no `{name}`", suggest(
        name, known
    )
