"""Binding: every problem of a recipe's structure at its exact place, all in one go, in our own words."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Diagnostic, Source
from seedflow.recipe.binding import BoundRecipe, bind_recipe
from seedflow.recipe.leaves import Unread
from seedflow.recipe.schema import RecipeBlock
from seedflow.text.reader import read_yaml

STEP = "steps: {a: {generate: {prompt: x}}}\n"


def bind_text(text: str) -> BoundRecipe:
    root, problems = read_yaml(Source("r.yaml", text))
    assert root is not None
    assert problems == []
    return bind_recipe(root)


def bind(text: str) -> tuple[RecipeBlock | None, list[Diagnostic]]:
    bound = bind_text(text)
    return (None if bound.unread else bound.document), bound.problems


def marked(found: Diagnostic) -> str:
    """The text that the carets stand under."""
    assert found.span is not None
    return found.span.source.text[found.span.start : found.span.end]


def only(text: str) -> Diagnostic:
    _, problems = bind(text)
    assert len(problems) == 1, problems
    return problems[0]


def test_the_smallest_recipe_binds() -> None:
    document, problems = bind("seedflow: 1\n" + STEP)
    assert problems == []
    assert document is not None
    assert list(document.steps) == ["a"]


def test_a_plain_scalar_keeps_its_spelling_where_text_is_wanted() -> None:
    document, problems = bind(
        "seedflow: 1\nname: 007\ndescription: 1.10\ninputs: {c: {type: choice, options: [1.10, no, 0x1F]}}\n"
        + STEP
    )
    assert problems == []
    assert document is not None
    assert (document.name, document.description) == ("007", "1.10")
    assert document.inputs["c"].options == ["1.10", "no", "0x1F"]


OUTDENTED = """seedflow: 1
steps:
  a:
  for_each: {x: [1, 2]}
  generate: {prompt: "A {{ each.x }}"}
  b: {generate: {prompt: B}}
