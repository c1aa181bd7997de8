"""A broken part of a recipe hides no problem of the rest, and nothing is said that only follows from it being broken."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from seedflow.diagnostics import Diagnostic

CheckAll = Callable[[str], list[Diagnostic]]

OTHER = 'other: {generate: {prompt: "{{ inputs.hro }}", promt: x, size: 3K}}'
"""A step with three problems of its own."""
ITS_OWN = ["unknown-input «hro»", "unknown-parameter «promt»", "wrong-value «3K»"]


def describe(found: Diagnostic) -> str:
    assert found.span is not None
    return f"{found.code} «{found.span.source.text[found.span.start : found.span.end]}»"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        # Nothing lies between the bounds, which says nothing of a slice.
        (
            f"""
inputs: {{photos: {{type: list, of: image, min_items: 2, max_items: 1}}}}
steps: {{{OTHER}, uses: {{generate: {{prompt: "{{{{ inputs.photos[1:] | length > 0 }}}}"}}}}}}
""",
            ["empty-bounds «min_items»", *ITS_OWN],
        ),
        (
            f"""
inputs: {{hero: {{type: text}}}}
steps:
  fox: {{genrate: {{prompt: "{{{{ inputs.hero }}}}"}}}}
  {OTHER}
  uses: {{generate: {{prompt: x, image_input: ["{{{{ steps.fox.images[3] }}}}"]}}, needs: [fox, fax]}}
outputs: {{fox: "{{{{ steps.fox.images }}}}"}}
""",
            ["unknown-key «genrate»", *ITS_OWN, "no-such-image «steps.fox.images[3]»", "unknown-step «fax»"],
        ),
        (
            f"""
inputs: {{Hero: {{type: text}}}}
steps: {{{OTHER}, uses: {{generate: {{prompt: "{{{{ inputs.hero }}}} {{{{ inputs.Hero }}}}"}}}}}}
outputs: {{a: "{{{{ steps.nope.images }}}}"}}
""",
            ["bad-name «Hero»", *ITS_OWN, "unknown-step «nope»"],
        ),
        (
            f"""
inputs: {{hero: {{typ: text}}}}
steps: {{{OTHER}, uses: {{generate: {{prompt: "{{{{ inputs.hero }}}}"}}}}}}
""",
            ["unknown-key «typ»", *ITS_OWN],
        ),
        (
            f"""
steps: {{{OTHER}}}
outputs: {{a: "{{{{ steps.nope.images }}}}", b: {{file: "../x"}}}}
""",
            [*ITS_OWN, "unknown-step «nope»", "missing-key «b»", "bad-file-name «\"../x\"»"],
        ),
        (
            f"""
values: {{tone: [warm], twice: "{{{{ values.tone }}}} {{{{ values.tome }}}}"}}
steps: {{{OTHER}, uses: {{generate: {{prompt: "{{{{ values.twice }}}}"}}}}}}
""",
            ["wrong-type «[warm]»", "unknown-value «tome»", *ITS_OWN],
        ),
        (
            f"""
inputz: {{hero: {{type: text}}}}
vars: {{tone: warm}}
steps: {{{OTHER}, uses: {{generate: {{prompt: "{{{{ inputs.hero }}}} {{{{ values.tone }}}}"}}}}}}
""",
            ["unknown-key «inputz»", "unknown-key «vars»", *ITS_OWN],
        ),
        (
            """
defaults: [4K]
steps: {a: {generate: {}}, b: {generate: {prompt: "{{ inputs.x }}"}}}
""",
            ["wrong-type «[4K]»", "unknown-input «x»"],
        ),
        (
            """
stpes: {a: {generate: {prompt: x}}}
outputs: {a: "{{ steps.a.images }}", b: "{{ inputs.x }}"}
""",
            ["unknown-key «stpes»", "unknown-input «x»"],
        ),
        (
            f"""
steps: {{{OTHER}}}
fox: {{generate: {{prompt: x}}}}
outputs: {{a: "{{{{ steps.fox.images }}}}", b: "{{{{ steps.fx.images }}}}"}}
""",
            [*ITS_OWN, "unknown-key «fox»", "unknown-step «fx»"],
        ),
        (
            """
steps:
  a: {generate: {prompt: x}, needs: b}
  b: {generate: {prompt: x}, needs: c}
  c: {generate: {prompt: x}, needs: [c, a]}
