"""Keys on the wrong level: one message each, nothing that follows, and a recipe that checks once the help is followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from seedflow.diagnostics import Diagnostic
from tests.unit.checks.conftest import describe

CheckAll = Callable[[str], list[Diagnostic]]

INPUTS = """seedflow: 1
inputs:
  pic: {type: image, default: "https://example.com/a.png"}
  night: {type: boolean, default: true}
"""
USES = """  uses:
    when: "{{ inputs.night }}"
    generate: {prompt: A fox, image_input: ["{{ inputs.pic }}"]}
"""

WRONG_AND_RIGHT = {
    "references": (
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      references: {hero: "{{ inputs.pic }}"}
""",
        "unknown-parameter «references»",
        "write `image_input:`",
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      image_input: {hero: "{{ inputs.pic }}"}
""",
    ),
    "a parameter beside generate": (
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
    image_input: {hero: "{{ inputs.pic }}"}
""",
        "unknown-key «image_input»",
        "write it inside `generate:`",
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      image_input: {hero: "{{ inputs.pic }}"}
""",
    ),
    "parameters without generate": (
        """
    prompt: "A fox like {{ ref.hero }}"
    image_input: {hero: "{{ inputs.pic }}"}
""",
        "unknown-key «prompt»",
        "write a line `generate:` above, and indent them below it",
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      image_input: {hero: "{{ inputs.pic }}"}
""",
    ),
    "for_each in generate": (
        """
    generate:
      for_each: {mood: [calm, wild]}
      prompt: "A {{ each.mood }} fox"
""",
        "unknown-parameter «for_each»",
        "`for_each:` stands beside `generate:`, as a key of the step",
        """
    for_each: {mood: [calm, wild]}
    generate:
      prompt: "A {{ each.mood }} fox"
""",
    ),
    "several options in generate": (
        """
    generate:
      takes: 2
      iterate: {over: [snow, stars], as: e, start: "{{ inputs.pic }}"}
      prompt: "Add {{ each.e }}"
      image_input: ["{{ prev }}"]
""",
        "unknown-parameter «takes»",
        "`takes:` and `iterate:` stand beside `generate:`, as keys of the step",
        """
    takes: 2
    iterate: {over: [snow, stars], as: e, start: "{{ inputs.pic }}"}
    generate:
      prompt: "Add {{ each.e }}"
      image_input: ["{{ prev }}"]
""",
    ),
    "for in iterate": (
        """
    iterate: {for: [snow, stars], as: e, start: "{{ inputs.pic }}"}
    generate: {prompt: "Add {{ each.e }}", image_input: ["{{ prev }}"]}
""",
        "unknown-key «for»",
        "write `over:`",
        """
    iterate: {over: [snow, stars], as: e, start: "{{ inputs.pic }}"}
    generate: {prompt: "Add {{ each.e }}", image_input: ["{{ prev }}"]}
""",
    ),
    "the name of edits for a key": (
        """
    iterate: {e: [snow, stars], start: "{{ inputs.pic }}"}
    generate: {prompt: "Add {{ each.e }}", image_input: ["{{ prev }}"]}
""",
        "unknown-key «e»",
        "write `over:` for the list and `as: e` for its name",
        """
    iterate: {over: [snow, stars], as: e, start: "{{ inputs.pic }}"}
    generate: {prompt: "Add {{ each.e }}", image_input: ["{{ prev }}"]}
""",
    ),
    "items in for_each": (
        """
    for_each: {x: {items: [a, b]}}
    generate: {prompt: "A {{ each.x }}"}
""",
        "unknown-key «items»",
        "write `in:`",
        """
    for_each: {x: {in: [a, b]}}
    generate: {prompt: "A {{ each.x }}"}
""",
    ),
}


@pytest.mark.parametrize(
    ("wrong", "told", "help_text", "right"), WRONG_AND_RIGHT.values(), ids=WRONG_AND_RIGHT
)
def test_a_key_of_a_step_on_the_wrong_level_is_told_alone_and_its_help_mends_it(
    check_all: CheckAll, wrong: str, told: str, help_text: str, right: str
) -> None:
    found = check_all(f"{INPUTS}steps:\n{USES}  fox:{wrong}")
    assert [(describe(one), one.help) for one in found] == [(told, help_text)]
    assert check_all(f"{INPUTS}steps:\n{USES}  fox:{right}") == []


@pytest.mark.parametrize("word", ["images", "reference_images", "refs"])
def test_other_words_for_the_images_of_a_request_are_read_as_these(check_all: CheckAll, word: str) -> None:
    text = f'{INPUTS}steps:\n{USES}  fox: {{generate: {{prompt: "{{{{ ref.a }}}}", {word}: {{a: "{{{{ inputs.pic }}}}"}}}}}}\n'
    (found,) = check_all(text)
    assert (describe(found), found.help) == (f"unknown-parameter «{word}»", "write `image_input:`")


TOP = "seedflow: 1\ninputs: {mood: {type: text, default: calm}}\n"
STEPS = "steps: {a: {generate: {prompt: A fox}}}\n"


@pytest.mark.parametrize(
    ("text", "help_text"),
    [
        (
            'generate: {prompt: "A {{ inputs.mood }} fox"}\n',
            "write it inside a step, below `steps:`: `steps: {NAME: {generate: …}}`",
        ),
        (
            'prompt: "A {{ inputs.mood }} fox"\nsize: 2K\n',
            "write them inside a step, below `steps:`: `steps: {NAME: {generate: {prompt: …, size: …}}}`",
        ),
        (
            'prompt: "A {{ inputs.mood }} fox {{ each.m }}"\nfor_each: {m: [a, b]}\n' + STEPS,
            "write them inside a step, below `steps:`: `steps: {NAME: {generate: {prompt: …}, for_each: …}}`",
        ),
        (
            'size: "{{ inputs.mood }}"\n' + STEPS,
            "write it inside `generate:` of a step, or for all steps `defaults: {size: …}`",
        ),
    ],
)
def test_what_belongs_to_a_step_is_told_at_the_top_level_alone(
    check_all: CheckAll, text: str, help_text: str
) -> None:
    (found,) = check_all(TOP + text)
    assert found.code == "unknown-key"
    assert found.help == help_text


def test_an_option_that_stands_on_both_levels_is_told_by_the_model(check_all: CheckAll) -> None:
    (found,) = check_all("seedflow: 1\nsteps: {a: {takes: 2, generate: {prompt: A fox, takes: 3}}}\n")
    assert describe(found) == "unknown-parameter «takes»"
    assert found.help == "`takes:` stands beside `generate:`, as a key of the step"


def test_what_is_wrong_inside_of_a_key_on_the_wrong_level_is_told_as_well(check_all: CheckAll) -> None:
    found = check_all("seedflow: 1\nsteps: {a: {generate: {prompt: A fox}, size: 3K}}\n")
    assert [describe(one) for one in found] == ["unknown-key «size»", "wrong-value «3K»"]