"""


def test_what_a_step_consists_of_beside_its_name_is_read_as_below_it_and_told_once() -> None:
    bound = bind_text(OUTDENTED)
    (found,) = bound.problems
    assert (found.code, marked(found)) == ("wrong-type", "for_each")
    assert found.message.startswith("`for_each`, `generate` stand beside `a`, which has nothing below it")
    assert found.help == "indent `for_each`, `generate`, with all that is inside, further than `a`"
    assert bound.document is not None
    assert list(bound.document.steps) == ["a", "b"]
    assert bound.document.steps["a"].for_each is not None


@pytest.mark.parametrize(
    ("step", "parts", "option"),
    [
        ("for_each:\n    place: [a, b]\n    generate: {prompt: x}", "`place`", "for_each"),
        ("for_each:\n    size: '{{ inputs.x }}'\n    generate: {prompt: x}", "`size`", "for_each"),
        ("generate:\n    prompt: x\n    size: 2K\n    takes: 2", "`prompt`, `size`", "generate"),
        ("recipe: ./cast.yaml\n    with:\n    hero: a fox", "`hero`", "with"),
        (
            "generate: {prompt: x}\n    expect:\n    min_width: 10\n    ratio: 1:1",
            "`min_width`, `ratio`",
            "expect",
        ),
        (
            "iterate:\n    over: [a]\n    as: edit\n    start: x.jpg\n    generate: {prompt: x}",
            "`over`, `as`, `start`",
            "iterate",
        ),
    ],
)
def test_what_an_option_consists_of_beside_it_is_read_as_below_it_and_told_once(
    step: str, parts: str, option: str
) -> None:
    bound = bind_text(f"seedflow: 1\nsteps:\n  a:\n    {step}\n  b: {{generate: {{prompt: B}}}}\n")
    found = bound.problems[0]
    assert found.message == (
        f"{parts} {'stand' if ',' in parts else 'stands'} beside `{option}`, which has nothing below it; expected below `{option}`"
    )
    assert found.help == f"indent {parts}, with all that is inside, further than `{option}`"
    assert [one.code for one in bound.problems] == [
        "wrong-type",
        *(["unknown-key"] if "ratio" in parts else []),
    ]


@pytest.mark.parametrize(
    ("step", "key"),
    [
        ("for_each:\n    size: 2K\n    generate: {prompt: x}", "size"),
        ("generate: {prompt: x}\n    expect:\n    size: 2K", "size"),
        ("for_each:\n    foreach: {x: [a]}\n    generate: {prompt: x}", "foreach"),
        ("generate: {prompt: x}\n    for_each:\n    takess: 2", "takess"),
        ("for_each:\n    generate: {prompt: x}\n    place: [a, b]", "place"),
    ],
)
def test_what_cannot_stand_below_an_option_is_a_key_that_no_step_has(step: str, key: str) -> None:
    found = only(f"seedflow: 1\nsteps:\n  a:\n    {step}\n")
    assert (found.code, marked(found)) == ("unknown-key", key)


def test_a_step_that_is_called_like_a_kind_is_a_step() -> None:
    found = only("seedflow: 1\nsteps: {a: , generate: {generate: {prompt: x}}}\n")
    assert found.message == "found nothing, expected a step, which is a mapping"


@pytest.mark.parametrize(("needs", "name"), [("steps.a", "a"), ("'{{ steps.b_1.images }}'", "b_1")])
def test_a_mention_where_the_name_of_a_step_is_wanted_is_told_its_name(needs: str, name: str) -> None:
    found = only(f"seedflow: 1\nsteps: {{c: {{generate: {{prompt: x}}, needs: {needs}}}}}\n")
    assert (found.code, found.help) == ("bad-name", f"write `{name}`")


def test_a_step_with_a_bad_name_is_read_by_the_name_that_its_help_says() -> None:
    bound = bind_text("seedflow: 1\nsteps: {Line-Art: {generate: {prompt: x}, tekes: 2}}\n")
    assert [(found.code, marked(found)) for found in bound.problems] == [
        ("bad-name", "Line-Art"),
        ("unknown-key", "tekes"),
    ]
    assert bound.document is not None
    assert list(bound.document.steps) == ["line_art"]


def test_a_key_that_no_step_has_may_be_a_parameter() -> None:
    found = only("seedflow: 1\nsteps: {a: {generate: {prompt: x}, size: 2K}}\n")
    assert found.help == (
        "if it is a parameter of the model, it stands inside `generate:`; keys of your own begin with `x-`"
    )


def test_a_sign_of_dollars_is_told_to_be_left_out() -> None:
    found = only("seedflow: 1\nlimits: {cost_usd: $5}\n" + STEP)
    assert (found.code, marked(found)) == ("wrong-type", "$5")
    assert found.help == "write the number alone: it is in US dollars"


def test_amounts_of_dollars_are_exact() -> None:
    document, problems = bind("seedflow: 1\nlimits: {cost_usd: 0.10}\n" + STEP)
    assert problems == []
    assert document is not None
    assert document.limits is not None
    assert str(document.limits.cost_usd) == "0.10"


@pytest.mark.parametrize(
    ("text", "code", "place", "says"),
    [
        (STEP, "missing-key", "steps", "`seedflow`"),
        ("seedflow: 1\n", "missing-key", "seedflow", "`steps`"),
        ("seedflow: 2\nfrom_the_future: 1\n", "newer-language", "2", "reads version 1"),
        ("seedflow: 0\n" + STEP, "wrong-version", "0", "no version 0"),
        ("seedflow: '1'\n" + STEP, "wrong-type", "'1'", "the text `1`"),
        ("seedflow: true\n" + STEP, "wrong-type", "true", "found true"),
        ("seedflow: 1\nvlaues: {}\n" + STEP, "unknown-key", "vlaues", "known here: seedflow, name"),
        ("seedflow: 1\nsteps: {a: {}}\n", "no-kind", "a", "nothing to do"),
        ("seedflow: 1\nsteps: [a]\n", "wrong-type", "[a]", "found a list, expected a mapping of step names"),
        ("seedflow: 1\nsteps: {a: b}\n", "wrong-type", "b", "the text `b`, expected a step"),
        ("seedflow: 1\nsteps: {a: {generate: [x]}}\n", "wrong-type", "[x]", "found a list"),
        ("seedflow: 1\nsteps: {A: {generate: {}}}\n", "bad-name", "A", "not a name"),
        ("seedflow: 1\nsteps: {a: {generate: {}, needs: [b, C]}}\n", "bad-name", "C", "not a name"),
        ("seedflow: 1\nsteps: {a: {generate: {}, was: 'a b'}}\n", "bad-name", "'a b'", "not a name"),
        (
            "seedflow: 1\nsteps: {a: {generate: {}, for_each: [1]}}\n",
            "wrong-type",
            "[1]",
            "variables to lists",
        ),
        ("seedflow: 1\nsteps: {a: {generate: {}, for_each: {b: }}}\n", "wrong-type", "", "found nothing"),
        ("seedflow: 1\ninputs: {a: text}\n" + STEP, "wrong-type", "text", "the definition of an input"),
        ("seedflow: 1\ninputs: {a: {optional: true}}\n" + STEP, "missing-key", "a", "`type`"),
        (
            "seedflow: 1\ninputs: {a: {type: image, optional: yes}}\n" + STEP,
            "wrong-type",
            "yes",
            "true or false",
        ),
        (
            "seedflow: 1\ninputs: {a: {type: string}}\n" + STEP,
            "unknown-type",
            "string",
            "expected one of text",
        ),
        ("seedflow: 1\ninputs: {a: {type: integer, minimum: '3'}}\n" + STEP, "wrong-type", "'3'", "a number"),
        ("seedflow: 1\ninputs: {a: {type: text, max_length: -1}}\n" + STEP, "out-of-bounds", "-1", "from 0"),
        ("seedflow: 1\ninputs: {a: {type: number, minimum: .nan}}\n" + STEP, "wrong-type", ".nan", "finite"),
        ("seedflow: 1\nlimits: {images: 0}\n" + STEP, "out-of-bounds", "0", "from 1"),
        (
            "seedflow: 1\nlimits: {tasks: 9007199254740993}\n" + STEP,
            "wrong-type",
            "9007199254740993",
            "up to 9,007,199,254,740,991",
        ),
        ("seedflow: 1\nname: '  '\n" + STEP, "empty-text", "'  '", "at least one character"),
        ("seedflow: 1\noutputs: {a: {file: x}}\n" + STEP, "missing-key", "a", "`images`"),
    ],
)
def test_each_problem_is_named_at_its_place(text: str, code: str, place: str, says: str) -> None:
    found = only(text)
    assert (found.code, marked(found)) == (code, place)
    assert says in found.message
    assert found.help


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("seedflow: 1\nvlaues: {}\n" + STEP, "did you mean `values`?"),
        ("seedflow: 1\nsteps: {'My Step': {generate: {}}}\n", "write `my_step`"),
        ("seedflow: 1\nsteps: {a: {generate: {}, foreach: {}}}\n", "write `for_each:`"),
        ("seedflow: 1\nsteps: {a: {generate: {}, prompt: x}}\n", "inside `generate:`"),
        ("seedflow: 1\nprovider: x\n" + STEP, "seedflow.yaml"),
        ("seedflow: 1\ninputs: {a: {type: image, optional: yes}}\n" + STEP, "write `true`"),
        ("seedflow: 1\ninputs: {a: {type: img}}\n" + STEP, "did you mean `image`?"),
        ("seedflow: 1\nlimits: {images: '3'}\n" + STEP, "write 3 without quotes"),
        ("seedflow: 1\nlimits: {images: '{{ 3 }}'}\n" + STEP, "templates are not read here"),
        ("seedflow: 1\ninputs: {a: text}\n" + STEP, "write `{type: text}`"),
    ],
)
def test_help_says_one_thing_to_do(text: str, says: str) -> None:
    help_text = only(text).help
    assert help_text is not None
    assert says in help_text


def test_all_problems_come_in_one_go_in_the_order_of_the_text() -> None:
    _, problems = bind(
        "inputs:\n  n: {type: integer, minimum: x}\n  B: {type: txt}\nfoo: 1\nsteps:\n  a: {genrate: {}}\n  b: 3\n"
    )
    assert [found.code for found in problems] == [
        "missing-key", "wrong-type", "bad-name", "unknown-type", "unknown-key", "unknown-key", "wrong-type",
    ]  # fmt: skip # a row a line
    starts = [found.span.start for found in problems if found.span]
    assert starts == sorted(starts)


def test_a_misspelt_key_is_not_reported_as_missing_too() -> None:
    assert only("seedflow: 1\ninputs: {a: {tpye: text}}\n" + STEP).code == "unknown-key"
    assert only("seedflow: 1\nsteps: {a: {genrate: {}}}\n").code == "unknown-key"


@pytest.mark.parametrize(
    ("key", "kind"), [("genrate", "generate"), ("recipes", "recipe"), ("uses", "recipe")]
)
def test_a_step_whose_kind_is_misspelt_is_read_as_what_is_meant(key: str, kind: str) -> None:
    bound = bind_text(f"seedflow: 1\nsteps: {{b: {{{key}: {{}}}}}}\n")
    assert bound.document is not None
    assert [found.code for found in bound.problems] == ["unknown-key"]
    (step,) = bound.document.steps.values()
    assert (step.generate, step.recipe is None) == (({}, True) if kind == "generate" else (None, False))


@pytest.mark.parametrize("key", ["prompt", "x-generate", "zzz"])
def test_a_step_whose_kind_is_not_found_never_reaches_a_recipe(key: str) -> None:
    bound = bind_text(f"seedflow: 1\nsteps: {{a: {{{key}: {{}}}}, b: {{generate: {{}}}}}}\n")
    assert ("steps", "a") in bound.unread
    assert bound.document is not None
    assert list(bound.document.steps) == ["b"]
    codes = [found.code for found in bound.problems]
    assert codes == {"x-generate": ["no-kind"], "zzz": ["no-kind", "unknown-key"]}.get(key, ["unknown-key"])


def test_the_rest_is_read_when_a_part_is_broken() -> None:
    bound = bind_text(
        """