""",
            ["cycle «c»", "cycle «a»"],
        ),
    ],
    ids=[
        "bounds with nothing between them",
        "kind", "bad name", "input", "output", "value", "parts", "defaults", "steps", "outdented", "cycle"
    ],
)  # fmt: skip # a row a line
def test_a_broken_part_hides_nothing_and_nothing_follows_from_it(
    check_all: CheckAll, text: str, expected: list[str]
) -> None:
    assert [describe(found) for found in check_all("seedflow: 1" + text)] == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            "expect: {images: 0, min_widht: 3, min_width: -4, aspect_ratio: wide}",
            ["out-of-bounds «0»", "unknown-key «min_widht»", "out-of-bounds «-4»", "not-a-ratio «wide»"],
        ),
        (
            "expect: {images: {min: 0}, min_width: 0, otherwise: retri, attempts: 0}",
            ["out-of-bounds «0»", "out-of-bounds «0»", "not-an-option «retri»", "out-of-bounds «0»"],
        ),
        ("expect: {min_widht: 3}", ["unknown-key «min_widht»"]),
        ("expect: {zzz: 3}", ["unknown-key «zzz»"]),
        ("expect: {images: 1, otherwise: zzzzz, attempts: 3}", ["not-an-option «zzzzz»"]),
        ("expect: {images: 1, retry: true, attempts: 3}", ["unknown-key «retry»"]),
        ("expect: {images: [2], min_width: 0}", ["wrong-type «[2]»", "out-of-bounds «0»"]),
        (
            "for_each: {a: {in: red, at_most: x, kye: x}}",
            ["not-a-list «red»", "wrong-type «x»", "unknown-key «kye»"],
        ),
        (
            "for_each: {a: {at_most: x}, b: {in: '{{ inputs.zz }}'}}",
            ["missing-key «a»", "wrong-type «x»", "unknown-input «zz»"],
        ),
        ("for_each: {a: {in: [{n: 1}, {n: 2}], key: []}}", ["wrong-type «[]»"]),
        (
            "for_each: {a: {in: '{{ steps.set.images }}', at_most: two}}",
            ["wrong-type «two»"],
        ),
        (
            "iterate: {over: red, as: e, strat: 3, start: '{{ inputs.photoo }}'}",
            ["not-a-list «red»", "unknown-key «strat»", "unknown-input «photoo»"],
        ),
        (
            "iterate: {over: '{{ inputs.zz }}', start: photo}",
            ["missing-key «iterate»", "unknown-input «zz»", "not-an-image «photo»"],
        ),
        (
            "iterate: {as: e, start: '{{ inputs.photoo }}'}",
            ["missing-key «iterate»", "unknown-input «photoo»"],
        ),
    ],
)
def test_what_is_wrong_in_an_option_hides_nothing_beside_it(
    check_all: CheckAll, rest: str, expected: list[str]
) -> None:
    request = "{prompt: 'A {{ each.e }}', image_input: ['{{ prev }}']}"
    if not rest.startswith("iterate"):
        request = "{prompt: 'A {{ each.a }}'}" if rest.startswith("for_each") else "{prompt: A fox}"
    text = f"""seedflow: 1
inputs: {{photo: {{type: image}}}}
steps:
  set: {{generate: {{prompt: Foxes, sequential_image_generation: auto, max_images: 3}}}}
  own: {{generate: {request}, {rest}}}
