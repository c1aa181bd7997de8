"""`first_of`, `optional`, `succeeded`, `prev`, `.passes`: what goes on where something was skipped, failed or edited in a row."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped
from seedflow.recipe.views import View
from tests.unit.recipe.templating.conftest import EVERYWHERE, SCOPE, image, resolve

PREV = EVERYWHERE | {"prev"}


def skip_b(mention: StepReference) -> object:
    """Step `b` was skipped, and `c` as well; of the others there are three images."""
    if mention.step in ("b", "c"):
        raise Skipped(mention.step)
    return resolve(mention)


class LazyInputs(dict[str, object]):
    """Inputs of a used recipe: `gone` is the result of a skipped task of the caller."""

    def get(self, key: str, default: Any = None) -> Any:
        if key == "gone":
            raise Skipped("caller")
        return super().get(key, default)


SKIPPING = replace(SCOPE, resolve=skip_b, inputs=LazyInputs(SCOPE.inputs))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ first_of(steps.b.images[0], steps.a.images[1]).name }}", "picture-2"),
        ("{{ first_of(steps.a.images[0], steps.b.images[0]).name }}", "picture-1"),
        ("{{ first_of(inputs.gone, steps.c.images[0], inputs.hero) }}", "fox"),
        ("{{ first_of(steps.b.images[0].width + 1, 7) }}", 7),
        ("{{ first_of(steps.b.images[0].width + 1, inputs.none) }}", None),
        ("{{ first_of(steps.a.images[0].width * 2 if inputs.yes else steps.b.images[0], 7) }}", 200),
        ("{{ first_of(first_of(steps.b.images[0], steps.c.images[0]), 'neither') }}", "neither"),
        ("{{ optional(steps.b.images[0]) }}", None),
        ("{{ optional(steps.a.images[0]).name }}", "picture-1"),
        ("{{ optional(steps.b.images[0].name) | default('no picture') }}", "no picture"),
        ("{{ optional(inputs.gone) is none }}", True),
        ("{{ (optional(steps.b.images[0]) or steps.a.images[2]).name }}", "picture-3"),
        ("{{ succeeded(steps.a.images) | length }}", 3),
        ("{{ succeeded(steps.a.images)[:2] | length }}", 2),
        ("{{ succeeded(steps.a.images[1:]) | map(attribute='width') | list }}", [200, 300]),
        ("{{ succeeded(steps.a.at(n=1).images) | length }}", 3),
        ("{{ succeeded(optional(steps.a.tasks)) | length }}", 3),
        ("{{ succeeded(first_of(steps.b.images, steps.a.images)) | length }}", 3),
        ("{% if optional(steps.b.images[0]) %}a{% else %}b{% endif %}", "b"),
        ("{% for one in succeeded(steps.a.images) %}{{ one.number }}{% endfor %}", "123"),
        ("{% macro m() %}long {{ steps.b.images[0].name }}{% endmacro %}x{{ first_of(m(), 'y') }}", "xy"),
    ],
)
def test_what_the_forms_give(parse, text: str, expected: object) -> None:
    assert parse(text).render(SKIPPING) == expected


@pytest.mark.parametrize(
    "text",
    [
        "{{ first_of(steps.b.images[0], steps.c.images[0]) }}",
        "{{ succeeded(steps.c.images) }}",
        "a {{ steps.b.images[0].name }}",
        "{{ inputs.gone }}",
        "{% set x = steps.b.images[0] %}{{ first_of(x, 1) }}",
    ],
)
def test_what_stays_skipped_passes_through(parse, text: str) -> None:
    with pytest.raises(Skipped):
        parse(text).render(SKIPPING)


def test_when_all_were_skipped_the_last_one_is_the_cause(parse) -> None:
    with pytest.raises(Skipped) as caught:
        parse("{{ first_of(steps.b.images[0], steps.c.images[0]) }}").render(SKIPPING)
    assert caught.value.cause == "c"


def test_later_arguments_are_not_looked_at(parse) -> None:
    asked = []

    def ask(mention: StepReference) -> object:
        asked.append(mention.step)
        return resolve(mention)

    parse("{{ first_of(steps.a.images[0], steps.b.images[0]) }}").render(Scope(resolve=ask))
    assert asked == ["a"]


def flags(text: str, parse, roots: frozenset[str] = PREV) -> list[tuple[str, bool, bool]]:
    found = []
    for one in parse(text, roots).references:
        name = one.step if isinstance(one, StepReference) else ".".join([one.root, *map(str, one.path)])
        found.append((name, one.skip_ok, one.fail_ok))
    return found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ steps.a.images }}", [("a", False, False)]),
        (
            "{{ first_of(steps.a.images[0], inputs.x) }}{{ steps.b.images | length }}",
            [("a", True, False), ("inputs.x", True, False), ("b", False, False)],
        ),
        ("{{ optional(steps.a.images[0].width + each.n) }}", [("a", True, False), ("each.n", True, False)]),
        ("{{ succeeded(steps.a.images) }}", [("a", False, True)]),
        ("{{ succeeded(optional(steps.a.images)) }}", [("a", True, True)]),
        ("{{ optional(succeeded(steps.a.images)[0]) }}", [("a", True, True)]),
        ("{{ optional(prev) }}", [("prev", True, False)]),
        (
            "{{ first_of([steps.a.images[0]] + steps.b.where(n=each.n).images, steps.c.images) }}",
            [("a", True, False), ("b", True, False), ("each.n", True, False), ("c", True, False)],
        ),
        (
            "{{ zip(a=succeeded(steps.a.images), b=steps.b.images) }}",
            [("a", False, True), ("b", False, False)],
        ),
    ],
)
def test_mentions_inside_a_form_say_so(parse, text: str, expected: list[tuple[str, bool, bool]]) -> None:
    assert flags(text, parse) == expected


def test_whoever_resolves_a_mention_sees_that_it_may_be_skipped(parse) -> None:
    seen = []

    def see(mention: StepReference) -> object:
        seen.append((mention.skip_ok, mention.fail_ok))
        return resolve(mention)

    parse("{{ optional(succeeded(steps.a.images)) }}").render(Scope(resolve=see))
    assert seen == [(True, True)]


@pytest.mark.parametrize(
    ("text", "marked", "part"),
    [
        ("{{ first_of() }}", "first_of()", "nothing is given"),
        ("{{ first_of(steps.a.images) }}", "first_of(steps.a.images)", "it chooses among several"),
        ("{{ optional() }}", "optional()", "missing"),
        ("{{ optional(inputs.a, inputs.b) }}", "optional(inputs.a, inputs.b)", "one argument, but 2"),
        ("{{ optional(x=inputs.a) }}", "optional(x=inputs.a)", "have no names"),
        ("{{ succeeded() }}", "succeeded()", "missing"),
        ("{{ succeeded(steps.a.images, steps.b.images) }}", "succeeded(steps.a.images, steps.b.images)", "2"),
        ("{{ succeeded(steps.a.images[0]) }}", "steps.a.images[0]", "as a list"),
        ("{{ succeeded(steps.a.at(n=1)) }}", "steps.a.at(n=1)", "as a list"),
        ("{{ succeeded(inputs.words) }}", "inputs.words", "as a list"),
        ("{{ succeeded(steps.a.images | length) }}", "steps.a.images | length", "as a list"),
        ("{{ succeeded(first_of(steps.a.images, inputs.words)) }}", "inputs.words", "as a list"),
        ("{{ succeeded(steps.a.images[:2][0]) }}", "steps.a.images[:2][0]", "as a list"),
    ],
)
def test_arguments_that_a_form_does_not_take(problem, text: str, marked: str, part: str) -> None:
    found = problem(text)
    assert (found.code, found.text) == ("template-arguments", marked)
    assert part in found.message
    assert found.help


def test_a_broken_argument_is_reported_once(problem) -> None:
    assert problem("{{ succeeded(steps.a.imges) }}").code == "template-step-reference"
    assert problem("{{ succeeded(stps.a.images) }}").code == "template-unknown-name"
    assert problem("{{ first_of(*inputs.a) }}").code == "template-syntax"


def test_a_form_is_no_value_and_no_name(problem) -> None:
    assert problem("{{ optional }}").help == "write `optional(…)`"
    assert problem("{% set succeeded = 1 %}").code == "template-name-taken"
    assert problem("{{ optinal(inputs.a) }}").help == "did you mean `optional`?"


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("{{ prev }}", ()),
        ("{{prev.width}}", ("width",)),
        ("{{ prev['width'] }}", ("width",)),
        ("{{ [prev] }}", ()),
        ("a{{ prev.each.scene.name }}", ("each", "scene", "name")),
    ],
)
def test_prev_is_the_image_before(parse, text: str, path: tuple[str, ...]) -> None:
    template = parse(text, PREV)
    (found,) = template.references
    assert isinstance(found, NameReference)
    assert (found.root, found.path) == ("prev", path)
    assert text[found.start :].startswith("prev")


def test_the_values_of_prev(parse) -> None:
    before = image(4)
    scope = replace(SCOPE, prev=before)
    assert parse("{{ prev }}", PREV).render(scope) is before
    assert parse("{{ prev.width }}", PREV).render(scope) == 400
    assert parse("{{ [prev, steps.a.images[0]] | map(attribute='width') | list }}", PREV).render(scope) == [
        400,
        100,
    ]


@pytest.mark.parametrize(
    ("text", "marked", "part"),
    [
        ("{{ prev.widht }}", "widht", "`width`"),
        ("{{ prev[0] }}", "0", "`prev`"),
        ("{{ prev[inputs.n] }}", "inputs.n", "`prev`"),
    ],
)
def test_what_prev_does_not_have(problem, text: str, marked: str, part: str) -> None:
    found = problem(text, PREV)
    assert (found.code, found.text) == ("template-unknown-name", marked)
    assert part in found.help


def test_prev_is_known_in_steps_with_iterate_only(problem, parse, failure) -> None:
    found = problem("{{ prev }}")
    assert (found.code, found.text) == ("template-unknown-name", "prev")
    assert "iterate" in found.help
    assert parse("{% for prev in inputs.words %}{{ prev }}{% endfor %}").render(SCOPE) == "redgreenblue"
    assert problem("{% set prev = 1 %}", PREV).code == "template-name-taken"
    assert problem("{{ prev() }}", PREV).code == "template-no-methods"


def test_an_image_of_a_url_says_why_an_attribute_is_not_known(parse) -> None:

    view = View("image", {}, missing={"width": "it is a URL"})
    with pytest.raises(RenderError, match="not known: it is a URL"):
        parse("{{ prev.width }}", PREV).render(replace(SCOPE, prev=view))


@pytest.mark.parametrize(
    ("text", "collection", "index"),
    [
        ("{{ steps.a.passes }}", "passes", None),
        ("{{ steps.a.passes[0].width }}", "passes", 0),
        ("{{ steps.a.at(n=1).passes }}", "passes", None),
        ("{{ steps.a.where(n=1).passes }}", "passes", None),
    ],
)
def test_passes_are_a_collection(parse, text: str, collection: str, index: int | None) -> None:
    found = parse(text).references[0]
    assert isinstance(found, StepReference)
    assert (found.collection, found.index) == (collection, index)


def test_attributes_of_passes_are_those_of_images(problem) -> None:
    found = problem("{{ steps.a.passes.width }}")
    assert (found.code, found.text) == ("template-step-reference", "width")
    assert "passes[0].width" in found.help
    assert problem("{{ steps.a.passes[0].widht }}").help == "did you mean `width`?"


def test_outputs_of_a_task_are_looked_up(parse) -> None:
    task = View("task", {"outputs": {"portrait": [image(1)]}, "key": "a"})
    scope = replace(SCOPE, each={"t": task}, resolve=lambda _: [task])
    assert parse("{{ each.t.outputs.portrait[0].width }}").render(scope) == 100
    mention = parse("{{ steps.a.at(n=1).outputs.portrait }}").references[0]
    assert isinstance(mention, StepReference)
    assert (mention.collection, mention.output) == ("outputs", "portrait")