inputs: {a: {type: zzz}, b: {type: text, minimum: x}}
model: x
steps: {a: {generate: [1]}, b: {generate: {}, needs: [B], for_each: {c: {in: [1], at_most: x}}}}
outputs: {a: {file: x}, b: "{{ steps.b.images }}"}
limits: {images: 0, tasks: 3}
"""
    )
    assert [found.code for found in bound.problems] == [
        "missing-key", "unknown-type", "wrong-type", "unknown-key", "wrong-type", "bad-name", "wrong-type", "missing-key",
        "out-of-bounds",
    ]  # fmt: skip # a row a line
    assert bound.document is not None
    assert bound.unread >= {
        ("inputs", "a"), ("defaults",), ("steps", "a"), ("outputs", "a", "images"), ("limits", "images"),
    }  # fmt: skip # a row a line
    assert list(bound.document.inputs) == ["b"]
    assert list(bound.document.steps) == ["b"]
    assert list(bound.document.steps["b"].for_each) == ["c"]
    assert list(bound.document.outputs) == ["a", "b"]
    assert isinstance(bound.document.outputs["a"].images, Unread)
    assert bound.document.limits is not None
    assert (bound.document.limits.images, bound.document.limits.tasks) == (None, 3)


@pytest.mark.parametrize(
    "text",
    [
        STEP,
        "seedflow: '1'\n" + STEP,
        "seedflow: 1\nlimits: {imagse: 1}\n" + STEP,
        "seedflow: 1\noutputs: {a: 3, B: 4}\n" + STEP,
        "seedflow: 1\nsteps: {a: {generate: {}, needs: {}, tag: x, descripion: y}}\n",
        "seedflow: 1\nsteps: {a: {generate: {}, expect: {imagse: 2}, iterate: ~}}\n",
        "seedflow: 1\ninputs: {a: {type: text, max_length: x, defualt: y}}\n" + STEP,
    ],
)
def test_problems_that_leave_the_rest_as_it_was_let_later_stages_go_on(text: str) -> None:
    bound = bind_text(text)
    assert not any(path[0] in {"inputs", "values", "steps"} and len(path) <= 2 for path in bound.unread)
    assert bound.problems
    assert bound.document is not None
    assert list(bound.document.steps) == ["a"]


@pytest.mark.parametrize("word", ["choose", "transform"])
def test_later_kinds_are_not_yet(word: str) -> None:
    document, problems = bind(f"seedflow: 1\nsteps: {{a: {{{word}: {{}}}}}}\n")
    assert document is None
    assert [(found.code, marked(found)) for found in problems] == [("not-yet", word)]


def test_a_column_is_a_type_or_a_whole_definition() -> None:
    document, problems = bind(
        "seedflow: 1\ninputs: {t: {type: table, key: id, columns: {id: text, n: {type: integer, header: N}}}}\n"
        + STEP
    )
    assert problems == []
    assert document is not None
    columns = document.inputs["t"].columns
    assert columns is not None
    assert [(name, column.type, column.header) for name, column in columns.items()] == [
        ("id", "text", None),
        ("n", "integer", "N"),
    ]


@pytest.mark.parametrize(
    ("inputs", "code", "place"),
    [
        ("{t: {type: table, columns: {Id: text}}}", "bad-name", "Id"),
        ("{t: {type: table, columns: {id: txt}}}", "unknown-type", "txt"),
        ("{t: {type: table, columns: {id: {type: text, required: true}}}}", "unknown-key", "required"),
        ("{t: {type: table, columns: [id]}}", "wrong-type", "[id]"),
        ("{t: {type: table, delimiter: semicolon}}", "wrong-type", "semicolon"),
        ("{t: {type: text, header: T}}", "unknown-key", "header"),
        ("{t: {type: list, of: {type: text, default: a}}}", "unknown-key", "default"),
    ],
)
def test_what_a_table_cannot_be_is_said_at_its_place(inputs: str, code: str, place: str) -> None:
    found = only(f"seedflow: 1\ninputs: {inputs}\n{STEP}")
    assert (found.code, marked(found)) == (code, place)
    assert found.help


def test_a_step_has_exactly_one_kind() -> None:
    _, problems = bind("seedflow: 1\nsteps:\n  a:\n    generate: {}\n    choose: {}\n")
    several = next(found for found in problems if found.code == "several-kinds")
    assert marked(several) == "choose"
    assert several.related[0].span.source.text[several.related[0].span.start :].startswith("generate")


def test_options_of_another_kind_are_refused() -> None:
    _, problems = bind("seedflow: 1\nsteps: {a: {transform: {}, takes: 2}}\n")
    assert ("option-not-for-kind", "takes") in [(found.code, marked(found)) for found in problems]


def test_keys_that_begin_with_x_are_free_everywhere() -> None:
    document, problems = bind(
        """