"""
    found = [describe(one) for one in check_all(text) if one.code not in ("unused-input", "not-text")]
    assert found == expected


@pytest.mark.parametrize(
    ("rest", "expected"),
    [
        (
            'outputs: {a: {images: "{{ steps.zz.images }}", fil: x, file: "../x"}}',
            ["unknown-step «zz»", "unknown-key «fil»", 'bad-file-name «"../x"»'],
        ),
        (
            'outputs: {a: {images: red, file: "../x"}}',
            ["output-without-images «red»", 'bad-file-name «"../x"»'],
        ),
        (
            "outputs: {a: {images: red, file: x}, b: {file: y}}",
            ["output-without-images «red»", "missing-key «b»"],
        ),
        (
            'ref_words: {one: "x", mny: y, many: "z"}',
            ['wording-without-place «"x"»', "unknown-key «mny»", 'wording-without-place «"z"»'],
        ),
        (
            'ref_words: {one: "x", many: []}',
            ['wording-without-place «"x"»', "wrong-type «[]»"],
        ),
        (
            "inputs: {n: {type: int, default: x, minimum: 3, maximum: 2}}",
            ["unknown-type «int»", "empty-bounds «minimum»"],
        ),
        (
            "inputs: {n: {type: int, default: x, minimum: 1}}",
            ["unknown-type «int»", "wrong-type «x»"],
        ),
        (
            "inputs: {n: {type: table, columns: {a: {type: integer, minimum: x}, b: {type: choice}}}}",
            ["wrong-type «x»", "missing-key «b»"],
        ),
        (
            "inputs: {n: {type: text, required: true, min_length: 3, max_length: 2}}",
            ["unknown-key «required»", "empty-bounds «min_length»"],
        ),
        ("inputs: {n: {type: choice, enum: [a, b]}}", ["unknown-key «enum»"]),
    ],
)
def test_what_is_wrong_in_a_mapping_of_the_recipe_hides_nothing_beside_it(
    check_all: CheckAll, rest: str, expected: list[str]
) -> None:
    text = f"seedflow: 1\nsteps: {{own: {{generate: {{prompt: A fox}}}}}}\n{rest}\n"
    assert [describe(one) for one in check_all(text) if one.code != "unused-input"] == expected


TOO_MANY = "too-many-values «image_input»"


@pytest.mark.parametrize(
    ("number", "most", "expected"),
    [
        ("{type: integer, default: 2, minimum: 1}", "{{ inputs.n }}", [TOO_MANY]),
        ("{type: integer, default: 2, minimum: 1, maximum: 4}", "{{ inputs.n }}", []),
        ("{type: int, default: 2, maximum: 4}", "{{ inputs.n }}", ["unknown-type «int»"]),
        ("{type: zzz, default: 2, maximum: 4}", "{{ inputs.n }}", ["unknown-type «zzz»"]),
        ("{type: integer, max: 4}", "{{ inputs.n }}", ["unknown-key «max»"]),
        ("{type: integer, atmost: 4}", "{{ inputs.n }}", ["unknown-key «atmost»"]),
        ("{type: integer, maximum: four}", "{{ inputs.n }}", ["wrong-type «four»"]),
        ("{type: integer, maximum: four}", "{{ values.v }}", ["wrong-type «four»"]),
        ("{type: integer, maximum: 4}", "{{ inputs.m }}", ["unknown-input «m»"]),
        ("{type: integer, maximum: 4}", "{{ values.m }}", ["unknown-value «m»"]),
        ("{type: integer, maximum: 4}", "{{ inputs.n | zzz }}", ["template-unknown-filter «zzz»"]),
        # What has nothing to do with it takes nothing from it.
        ("{type: integer}", "{{ inputs.n }}", [TOO_MANY, "wrong-type «x»"]),
    ],
)
def test_a_bound_that_could_not_be_read_gives_no_doubt_as_if_there_were_none(
    check_all: CheckAll, number: str, most: str, expected: list[str]
) -> None:
    found = check_all(f"""seedflow: 1
inputs: {{photo: {{type: image}}, n: {number}}}
values: {{v: "{{{{ inputs.n }}}}"}}
steps:
  set: {{generate: {{prompt: Foxes, sequential_image_generation: auto, max_images: "{most}"}}}}
  sheet:
    generate:
      prompt: "{{{{ ref.s }}}} and {{{{ ref.p }}}}"
      image_input: {{s: '{{{{ steps.set.images }}}}', p: '{{{{ inputs.photo }}}}'}}
  own: {{generate: {{prompt: A fox}}, takes: {"x" if len(expected) == 2 else 2}}}
""")
    unused = ("unused-input", "unused-value")
    assert [describe(one) for one in found if one.code not in unused] == expected


@pytest.mark.parametrize(
    ("problem", "expected"),
    [
        ("{type: integer, maximum: four}", ["wrong-type «four»"]),
        ("{type: integer, maximum: 4}", []),
        ("{type: integer}", [TOO_MANY]),
    ],
)
def test_nor_does_one_of_the_recipe_around_or_of_a_limit_on_results(
    check_all: CheckAll, problem: str, expected: list[str]
) -> None:
    found = check_all(f"""seedflow: 1
