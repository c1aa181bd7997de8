"""Lists that only the run knows: over images, tasks and outputs of earlier steps, each with a bound."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.checks.conftest import Check, Say


def recipe(items: str, prompt: str = "{{ each.x.name }}") -> str:
    return f"""
        inputs: {{n: {{type: integer, default: 3}}}}
        values: {{some: "{{{{ inputs.n }}}}"}}
        steps:
          set: {{generate: {{prompt: "S {{{{ values.some }}}}", sequential_image_generation: auto, max_images: 4}}}}
          page:
            for_each: {{s: "{{{{ steps.set.images }}}}"}}
            generate: {{prompt: "{{{{ each.s.name }}}}", sequential_image_generation: auto, max_images: 2}}
          cast: {{recipe: ./parts/cast.yaml, for_each: {{w: [fox, owl]}}, with: {{who: "{{{{ each.w }}}}"}}}}
          pair: {{recipe: ./parts/pair.yaml}}
          use:
            for_each: {{x: {items}}}
            generate: {{prompt: "{prompt}"}}
    """


BOUNDED = [
    "steps.set.images",
    "steps.set.images[:2]",
    "steps.set.images | selectattr('width') | list",
    "steps.set.images | sort(attribute='name') | reverse | unique(attribute='key')",
    "steps.page.images",
    "steps.page.tasks",
    "succeeded(steps.page.images)",
    "first_of(steps.page.images, steps.set.images)",
    "steps.page.tasks[0].images",
    "steps.cast.images",
    "steps.cast.outputs.sheet",
    "steps.pair.outputs.day",
    "range(inputs.n)",
    "steps.set.images + steps.page.images",
    "(steps.set.images + steps.page.images[1:]) | reverse | list",
    "[steps.page.tasks[0].images[0]] + (steps.set.images | selectattr('width'))",
    "[steps.set.images, steps.page.images] | last",
]
UNBOUNDED = [
    "range(steps.set.images | length)",
    "steps.set.images * 2",
    "[range(steps.set.images | length)] | first",
]


@pytest.mark.parametrize("items", BOUNDED)
def test_a_list_that_its_source_bounds_needs_no_limit(say: Say, items: str) -> None:
    text = recipe(f'"{{{{ {items} }}}}"', "{{ each.x }}" if "range" in items else "{{ each.x.key }}")
    assert [found for found in say(text) if not found.startswith("never-skipped")] == []


@pytest.mark.parametrize("items", UNBOUNDED)
def test_any_other_needs_one(say: Say, items: str) -> None:
    prompt = "{{ each.x }}" if "range" in items else "{{ each.x.key }}"
    assert say(recipe(f'"{{{{ {items} }}}}"', prompt)) == [f'unbounded-list «"{{{{ {items} }}}}"»']
    assert say(recipe(f'{{in: "{{{{ {items} }}}}", at_most: 20}}', prompt)) == []


def test_a_list_without_a_bound_is_shown_where_it_enters_a_used_recipe(say: Say) -> None:
    text = """
        steps:
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
          cast: {recipe: ./parts/cast.yaml, with: {who: x, poses: "{{ (steps.set.images | map(attribute='name') | list) * 2 }}"}}
    """
    (found,) = say(text)
    assert found.startswith('unbounded-list «"{{ (steps.set.images')


def test_items_have_the_shape_of_what_they_come_from(say: Say) -> None:
    assert say(recipe('"{{ steps.page.images }}"', "{{ each.x }}")) == ["not-text «each.x»"]
    assert say(recipe('"{{ steps.page.images }}"', "{{ each.x.widht }}")) == [
        "unknown-attribute «each.x.widht»"
    ]
    assert say(recipe('"{{ steps.page.images }}"', "{{ each.x.each.s.name }}")) == []
    assert say(recipe('"{{ steps.page.images }}"', "{{ each.x.each.t }}")) == [
        "unknown-attribute «each.x.each.t»"
    ]
    assert say(recipe('"{{ steps.page.tasks }}"', "{{ each.x.images[0].name }}")) == []
    assert (
        say(recipe('"{{ steps.cast.tasks }}"', "{{ each.x.outputs.sheet[0].name }} {{ each.x.each.w }}"))
        == []
    )


@pytest.mark.parametrize(
    ("mention", "said"),
    [
        ("steps.cast.outputs.sheet", []),
        ("steps.cast.outputs.sheat", ["unknown-output «steps.cast.outputs.sheat»"]),
        ("steps.cast.images", []),
        ("steps.cast.images[0]", ["index-of-many-tasks «steps.cast.images[0]»"]),
        ("steps.cast.at(w='fox').outputs.sheet[0]", []),
        ("steps.cast.at(w='fox').outputs.sheet[1]", ["no-such-image «steps.cast.at(w='fox').outputs.sheet[1]»"]),
        ("steps.cast.at(w='foks').images", ["no-such-task «w='foks'»"]),
        ("steps.pair.images", ["several-outputs «steps.pair.images»"]),
        ("steps.pair.outputs.day[0]", []),
        ("steps.pair.outputs.day[1]", ["no-such-image «steps.pair.outputs.day[1]»"]),
        ("steps.page.at(s='set-1').images", ["selector-of-results «s='set-1'»"]),
        ("steps.page.at(s=each.x).images", []),
    ],
)  # fmt: skip # a row a line
def test_what_steps_give(say: Say, mention: str, said: list[str]) -> None:
    text = recipe('"{{ steps.set.images }}"').replace(
        'generate: {prompt: "{{ each.x.name }}"}',
        f'generate: {{prompt: "{{{{ each.x.name }}}}", image_input: ["{{{{ {mention} }}}}"]}}',
    )
    assert say(text) == said


FROM_A_SET = (
    "steps:\n"
    "  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
    "  k: {generate: {prompt: K, sequential_image_generation: auto, max_images: 3}}\n"
    "  w: {for_each: {a: [x, y]}, generate: {prompt: 'W {{ each.a }}'}}\n"
    '  p: {for_each: {v: "{{ steps.s.images }}"}, generate: {prompt: P, image_input: "{{ each.v }}"}}\n'
    '  o: {for_each: {v: "{{ steps.p.images[1:] }}"}, generate: {prompt: O, image_input: "{{ each.v }}"}}\n'
    '  q: {for_each: {v: "{{ LIST }}"}, generate: {prompt: "Q {{ each.v.key }}", image_input: "{{ steps.STEP.KIND(v=each.v).images }}"}}\n'
)


@pytest.mark.parametrize("kind", ["at", "where"])
@pytest.mark.parametrize(
    ("items", "step", "fits"),
    [
        ("steps.s.images", "p", True),
        ("steps.s.images[:2]", "p", True),
        ("steps.s.images | reverse", "p", True),
        ("steps.p.images", "o", True),
        ("steps.w.images", "p", True),  # of tasks whose keys may be called as those of the step
        ("steps.p.images", "p", False),
        ("steps.o.images", "p", False),
        ("steps.s.images", "o", False),
        ("steps.k.images", "p", False),
    ],
)
def test_an_image_that_chooses_a_task_is_one_of_those_that_its_step_goes_through(
    say: Say, kind: str, items: str, step: str, fits: bool
) -> None:
    text = FROM_A_SET.replace("LIST", items).replace("STEP", step).replace("KIND", kind)
    found = [one for one in say(text) if one.startswith("no-such-task")]
    assert found == ([] if fits else ["no-such-task «v=each.v»"])


def test_a_cycle_of_steps_that_go_through_each_other_is_told_as_one(say: Say) -> None:
    text = (
        'steps:\n  a: {for_each: {v: "{{ steps.b.images }}"}, generate: {prompt: A}}\n'
        '  b: {for_each: {v: "{{ steps.a.images }}"}, generate: {prompt: B}}\n'
        "  k: {for_each: {x: [1, 2]}, generate: {prompt: 'K {{ each.x }}'}}\n"
        '  c: {for_each: {v: "{{ steps.k.images }}"}, generate: {prompt: C, image_input: "{{ steps.a.at(v=each.v).images }}"}}\n'
    )
    assert {one.partition(" ")[0] for one in say(text)} == {"cycle"}


def test_an_output_is_as_long_as_the_used_recipe_says(say: Say, tmp_path: Path) -> None:
    inner = "seedflow: 1\nsteps: {a: {generate: {prompt: x}}, b: {generate: {prompt: y}}}\n"
    inner += 'outputs: {both: "{{ steps.a.images + steps.b.images }}", one: "{{ steps.a.images[0] }}"}\n'
    (tmp_path / "both.yaml").write_text(inner)
    text = """
        steps:
          both: {recipe: ./both.yaml}
          use:
            for_each: {x: "{{ steps.both.outputs.OUTPUT }}"}
            generate: {prompt: "{{ each.x.name }}"}
    """
    assert say(text.replace("OUTPUT", "one")) == []
    assert say(text.replace("OUTPUT", "both")) == []
    (tmp_path / "both.yaml").write_text(
        inner.replace("steps.a.images + steps.b.images", "steps.a.images * 2")
    )
    assert say(text.replace("OUTPUT", "both")) == ['unbounded-list «"{{ steps.a.images * 2 }}"»']


@pytest.mark.parametrize("kind", ["at", "where"])
def test_a_list_that_chooses_tasks_is_answered_with_a_filter_that_does(check: Check, kind: str) -> None:
    text = """
        inputs: {several: {type: list, of: integer, default: [1, 3]}}
        steps:
          a: {for_each: {n: [1, 2, 3]}, generate: {prompt: "A {{ each.n }}"}}
          b: {generate: {prompt: "B {{ inputs.several | length }}", image_input: "{{ CHOSEN }}"}}
    """
    (found,) = check(text.replace("CHOSEN", f"steps.a.{kind}(n=inputs.several).images"))
    chosen = "steps.a.images | selectattr('each.n', 'in', inputs.several)"
    assert found.message == "`n` must be one value of the variable, and this is a list of whole numbers"
    assert found.help == f"give it one item, or choose several with `{chosen}`"
    assert check(text.replace("CHOSEN", chosen)) == []
    assert check(text.replace("CHOSEN", "steps.a.where(n=1).images + steps.a.where(n=3).images")) == []