seedflow: 1
x-a: {{}: 1}
inputs: {x-b: 1, a: {type: list, x-c: 2, of: {type: text, x-d: 3}}}
values: {x-e: [1]}
defaults: {x-f: 1}
steps: {x-g: 1, a: {x-h: 1, generate: {x-i: 1, prompt: x}, for_each: {x-j: 1, b: {in: [1], x-k: 2}}}}
outputs: {x-l: 1, a: {images: "{{ steps.a.images }}", x-m: 1}}
limits: {x-n: 1}
ref_words: {x-o: 1}
""".replace("{{}: 1}", "{b: 1}")
    )
    assert problems == []
    assert document is not None
    assert list(document.inputs) == ["a"]
    assert list(document.steps) == ["a"]
    assert list(document.steps["a"].for_each) == ["b"]
    assert document.values == {}


def test_nothing_after_a_key_means_that_the_key_is_not_there() -> None:
    document, problems = bind(
        "seedflow: 1\nname:\ninputs: ~\nvalues: null\ndefaults:\noutputs:\nlimits:\n" + STEP
    )
    assert problems == []
    assert document is not None
    assert document.name is None
    assert document.inputs == {}


def test_a_harmless_unknown_key_leaves_a_document_to_check_further() -> None:
    document, problems, unread = bind_text(
        "seedflow: 1\nzzz: 1\nsteps: {a: {generate: {}, expect: {of: x}}}\n"
    )
    assert [found.code for found in problems] == ["unknown-key", "unknown-key"]
    assert unread == {("steps", "a", "expect", "of")}
    assert document is not None
    assert list(document.steps) == ["a"]


@pytest.mark.parametrize(
    "text", ["seedflow: 1\nsteps: {a: {generate: {}, repeat: {b: [1]}}}\n", "seedflow: 1\nsteps: {a: 1}\n"]
)
def test_a_key_that_changes_the_meaning_of_a_step_leaves_it_unread(text: str) -> None:
    document, problems, unread = bind_text(text)
    assert document is not None
    assert document.steps == {}
    assert len(problems) == 1
    assert unread == {("steps", "a")}


def test_misspelt_keys_and_words_are_read_as_what_they_are_said_to_mean() -> None:
    document, problems, unread = bind_text(
        """