inputs: {{photo: {{type: image}}, n: {problem}}}
steps:
  set:
    generate: {{prompt: Foxes, sequential_image_generation: auto, max_images: 15}}
    expect: {{images: {{max: "{{{{ inputs.n }}}}"}}}}
  sheet:
    generate:
      prompt: "{{{{ ref.s }}}} and {{{{ ref.p }}}}"
      image_input: {{s: '{{{{ steps.set.images }}}}', p: '{{{{ inputs.photo }}}}'}}
""")
    assert [describe(one) for one in found] == expected


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        ("{{ image.nmae }}", ["template-unknown-name «nmae»"]),
        ("{{ image.number | pad(2) }}", ["template-unknown-filter «pad»"]),
        ("{{ each.sceen }}", ["unknown-variable «sceen»"]),
        ("page", ["same-file «page»", "same-file «page»", "same-file «page»"]),
    ],
)
def test_a_slip_in_the_name_of_a_file_does_not_make_it_one_for_several_images(
    check_all: CheckAll, file: str, expected: list[str]
) -> None:
    found = check_all(f"""seedflow: 1
steps: {{page: {{for_each: {{scene: [sea, wood]}}, generate: {{prompt: "{{{{ each.scene }}}}"}}}}}}
outputs:
  a: {{images: "{{{{ steps.page.images }}}}", file: "{file}"}}
  b: {{images: "{{{{ steps.page.images }}}}", file: "{file}"}}
""")
    told = [describe(one).replace('"', "") for one in found]
    assert told == (expected if file == "page" else expected * 2)


def test_a_misspelt_version_hides_nothing(check_all: CheckAll) -> None:
    found = check_all(f"seedflw: 1\nsteps: {{{OTHER}}}\n")
    assert [describe(each) for each in found] == ["unknown-key «seedflw»", *ITS_OWN]


def test_a_step_that_is_broken_is_still_suggested(check_all: CheckAll) -> None:
    _, found = check_all(
        'seedflow: 1\nsteps: {fox: {genrate: {prompt: x}}}\noutputs: {a: "{{ steps.fxo.images }}"}\n'
    )
    assert found.help == "did you mean `fox`?"


def test_steps_one_level_too_far_left_are_recognised(check_all: CheckAll) -> None:
    found = check_all("seedflow: 1\nsteps:\nfox: {generate: {prompt: x}}\nowl: {generate: {prompt: x}}\n")
    assert [(describe(each), each.help) for each in found] == [
        ("unknown-key «fox»", "indent it below `steps:`"),
        ("unknown-key «owl»", "indent it below `steps:`"),
    ]


def test_a_method_that_does_not_exist_is_one_problem(check_all: CheckAll) -> None:
    found = check_all(
        "seedflow: 1\ninputs: {c: {type: text}}\nsteps: {a: {generate: {prompt: '{{ inputs.c.upper() }}'}}}\n"
    )
    assert [describe(each) for each in found] == ["template-no-methods «upper()»"]


@pytest.mark.parametrize(
    ("request_of_a", "expected"),
    [
        ("promt: x", ["unknown-parameter «promt»"]),
        ('promt: "{{ steps.a.tasks }}"', ["unknown-parameter «promt»", "cycle «steps.a.tasks»"]),
        ("promt: x, size: 3K", ["unknown-parameter «promt»", "wrong-value «3K»"]),
        ("prompt: x, prompts: y", ["unknown-parameter «prompts»"]),
        ("zzz: x", ["missing-parameter «generate»", "unknown-parameter «zzz»"]),
        ("prompt: x, sequential_image_generation: auto, max_imags: 3", ["unknown-parameter «max_imags»"]),
    ],
)
def test_a_misspelt_parameter_is_not_missing_too(
    check_all: CheckAll, request_of_a: str, expected: list[str]
) -> None:
    found = check_all(f"seedflow: 1\nsteps: {{a: {{generate: {{{request_of_a}}}}}}}\n")
    assert [describe(each) for each in found] == expected


def test_what_a_broken_step_mentions_is_not_unused(check_all: CheckAll) -> None:
    found = check_all(
        "seedflow: 1\ninputs: {hero: {type: text}, left: {type: text}}\n"
        'steps: {a: {genrate: {prompt: "{{ inputs.hero }}"}}}\n'
    )
    assert [describe(each) for each in found] == ["unused-input «left»", "unknown-key «genrate»"]


@pytest.mark.parametrize("source", ["b", "c"])
def test_a_list_that_mentions_its_own_step_has_no_endless_shape(check_all: CheckAll, source: str) -> None:
    loop = "{for_each: {t: {in: [{k: a, x: '{{ steps.%s.images }}'}], key: k}}, generate: {prompt: '{{ each.t.x[0].name }}'}}"
    found = check_all(f"seedflow: 1\nsteps: {{b: {loop % source}, c: {loop % 'b'}}}\n")
    assert {each.code for each in found} == {"cycle"}


@pytest.mark.parametrize(
    ("step", "code"),
    [
        (
            'iterate: {over: [a, b], as: edit, start: a.jpg}, generate: {prompt: "{{ each.edit }}", image_input: ["{{ prev }}"]}',
            "not-an-image",
        ),
        (
            'for_each: "{{ zipp(name=inputs.a, b=inputs.a) }}", generate: {prompt: "{{ each.name }} {{ each.b }}"}',
            "template-unknown-function",
        ),
    ],
)
def test_nothing_follows_from_variables_that_could_not_be_read(
    check_all: CheckAll, step: str, code: str
) -> None:
    text = (
        f"seedflow: 1\ninputs: {{a: {{type: list, of: text, default: [x]}}}}\nsteps:\n  page: {{{step}}}\n"
        '  use: {generate: {prompt: "{{ inputs.a | join }}", image_input: "{{ steps.page.images }}"}}\n'
    )
    assert [found.code for found in check_all(text)] == [code]


@pytest.mark.parametrize(
    ("loop", "expected"),
    [
        ('p: "{{ steps.cast.at(who=each.pp).images }}"', "template-unknown-name «each»"),
        ('p: "{{ steps.cast.at(who=whoo).images }}"', "template-unknown-name «whoo»"),
        ('p: "{{ steps.cast.where(who=inptus.x).images }}"', "template-unknown-name «inptus»"),
        ('p: "{{ steps.cast.images + each.more }}"', "template-unknown-name «each»"),
        ('p: "{{ steps.cast.images | frist }}"', "template-unknown-filter «frist»"),
        ('p: [x, z], v: "{{ steps.cast.at(who=each.pp).images }}"', "unknown-variable «pp»"),
        ('p: [x, z], v: "{{ each.pp.images }}"', "unknown-variable «pp»"),
        ('p: "{{ steps.cast.where(who=inputs.whoo).images }}"', "unknown-input «whoo»"),
        ('p: "{{ steps.cats.at(who=inputs.who).images }}"', "unknown-step «cats»"),
        ('p: "{{ steps.cast.at(whoo=inputs.who).images }}"', "unknown-variable «whoo=inputs.who»"),
    ],
)
def test_a_misspelt_name_in_a_list_of_results_is_told_once(
    check_all: CheckAll, loop: str, expected: str
) -> None:
    text = f"""
