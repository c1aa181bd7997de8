"""Rules of steps that no room's own test names: the rest is held, by name, where steps are checked, planned and run."""

from __future__ import annotations

import re

import pytest

from seedflow.plan.model import Action, Reason
from tests.rules.desk import Desk

REFERENCES = """
    inputs: {style: {type: image, optional: true}}
    steps:
      page:
        generate:
          prompt: "%s"
          image_input:
            style: "{{ inputs.style }}"
            fox: fox.jpg
            owls: [owl.jpg, photo.jpg]
"""


@pytest.mark.parametrize("name", ["a", "page_2", "x1"])
def test_a_steps_name_is_a_letter_then_letters_digits_and_lines(desk: Desk, name: str) -> None:
    """`[a-z][a-z0-9_]*`."""
    assert desk.codes(f"steps: {{{name}: {{generate: {{prompt: A}}}}}}") == []


@pytest.mark.parametrize("name", ["Page", "2page", "_page", "page-two", "seite_ü", '""', "a b"])
def test_any_other_name_is_an_error(desk: Desk, name: str) -> None:
    assert desk.codes(f"steps: {{{name}: {{generate: {{prompt: A}}}}}}")[0] == "bad-name"


def test_the_model_is_known_when_planning_and_has_a_default(desk: Desk) -> None:
    """A literal or a template over inputs, never over what steps give; `bytedance/seedream-4.5` without it."""
    assert desk.tasks("steps: {a: {generate: {prompt: A}}}")["a"].model == "bytedance/seedream-4.5"
    chosen = 'inputs: {m: {type: text, default: bytedance/seedream-5-lite}}\nsteps: {a: {generate: {model: "{{ inputs.m }}", prompt: A}}}'
    assert desk.tasks(chosen)["a"].model == "bytedance/seedream-5-lite"
    late = 'steps: {a: {generate: {prompt: A}}, b: {generate: {model: "{{ steps.a.images[0].name }}", prompt: B}}}'
    assert desk.codes(late) != []


@pytest.mark.parametrize(
    ("given", "code"), [("size: 9K", "wrong-value"), ('size: "{{ inputs.size }}"', "wrong-value")]
)
def test_what_the_card_does_not_allow_is_an_error_literal_or_rendered(
    desk: Desk, given: str, code: str
) -> None:
    """At check time for literals, at plan time for rendered values; before it is sent: `tests/unit/run/test_collect.py`."""
    text = (
        f"inputs: {{size: {{type: text, default: 9K}}}}\nsteps: {{a: {{generate: {{prompt: A, {given}}}}}}}"
    )
    checked = [found.code for found in desk.open(text).check() if found.severity == "error"]
    assert checked == ([code] if "{{" not in given else [])
    assert desk.codes(text) == [code]


def test_a_reference_keeps_its_position_when_another_comes_or_goes(desk: Desk) -> None:
    """The tool, not the author, keeps positions right: "image 2", "images 2 and 3"."""
    text = REFERENCES % "{{ ref.fox }} and {{ ref.owls }}{% if ref.style %} like {{ ref.style }}{% endif %}"
    assert desk.asks(text) == {"page": "image 1 and images 2 and 3"}
    assert desk.asks(text, "style=style.jpg") == {"page": "image 2 and images 3 and 4 like image 1"}


def test_an_absent_reference_is_false_in_a_test_and_an_error_when_printed(desk: Desk) -> None:
    assert desk.asks(REFERENCES % "{{ 'with' if ref.style else 'without' }} {{ ref.fox }} {{ ref.owls }}")["page"] == (
        "without image 1 images 2 and 3"
    )  # fmt: skip # a row a line
    assert desk.codes(REFERENCES % "{{ ref.style }} {{ ref.fox }} {{ ref.owls }}") == [
        "template-absent-reference"
    ]


def test_none_of_the_references_vanishes_and_lists_are_flattened_in_place(desk: Desk) -> None:
    """An item that is none vanishes; when nothing is left, the field is not sent."""
    text = """
        inputs:
          style: {type: image, optional: true}
          pair: {type: list, of: image, default: [fox.jpg, owl.jpg]}
        steps:
          page: {generate: {prompt: A, image_input: [photo.jpg, "{{ inputs.style }}", "{{ inputs.pair }}", style.jpg]}}
          bare: {generate: {prompt: B, image_input: ["{{ inputs.style }}"]}}
    """
    tasks = desk.tasks(text)
    names = [getattr(one.image, "path", None).name for one in tasks["page"].references]
    assert names == ["photo.jpg", "fox.jpg", "owl.jpg", "style.jpg"]
    assert (tasks["bare"].references, "image_input" in tasks["bare"].params) == ((), False)


def test_another_order_of_references_is_another_request_and_the_plan_says_so(desk: Desk) -> None:
    text = "steps: {page: {generate: {prompt: A, image_input: [%s]}}}"
    desk.run(text % "fox.jpg, owl.jpg")
    same = desk.tasks(text % "fox.jpg, owl.jpg")["page"]
    other = desk.tasks(text % "owl.jpg, fox.jpg")["page"]
    assert (same.action, other.action) == (Action.REUSE, Action.CALL)
    assert other.reason is Reason.REFERENCE_CHANGED