seedflow: 1
inptus: {n: {tpye: int, min: 2, maximun: 9}, l: {type: list, items: str, max: 3}}
steps: {a: {generate: {}, foreach: {b: {inn: [1], at_mst: 4}}, expct: {ratio: 1:1, otherwise: retri}}}
limits: {budget: 3}
"""
    )
    assert [marked(found) for found in problems] == [
        "inptus", "tpye", "int", "min", "maximun", "items", "str", "max",
        "foreach", "inn", "at_mst", "expct", "ratio", "retri", "budget",
    ]  # fmt: skip # a row a line
    assert unread == set()
    assert document is not None
    number, texts = document.inputs["n"], document.inputs["l"]
    assert (number.type, number.minimum, number.maximum) == ("integer", 2, 9)
    assert texts.of is not None
    assert (texts.of.type, texts.max_items) == ("text", 3)
    step = document.steps["a"]
    assert (step.for_each["b"].at_most, step.expect and step.expect.otherwise) == (4, "retry")
    assert document.limits is not None
    assert document.limits.cost_usd == 3


def test_what_stands_behind_a_misspelt_key_is_judged_by_the_key_that_is_meant() -> None:
    _, problems = bind("seedflow: 1\ninputs: {n: {type: integer, minimun: low}}\nlimts: {images: 0}\n" + STEP)
    assert [(found.code, marked(found)) for found in problems] == [
        ("unknown-key", "minimun"), ("wrong-type", "low"), ("unknown-key", "limts"), ("out-of-bounds", "0"),
    ]  # fmt: skip # a row a line


def test_a_slip_of_a_key_that_stands_there_too_takes_nothing_from_it() -> None:
    bound = bind_text("seedflow: 1\nlimits: {imags: 1, images: 5, imagse: 2}\n" + STEP)
    assert [(found.code, marked(found)) for found in bound.problems] == [
        ("unknown-key", "imags"), ("unknown-key", "imagse"),
    ]  # fmt: skip # a row a line
    assert bound.unread == {("limits", "images")}
    document = bound.document
    assert document is not None
    assert document.limits is not None
    assert document.limits.images == 5


@pytest.mark.parametrize("order", [1, -1])
def test_names_behind_a_slip_and_behind_the_right_key_are_read_as_one(order: int) -> None:
    parts = ["inputs: {b: {type: text, default: x}}", "inputz: {a: {type: text}, b: {type: image}}"][::order]
    bound = bind_text("seedflow: 1\n" + "\n".join(parts) + "\n" + STEP)
    assert [marked(found) for found in bound.problems] == ["inputz"]
    assert not bound.unread
    assert bound.document is not None
    assert {name: found.type for name, found in bound.document.inputs.items()} == {"a": "text", "b": "text"}
    assert list(bound.document.inputs) == ["b", "a"][::order]


def test_nothing_behind_the_right_key_leaves_what_stands_behind_its_slip() -> None:
    document, problems = bind("seedflow: 1\ninputs:\ninputz: {a: {type: text}}\n" + STEP)
    assert [marked(found) for found in problems] == ["inputz"]
    assert document is not None
    assert list(document.inputs) == ["a"]


def test_slips_of_one_key_are_each_told_and_the_first_counts() -> None:
    document, problems = bind("seedflow: 1\nlimits: {imags: 1, imagse: 2}\n" + STEP)
    assert [marked(found) for found in problems] == ["imags", "imagse"]
    assert document is not None
    assert document.limits is not None
    assert document.limits.images == 1


def test_short_forms_stand_for_mappings() -> None:
    document, problems = bind(
        """
seedflow: 1
inputs: {l: {type: list, of: text}, n: {type: list, of: {type: list, of: integer}}}
steps: {a: {generate: {}, for_each: {b: [1], c: "{{ inputs.l }}"}, needs: b, tags: t}}
outputs: {o: "{{ steps.a.images }}"}
"""
    )
    assert problems == []
    assert document is not None
    inner = document.inputs["n"].of
    assert inner is not None
    assert inner.of is not None
    assert (inner.type, inner.of.type) == ("list", "integer")
    assert document.steps["a"].needs == ["b"]
    assert document.steps["a"].tags == ["t"]
    assert document.outputs["o"].file is None


@pytest.mark.parametrize("text", ["- a\n", "hello\n", "3\n", "null\n"])
def test_a_recipe_is_a_mapping(text: str) -> None:
    document, problems = bind(text)
    assert document is None
    assert [found.code for found in problems] == ["wrong-type"]