seedflow: 1
inputs: {{who: {{type: text, default: ada}}}}
steps:
  cast:
    for_each: {{who: [ada, bo]}}
    generate: {{prompt: "{{{{ each.who }}}}, not {{{{ inputs.who }}}}"}}
  page:
    for_each: {{{loop}}}
    generate: {{prompt: "A page", image_input: ["{{{{ each.p }}}}"]}}
"""
    assert [describe(found) for found in check_all(text) if found.code != "text-for-image"] == [expected]


def test_a_misspelt_name_beside_an_image_to_choose_by_is_told_once(check_all: CheckAll) -> None:
    text = """
seedflow: 1
steps:
  cast:
    for_each: {who: [ada, bo]}
    generate: {prompt: "{{ each.who }}"}
  page:
    for_each: {p: "{{ steps.cast.images }}"}
    generate: {prompt: "A page", image_input: ["{{ steps.cast.at(who=each.pp).images }}", "{{ each.p }}"]}
"""
    assert [describe(found) for found in check_all(text)] == ["unknown-variable «pp»"]


INNER = """seedflow: 1
inputs: {n: {type: integer}, q: {type: text}}
steps: {t: {generate: {prompt: "{{ inputs.n }} {{ inputs.q }}"}}}
outputs: {images: "{{ steps.t.images }}"}
"""


@pytest.mark.parametrize(
    "option",
    [
        "takes: 2",
        "expect: {images: 1}",
        'iterate: {over: [a, b], as: e, start: "{{ steps.one.images[0] }}"}',
    ],
)
def test_an_option_that_does_not_go_with_a_used_recipe_hides_nothing_of_it(
    check_all: CheckAll, option: str, tmp_path: Path
) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    text = f"""
seedflow: 1
steps:
  one: {{generate: {{prompt: One}}}}
  use: {{recipe: ./inner.yaml, {option}, with: {{z: 1, n: many}}}}