def test_what_an_image_has(desk: Desk) -> None:
    """`.width`, `.height`, `.format`, `.digest`, `.name`, `.number` (from 1), `.key`, `.take` and `.each`."""
    text = """
        steps:
          sheet:
            takes: 2
            for_each: {scene: [on a lake]}
            generate: {prompt: "{{ each.scene }}", size: 2K, aspect_ratio: 1:1, sequential_image_generation: auto, max_images: 2}
          page:
            for_each: {it: "{{ steps.sheet.images }}"}
            generate:
              prompt: >-
                {{ each.it.width }}×{{ each.it.height }} {{ each.it.format }} {{ each.it.name }} {{ each.it.number }}
                {{ each.it.key }} {{ each.it.take }} {{ each.it.each.scene }} {{ each.it.digest }}
    """
    desk.run(text)
    found = [str(prompt) for address, prompt in desk.asks(text).items() if address.startswith("page")]
    assert [re.sub(r"sha256:[0-9a-f]{64}$", "DIGEST", prompt) for prompt in found] == [
        "2048×2048 jpeg sheet-on-a-lake-1 1 on-a-lake 1 on a lake DIGEST",
        "2048×2048 jpeg sheet-on-a-lake-2 2 on-a-lake 1 on a lake DIGEST",
        "2048×2048 jpeg sheet-on-a-lake-t2-1 1 on-a-lake 2 on a lake DIGEST",
        "2048×2048 jpeg sheet-on-a-lake-t2-2 2 on-a-lake 2 on a lake DIGEST",
    ]


@pytest.mark.parametrize(
    "condition",
    ["true", "yes", "inputs.n", '"{{ inputs.n }}"', '"{{ inputs.words }}"', "\"{{ 'true' }}\"", '"not {{ true }}"', '"{% if true %}true{% endif %}"'],
)  # fmt: skip # a row a line
def test_when_is_one_expression_that_gives_a_boolean(desk: Desk, condition: str) -> None:
    """Truthiness and bare text are errors."""
    said = desk.codes(f"""
        inputs: {{n: {{type: integer, default: 1}}, words: {{type: list, of: text, default: [a]}}}}
        steps: {{a: {{when: {condition}, generate: {{prompt: A}}}}}}
    """)
    assert said in (["not-boolean"], ["not-a-condition"])


def test_keys_depend_on_the_value_alone(desk: Desk) -> None:
    """Slug of at most 40 characters, with `~` and six digest characters where it lost anything but spaces; Unicode stays."""
    text = """
        inputs: {it: {type: list, of: text}}
        steps: {page: {for_each: {scene: "{{ inputs.it }}"}, generate: {prompt: "{{ each.scene }}"}}}
    """
    items = ["asleep in a library", "Füchse im Wald", "at sea!", "x" * 41]
    addresses = list(desk.tasks(text, *[f"it={one}" for one in items]))
    assert addresses[:2] == ["page[scene=asleep-in-a-library]", "page[scene=Füchse-im-Wald]"]
    assert re.fullmatch(r"page\[scene=at-sea~[0-9a-f]{6}\]", addresses[2])
    assert re.fullmatch(r"page\[scene=x{40}~[0-9a-f]{6}\]", addresses[3])
    moved = list(desk.tasks(text, *[f"it={one}" for one in ["new", *reversed(items)]]))
    assert moved == ["page[scene=new]", *reversed(addresses)]
    assert desk.codes(text, "it=a", "it=a") == ["equal-keys"]


@pytest.mark.parametrize(
    "mention",
    [
        "steps.one.outputs.sheet",
        "steps.many.at(who='a fox').outputs.sheet",
        "steps.many.where(who='a fox').outputs.sheet",
        "(steps.many.tasks | first).outputs.sheet",
        "(optional(steps.one.outputs.sheet))",
    ],
)
def test_an_output_is_a_list_also_where_it_is_a_single_image(desk: Desk, mention: str) -> None:
    """`steps.S.outputs.X`, of the one use, of a picked one, and of a task: taking `for_each` away changes no mention."""
    desk.write(
        "part.yaml",
        """
        seedflow: 1
        inputs: {who: {type: text, default: an owl}}
        steps: {s: {generate: {prompt: "{{ inputs.who }}"}}}
        outputs: {sheet: "{{ steps.s.images[0] }}"}
    """.lstrip("\n"),
    )
    text = f"""
        steps:
          one: {{recipe: ./part.yaml}}
          many: {{recipe: ./part.yaml, for_each: {{who: [a fox, a hare]}}, with: {{who: "{{{{ each.who }}}}"}}}}
          page: {{generate: {{prompt: "{{{{ {mention} | length }}}}, {{{{ ({mention} | first).number }}}}"}}}}
    """
    desk.run(text)
    assert desk.asks(text)["page"] == "1, 1"
