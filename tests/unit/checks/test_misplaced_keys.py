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


def test_a_parameter_beside_a_slip_of_generate_is_not_sent_to_a_second_one(check_all: CheckAll) -> None:
    found = check_all("seedflow: 1\nsteps: {a: {genrate: {prompt: A fox}, size: 2K}}\n")
    assert [describe(one) for one in found] == ["unknown-key «genrate»", "unknown-key «size»"]
    assert "above" not in (found[1].help or "")


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


DEEPER = {
    "a parameter below the references": (
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      image_input:
        hero: "{{ inputs.pic }}"
        size: 2K
""",
        "unknown-key «size»",
        "indent `size`, with all that is inside, like `image_input`",
        """
    generate:
      prompt: "A fox like {{ ref.hero }}"
      image_input:
        hero: "{{ inputs.pic }}"
      size: 2K
""",
    ),
    "a parameter below another": (
        """
    generate:
      prompt: A fox
      size:
        aspect_ratio: 16:9
""",
        "unknown-key «aspect_ratio»",
        "indent `aspect_ratio`, with all that is inside, like `size`",
        """
    generate:
      prompt: A fox
      size:
      aspect_ratio: 16:9
""",
    ),
    "a variable below another": (
        """
    for_each:
      who:
        in: [{id: a}, {id: b}]
        key: id
        where: [x, y]
    generate: {prompt: "A {{ each.who.id }} {{ each.where }}"}
""",
        "unknown-key «where»",
        "indent `where`, with all that is inside, like `who`",
        """
    for_each:
      who:
        in: [{id: a}, {id: b}]
        key: id
      where: [x, y]
    generate: {prompt: "A {{ each.who.id }} {{ each.where }}"}
""",
    ),
    "generate below for_each": (
        """
    for_each:
      who: [a, b]
      generate: {prompt: "A {{ each.who }}"}
""",
        "unknown-key «generate»",
        "indent `generate`, with all that is inside, like `for_each`",
        """
    for_each:
      who: [a, b]
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
    "generate in the braces of for_each": (
        """
    for_each: {who: [a, b], generate: {prompt: "A {{ each.who }}"}}
""",
        "unknown-key «generate»",
        "write `generate` beside `for_each`, outside of its braces",
        """
    for_each: {who: [a, b]}
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
    "options below for_each": (
        """
    for_each:
      who: [a, b]
      takes: 2
      when: "{{ inputs.night }}"
    generate: {prompt: "A {{ each.who }}"}
""",
        "unknown-key «takes»",
        "indent `takes`, `when`, with all that is inside, like `for_each`",
        """
    for_each:
      who: [a, b]
    takes: 2
    when: "{{ inputs.night }}"
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
    "generate below expect": (
        """
    expect:
      min_width: 100
      generate: {prompt: A hen}
""",
        "unknown-key «generate»",
        "indent `generate`, with all that is inside, like `expect`",
        """
    expect:
      min_width: 100
    generate: {prompt: A hen}
""",
    ),
    "for_each below description": (
        """
    description:
      for_each: {who: [a, b]}
    generate: {prompt: "A {{ each.who }}"}
""",
        "unknown-key «for_each»",
        "indent `for_each`, with all that is inside, like `description`",
        """
    description:
    for_each: {who: [a, b]}
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
    "a step below a step": (
        """
    generate: {prompt: A hen}
    hen:
      generate: {prompt: A hen with her eggs, image_input: ["{{ steps.fox.images[0] }}"]}
      pig:
        generate: {prompt: "A pig", image_input: ["{{ steps.hen.images[0] }}"]}
""",
        "unknown-key «hen»",
        "indent `hen`, with all that is inside, like `fox`",
        None,
    ),
    "what tells the items of a variable, beside it": (
        """
    for_each:
      who: [a, b]
      at_most: 3
    generate: {prompt: "A {{ each.who }}"}
""",
        "wrong-type «at_most»",
        "write it with the list: `who: {in: …, at_most: 3}`",
        """
    for_each:
      who: {in: [a, b], at_most: 3}
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
    "the key of a long variable, beside it": (
        """
    for_each:
      who:
        in: [{id: a}, {id: b}]
      key: id
    generate: {prompt: "A {{ each.who.id }}"}
""",
        "wrong-type «key»",
        "indent `key` like `in`, below `who`",
        """
    for_each:
      who:
        in: [{id: a}, {id: b}]
        key: id
    generate: {prompt: "A {{ each.who.id }}"}
""",
    ),
    "all of a variable beside it": (
        """
    for_each:
      who:
      in: [a, b]
      at_most: 3
    generate: {prompt: "A {{ each.who }}"}
""",
        "wrong-type «in»",
        "indent `in`, `at_most`, with all that is inside, further than `who`",
        """
    for_each:
      who:
        in: [a, b]
        at_most: 3
    generate: {prompt: "A {{ each.who }}"}
""",
    ),
}


@pytest.mark.parametrize(("wrong", "told", "help_text", "right"), DEEPER.values(), ids=DEEPER)
def test_what_is_indented_too_deep_is_told_alone_and_its_help_mends_it(
    check_all: CheckAll, wrong: str, told: str, help_text: str, right: str | None
) -> None:
    found = check_all(f"{INPUTS}steps:\n{USES}  fox:{wrong}")
    assert (describe(found[0]), found[0].help) == (told, help_text)
    if right is not None:
        assert len(found) == 1
        assert check_all(f"{INPUTS}steps:\n{USES}  fox:{right}") == []


def test_steps_below_a_step_that_is_below_a_step_are_told_level_by_level(check_all: CheckAll) -> None:
    found = check_all(f"{INPUTS}steps:\n{USES}  fox:{DEEPER['a step below a step'][0]}")
    assert [describe(one) for one in found] == ["unknown-key «hen»", "unknown-key «pig»"]


@pytest.mark.parametrize(
    ("text", "told", "owner"),
    [
        (
            'steps:\n  a: {generate: {prompt: A fox}}\n  outputs:\n    b: "{{ steps.a.images }}"\n',
            "outputs",
            "steps",
        ),
        (
            "values:\n  b: dusk\n  steps:\n    a: {generate: {prompt: 'A fox at {{ values.b }}'}}\n",
            "steps",
            "values",
        ),
        (
            (
                "inputs:\n  b: {type: text, default: x}\n  values: {c: '{{ inputs.b }}'}\n"
                "steps: {a: {generate: {prompt: '{{ values.c }}'}}}\n"
            ),
            "values",
            "inputs",
        ),
        (
            (
                "inputs:\n  b:\n    type: text\n    default: x\n    c: {type: text, default: y}\n"
                "steps: {a: {generate: {prompt: '{{ inputs.b }} {{ inputs.c }}'}}}\n"
            ),
            "c",
            "b",
        ),
    ],
)
def test_parts_below_another_part_are_told_alone(
    check_all: CheckAll, text: str, told: str, owner: str
) -> None:
    (found,) = check_all(f"seedflow: 1\n{text}")
    assert describe(found) == f"unknown-key «{told}»"
    assert found.help == f"indent `{told}`, with all that is inside, like `{owner}`"


@pytest.mark.parametrize(
    "text",
    [
        "steps: {outputs: {generate: {prompt: A fox}}, values: {generate: {prompt: A hen}}}\n",
        "inputs: {steps: {type: text, default: x}}\nsteps: {a: {generate: {prompt: '{{ inputs.steps }}'}}}\n",
        (
            "steps: {a: {for_each: {takes: [1, 2], when: '{{ [1, 2] }}'},"
            " generate: {prompt: '{{ each.takes }} {{ each.when }}'}}}\n"
        ),
        (
            "steps: {a: {for_each: {who: [a], key: [x, y], in: {in: [z]}},"
            " generate: {prompt: '{{ each.who }} {{ each.key }} {{ each.in }}'}}}\n"
        ),
        (
            "inputs: {p: {type: image, default: 'https://example.com/a.png'}}\n"
            "steps: {a: {generate: {prompt: 'A fox {{ ref.size }}', image_input: {size: '{{ inputs.p }}'}}}}\n"
        ),
    ],
)
def test_names_that_are_keys_elsewhere_are_names(check_all: CheckAll, text: str) -> None:
    assert check_all("seedflow: 1\n" + text) == []


OUTPUTS = """seedflow: 1
steps: {page: {for_each: {x: [day, night]}, generate: {prompt: "A {{ each.x }}"}}}
outputs:
"""


@pytest.mark.parametrize(
    ("wrong", "said", "help_text", "right"),
    [
        (
            '  pages: "{{ steps.page.images }}"\n  file: "pages/{{ each.x }}"\n',
            "wrong-type «file»",
            'write it with the images: `pages: {images: "{{ steps.page.images }}", file: "pages/{{ each.x }}"}`',
            '  pages: {images: "{{ steps.page.images }}", file: "pages/{{ each.x }}"}\n',
        ),
        (
            '  pages: "{{ steps.page.images }}"\n  file: "{{ each.x }}"\n',
            "wrong-type «file»",
            'write it with the images: `pages: {images: "{{ steps.page.images }}", file: "{{ each.x }}"}`',
            '  pages: {images: "{{ steps.page.images }}", file: "{{ each.x }}"}\n',
        ),
        (
            '  pages:\n    images: "{{ steps.page.images }}"\n  file: "pages/{{ each.x }}"\n',
            "wrong-type «file»",
            "indent `file` like `images`, below `pages`",
            '  pages:\n    images: "{{ steps.page.images }}"\n    file: "pages/{{ each.x }}"\n',
        ),
        (
            '  pages:\n  images: "{{ steps.page.images }}"\n  file: "pages/{{ each.x }}"\n',
            "wrong-type «images»",
            "indent `images`, `file`, with all that is inside, further than `pages`",
            '  pages:\n    images: "{{ steps.page.images }}"\n    file: "pages/{{ each.x }}"\n',
        ),
        (
            "  day: \"{{ steps.page.at(x='day').images }}\"\n  file: fox\n  night: \"{{ steps.page.at(x='night').images }}\"\n",
            "wrong-type «file»",
            "write it with the images: `day: {images: \"{{ steps.page.at(x='day').images }}\", file: fox}`",
            """  day: {images: "{{ steps.page.at(x='day').images }}", file: fox}
  night: "{{ steps.page.at(x='night').images }}"
""",
        ),
    ],
)
def test_what_belongs_to_an_output_and_stands_beside_it_is_told_once(
    check_all: CheckAll, wrong: str, said: str, help_text: str, right: str
) -> None:
    (found,) = check_all(OUTPUTS + wrong)
    assert (describe(found), found.help) == (said, help_text)
    assert check_all(OUTPUTS + right) == []


def test_outputs_that_are_called_like_a_key_of_an_output_are_left_alone(check_all: CheckAll) -> None:
    other = '  pages: "{{ steps.page.images }}"\n'
    assert check_all(OUTPUTS + other + "  file: \"{{ steps.page.at(x='day').images }}\"\n") == []
    assert check_all(OUTPUTS + other + '  file: {images: "{{ steps.page.images }}"}\n') == []
    assert (
        check_all(OUTPUTS + '  file: "{{ steps.page.images }}"\n  images: "{{ steps.page.images }}"\n') == []
    )


def test_what_is_wrong_in_the_name_of_a_file_beside_its_output_is_told_as_well(check_all: CheckAll) -> None:
    found = check_all(
        OUTPUTS + '  pages: "{{ steps.page.images }}"\n  file: "{{ each.y }}/{{ image.number }}"\n'
    )
    assert [describe(one) for one in found] == ["wrong-type «file»", "unknown-variable «y»"]