"""
    assert [describe(found) for found in check_all(text)] == [
        "missing-input «./inner.yaml»",
        f"option-not-for-kind «{option.partition(':')[0]}»",
        "no-such-input «z»",
        "wrong-type «many»",
    ]


def test_inputs_for_a_request_hide_nothing_of_it(check_all: CheckAll) -> None:
    text = """
seedflow: 1
steps:
  use: {with: {z: 1}, generate: {prompt: "{{ inputs.hro }}", promt: x}}
"""
    assert [describe(found) for found in check_all(text)] == [
        "option-not-for-kind «with»",
        "unknown-input «hro»",
        "unknown-parameter «promt»",
    ]


def test_edits_that_could_not_be_read_are_not_said_to_be_none(check_all: CheckAll) -> None:
    text = """
seedflow: 1
steps:
  set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  use:
    iterate: {over: {in: "{{ steps.set.images }}", at_most: 5}, as: e, start: "{{ steps.set.images[0] }}"}
    generate: {prompt: Again, image_input: ["{{ prev }}", "{{ each.e }}"]}
"""
    assert [found.code for found in check_all(text)] == ["not-a-list"]


def test_a_sum_that_begins_with_a_list_is_told_once(check_all: CheckAll) -> None:
    text = """
seedflow: 1
steps:
  set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
  use:
    for_each: {v: {in: "{{ steps.set.tasks | sum(attribute='images', start=[]) }}", at_most: 9}}
    generate: {prompt: Again, image_input: ["{{ each.v }}"]}
"""
    assert [found.code for found in check_all(text)] == ["template-type"]


PART = """\
seedflow: 1
inputs: {a: {type: text}}
steps: {s: {generate: {prompt: "{{ inputs.a }}"}}}
outputs: {images: "{{ steps.s.images }}"}
"""
FOX = "fox: {generate: {prompt: fox}}"
LISTS = 'generate: {prompt: "{{ each.x }} {{ each.y }}"}'


@pytest.mark.parametrize(
    ("text", "slip"),
    [
        (
            """
inputz: {a: {type: text}}
inputs: {b: {type: text}}
steps: {fox: {generate: {prompt: "{{ inputs.a }} {{ inputs.b }}"}}}
""",
            "inputz",
        ),
        (
            """
values: {b: x}
vars: {a: x}
steps: {fox: {generate: {prompt: "{{ values.a }} {{ values.b }}"}}}
""",
            "vars",
        ),
        (
            """
stepz: {fox: {generate: {prompt: fox}}}
steps: {hen: {generate: {prompt: hen, image_input: "{{ steps.fox.images }}"}}}
""",
            "stepz",
        ),
        (
            f"""
steps: {{{FOX}, hen: {{generate: {{prompt: hen}}}}}}
outputs: {{fox: "{{{{ steps.fox.images }}}}"}}
outputz: {{hen: "{{{{ steps.hen.images }}}}"}}
""",
            "outputz",
        ),
        (f"steps: {{fox: {{for_each: {{x: [a, b]}}, foreach: {{y: [c, d]}}, {LISTS}}}}}\n", "foreach"),
        (f"steps: {{fox: {{foreach: {{y: [c, d]}}, for_each: {{x: [a, b]}}, {LISTS}}}}}\n", "foreach"),
        ("steps: {fox: {recipe: ./part.yaml, with: {}, wiht: {a: x}}}\n", "wiht"),
        ("steps: {fox: {recipe: ./part.yaml, inputs: {a: x}}}\n", "inputs"),
        ("steps: {fox: {generate: {prompt: fox}, inputs: {a: 1}}}\n", "inputs"),
    ],
)
def test_a_slip_beside_the_right_key_is_told_alone(
    check_really_all: CheckAll, tmp_path: Path, text: str, slip: str
) -> None:
    (tmp_path / "part.yaml").write_text(PART)
    found = check_really_all(f"seedflow: 1\n{text}")
    assert [describe(one) for one in found] == [f"unknown-key «{slip}»"]


def test_inputs_of_a_step_that_uses_no_recipe_are_declared_elsewhere(check_all: CheckAll) -> None:
    (found,) = check_all("seedflow: 1\nsteps: {fox: {generate: {prompt: fox}, inputs: {a: 1}}}\n")
    assert found.help is not None
    assert found.help.startswith("declare inputs under `inputs:` of the recipe")


@pytest.mark.parametrize(
    ("name", "start", "told"),
    [
        ("e", "each.e", ["each-too-early «e»"]),
        ("k", "each.k", ["variable-taken «k»"]),
        ("k", "inputs.ims[0]", ["variable-taken «k»"]),
        ("e", "prev", ["template-unknown-name «prev»"]),
    ],
)
def test_what_an_edit_begins_with_has_one_error(
    check_really_all: CheckAll, name: str, start: str, told: list[str]
) -> None:
    found = check_really_all(
        f"""seedflow: 1
inputs: {{ims: {{type: list, of: image, min_items: 2}}}}
steps:
  fox:
    for_each: {{k: "{{{{ inputs.ims }}}}"}}
    iterate: {{over: [snow, stars], as: {name}, start: "{{{{ {start} }}}}"}}
    generate: {{prompt: "Add {{{{ each.{name} }}}}", image_input: ["{{{{ prev }}}}", "{{{{ each.k }}}}"]}}
"""
    )
    assert [describe(one) for one in found] == told
    if start == "prev":
        assert found[0].help is not None
        assert "there is no image before it yet" in found[0].help


@pytest.mark.parametrize("option", ['when: "{{ each.e }}"', 'expect: {min_width: "{{ each.e }}"}'])
def test_what_has_no_value_yet_is_of_no_kind(check_all: CheckAll, option: str) -> None:
    found = check_all(
        f"""seedflow: 1
inputs: {{photo: {{type: image}}}}
steps:
  fox:
    for_each: {{k: [a, b]}}
    iterate: {{over: [snow, stars], as: e, start: "{{{{ inputs.photo }}}}"}}
    {option}
    generate: {{prompt: "Add {{{{ each.e }}}} {{{{ each.k }}}}", image_input: ["{{{{ prev }}}}"]}}
"""
    )
    assert [describe(one) for one in found] == ["each-too-early «e»"]


def test_an_edit_is_known_in_the_request_alone_where_nothing_else_is_called_each(check_all: CheckAll) -> None:
    (found,) = check_all(
        """seedflow: 1
steps:
  fox:
    iterate: {over: [snow, stars], as: e, start: "{{ each.e }}"}
    generate: {prompt: "Add {{ each.e }}", image_input: ["{{ prev }}"]}
"""
    )
    assert found.help is not None
    assert found.help.endswith("mention it inside `generate:`")


@pytest.mark.parametrize(
    ("lists", "told"),
    [
        ("\"{{ ['x'] }}\"", "wrong-type"),
        ('{x: "{{ 3 }}"}', "not-a-list"),
        ("{x: [a, {id: 2}]}", "no-key"),
    ],
)
@pytest.mark.parametrize("prompt", ["A fox", "A {{ each.x }}"])
def test_what_is_repeated_for_broken_lists_is_not_called_the_same(
    check_really_all: CheckAll, lists: str, told: str, prompt: str
) -> None:
    step = f'{{for_each: {lists}, generate: {{prompt: "{prompt}"}}}}'
    found = check_really_all(f"seedflow: 1\nsteps:\n  fox: {step}\n  hen: {step}\n")
    assert {one.code for one in found} - {"wrong-shape", "not-a-text", "template-type"} == {told}


def test_what_is_mentioned_behind_a_misspelt_root_is_not_called_unused(check_all: CheckAll) -> None:
    text = """
inputs: {hero: {type: text, default: x}}
steps: {a: {generate: {prompt: "{{ input.hero }}"}}}
"""
    assert [describe(found) for found in check_all("seedflow: 1" + text) if found.code != "unused-step"] == [
        "template-unknown-name «input»"
    ]


def test_a_file_without_quotes_is_one_problem(check_all: CheckAll) -> None:
    text = """
steps: {a: {generate: {prompt: "{% include parts/manner.md %} {{ inputs.x }}"}}}
"""
    found = [one for one in check_all("seedflow: 1" + text) if one.code != "unused-step"]
    assert [describe(one) for one in found] == ["template-file-name «parts/manner.md»", "unknown-input «x»"]
    assert found[0].help == (
        "write the name in quotes: `{% include 'parts/manner.md' %}`; choose between files with `{% if … %}`"
    )
