"""A doubt is not said where a condition or a test rules it out, and is said where one only looks as if it did."""

from __future__ import annotations

import pytest

INPUTS = """
        inputs:
          style: {type: text, optional: true}
          other: {type: text, optional: true}
          on: {type: boolean, default: true}
          photo: {type: image, optional: true}
          words: {type: list, of: text, optional: true}
          rows:
            type: table
            key: name
            columns: {name: {type: text}, note: {type: text, optional: true}, pic: {type: image, optional: true}}
        values:
          styled: "{{ inputs.style is not none }}"
          same: "{{ inputs.style }}"
"""
USED = """
          used:
            for_each: {row: "{{ inputs.rows }}", word: "{{ inputs.words or [] }}"}
            generate:
              prompt: "{{ values.styled }}{{ values.same or '' }}{{ inputs.on }}{{ inputs.other or '' }}{{ each.word }}{{ each.row.name }}"
              image_input: ["{{ inputs.photo }}"]
"""


def one_step(step: str) -> str:
    return f"{INPUTS}        steps:{USED}          a: {step}\n"


@pytest.mark.parametrize(
    ("when", "rules_it_out"),
    [
        ("inputs.style is not none", True),
        ("not inputs.style is none", True),
        ("inputs.style != none", True),
        ("none != inputs.style", True),
        ("inputs.on and inputs.style is not none", True),
        ("inputs.style == 'ink'", True),
        ("inputs.style in ['ink', 'oil']", True),
        ("inputs.style is string", True),
        ("inputs.style is ne(none)", True),
        ("true if inputs.style else false", True),
        ("values.styled", True),
        ("values.same is not none", True),
        ("not (inputs.style is none or inputs.other is none)", True),
        ("(inputs.style is none or inputs.on) and inputs.style is not none", True),
        ("(inputs.other is none or inputs.style is not none) and inputs.other is not none", True),
        ("(inputs.style | default('')) == 'ink'", True),
        ("inputs.style is none", False),
        ("inputs.on", False),
        ("inputs.other is not none", False),
        ("inputs.on or inputs.style is not none", False),
        ("not (inputs.style is none and inputs.other is none)", False),
        ("inputs.style != 'ink'", False),
        ("inputs.style not in ['ink']", False),
        ("inputs.style in ['ink', none]", False),
        ("inputs.style is defined", False),
        ("not values.styled", False),
        ("inputs.style == inputs.other", False),
    ],
)
def test_a_condition_rules_out_that_an_input_is_none(say, when: str, rules_it_out: bool) -> None:
    found = say(one_step(f'{{when: "{{{{ {when} }}}}", generate: {{prompt: "A {{{{ inputs.style }}}}"}}}}'))
    assert found == ([] if rules_it_out else ["may-be-none? «inputs.style»"])
    through_a_value = one_step(
        f'{{when: "{{{{ {when} }}}}", generate: {{prompt: "A {{{{ values.same }}}}"}}}}'
    )
    assert say(through_a_value) == ([] if rules_it_out else ["may-be-none? «values.same»"])


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{% if inputs.style %}{{ inputs.style }}{% endif %}", []),
        ("{% if inputs.style %}x{% else %}{{ inputs.style }}{% endif %}", ["inputs.style"]),
        ("{% if inputs.style is none %}x{% else %}{{ inputs.style }}{% endif %}", []),
        ("{% if inputs.style is none %}x{% elif inputs.on %}{{ inputs.style }}{% endif %}", []),
        ("{% if inputs.on %}x{% elif inputs.on %}{{ inputs.style }}{% endif %}", []),
        ("{% if inputs.other %}{{ inputs.style }}{% endif %}", ["inputs.style"]),
        ("{% if inputs.other %}x{% endif %}{{ inputs.style }}", ["inputs.style"]),
        ("{% for word in inputs.words or [] %}{{ inputs.style }}{% endfor %}", ["inputs.style"]),
        ("{% for word in inputs.words or [] if inputs.style %}{{ inputs.style }}{% endfor %}", []),
        ("{% set s = inputs.style %}{% if s %}{{ inputs.style }}{% endif %}", []),
        ("{% set s = inputs.style is none %}{% if not s %}{{ inputs.style }}{% endif %}", []),
        ("{% set s = inputs.other %}{% if s %}{{ inputs.style }}{% endif %}", ["inputs.style"]),
        (
            "{% set s = 0 %}{% if inputs.style %}{% set s = 1 %}{% endif %}{% if s %}{{ inputs.style }}{% endif %}",
            [],
        ),
        ("{% set s = 'in ' ~ inputs.style %}{{ s }}", ["inputs.style"]),
        ("{% set s %}in {{ inputs.style }}{% endset %}{{ s }}", ["inputs.style"]),
        ("x {{ inputs.style if inputs.style else 'y' }}", []),
        ("x {{ 'in ' ~ inputs.style if inputs.style else 'y' }}", []),
        ("x {{ 'in ' ~ inputs.style if inputs.other else 'y' }}", ["inputs.style"]),
        ("x {{ inputs.style or 'ink' }}", []),
        ("x {{ inputs.style or inputs.other }}", ["inputs.other"]),
        ("x {{ inputs.style and 'ink' }}", ["inputs.style"]),
        ("x {{ inputs.style | default('ink', true) }}", []),
        ("x {{ inputs.style | default(inputs.other) }}", ["inputs.style | default(inputs.other)"]),
        ("x {{ inputs.style | upper }}", ["inputs.style"]),
        ("x {{ inputs.style | upper if inputs.style is not none else '' }}", []),
        ("x {{ [inputs.style, 'ink'] | select | first }}", []),
        ("x {{ [inputs.style, 'ink'] | reject('none') | first }}", []),
        ("x {{ [inputs.style, 'ink'] | first }}", ["[inputs.style, 'ink'] | first"]),
        ("x {{ [inputs.style, 'ink'] | reject | first }}", ["[inputs.style, 'ink'] | reject | first"]),
    ],
)
def test_a_test_in_the_text_rules_it_out_where_it_stands(say, prompt: str, said: list[str]) -> None:
    found = say(one_step(f'{{generate: {{prompt: "{prompt}"}}}}'))
    assert found == [f"may-be-none? «{one}»" for one in said]


@pytest.mark.parametrize(
    ("rows", "when", "said"),
    [
        ("inputs.rows", "", True),
        ("inputs.rows", "each.row.note is not none", False),
        ("inputs.rows", "each.row.name == 'x'", True),
        ("inputs.rows", "each.row['note'] != none", False),
        ("inputs.rows | selectattr('note')", "", False),
        ("inputs.rows | selectattr('note', 'string')", "", False),
        ("inputs.rows | rejectattr('note', 'none')", "", False),
        ("inputs.rows | rejectattr('note', 'eq', none)", "", False),
        ("inputs.rows | selectattr('note', 'none')", "", True),
        ("inputs.rows | rejectattr('note')", "", True),
        ("inputs.rows | selectattr('pic')", "", True),
        ("inputs.rows | selectattr('note') | list | reverse", "", False),
    ],
)
def test_a_column_is_there_where_rows_without_it_are_left_out(say, rows: str, when: str, said: bool) -> None:
    condition = f'when: "{{{{ {when} }}}}", ' if when else ""
    found = say(
        one_step(
            f'{{{condition}for_each: {{row: {{in: "{{{{ {rows} }}}}", key: name}}}}, '
            'generate: {prompt: "A {{ each.row.note }}"}}'
        )
    )
    assert found == ["may-be-none? «each.row.note»"] * said


@pytest.mark.parametrize(
    ("items", "when", "said"),
    [
        ("optional(steps.some.images[0])", "", True),
        ("optional(steps.some.images[0]) or steps.set.images[0]", "", False),
        ("optional(steps.some.images[0]) | default(steps.set.images[0])", "", False),
        ("optional(steps.some.images[0]) or inputs.photo", "", True),
        ("optional(steps.some.images[0])", "optional(steps.some.images[0]) is not none", False),
        ("optional(steps.some.images[0])", "optional(steps.some.images[0]) is none", True),
        ("succeeded(steps.many.images)", "", True),
        ("succeeded(steps.many.images) + [steps.set.images[0]]", "", False),
        ("succeeded(steps.many.images)", "succeeded(steps.many.images) | length > 0", False),
        ("succeeded(steps.many.images)", "succeeded(steps.many.images) != []", False),
        ("succeeded(steps.many.images)", "0 < succeeded(steps.many.images) | length", False),
        ("succeeded(steps.many.images)", "not (succeeded(steps.many.images) | length == 0)", False),
        ("succeeded(steps.many.images)", "succeeded(steps.many.images) | length < 2", True),
        ("inputs.photo", "values.styled", True),
        ("inputs.photo", "inputs.photo is not none and values.styled", False),
        ("inputs.photo", "inputs.photo is none", True),
    ],
)
def test_a_reference_is_there_where_something_makes_sure_of_it(
    say, items: str, when: str, said: bool
) -> None:
    condition = f'when: "{{{{ {when} }}}}", ' if when else ""
    made = """
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
          some: {when: "{{ steps.set.images | length > 1 }}", generate: {prompt: M}}
          many: {for_each: {n: [1, 2]}, generate: {prompt: "N {{ each.n }}"}}
          a: """
    step = f'{{{condition}generate: {{prompt: "{{{{ ref.r }}}}", image_input: {{r: "{{{{ {items} }}}}"}}}}}}'
    found = say(f"{INPUTS}        steps:{USED.rstrip()}{made}{step}\n")
    assert [one for one in found if "unused" not in one] == ["may-be-none? «ref.r»"] * said


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("steps.set.images | length > 1", False),
        ("steps.set.images | length >= 2", False),
        ("steps.set.images | list | count == 3", False),
        ("1 < steps.set.images | length", False),
        ("1 < steps.set.images | length < 4", False),
        ("not steps.set.images | length < 2", False),
        ("steps.set.images[1:] | length > 0", False),
        ("steps.set.images | length % 2 == 0", False),
        ("steps.set.images | length > 0", True),
        ("steps.set.images | length != 2", True),
        ("steps.set.images | length < 3", True),
        ("steps.set.images[0].width > 100", True),
        ("steps.other.images | length > 1", True),
        ("steps.set.images | length > 1 or inputs.on", True),
    ],
)
def test_an_image_is_there_where_there_are_so_many(say, when: str, said: bool) -> None:
    made = """
        inputs: {on: {type: boolean, default: true}}
        steps:
          set: {generate: {prompt: "S {{ inputs.on }}", sequential_image_generation: auto, max_images: 3}}
          other: {generate: {prompt: O, sequential_image_generation: auto, max_images: 3, image_input: ["{{ steps.set.images }}"]}}
"""
    for step, one in (
        (f'{{when: "{{{{ {when} }}}}", generate: {{prompt: A, image_input: ["{{{{ PICKED }}}}"]}}}}', ""),
        (
            f'{{generate: {{prompt: A, image_input: ["{{{{ PICKED if {when} else steps.set.images[0] }}}}"]}}}}',
            "",
        ),
        (f'{{generate: {{prompt: "{{% if {when} %}}{{{{ PICKED.width }}}}{{% endif %}}"}}}}', ""),
    ):
        for picked in ("steps.set.images[1]", "(steps.set.images | list)[1]"):
            found = say(f"{made}          a: {step.replace('PICKED', picked)}\n")
            assert [one for one in found if "may-be" in one] == [
                f"image-may-be-missing? «{picked}»"
            ] * said, one


def test_a_condition_that_bounds_how_many_there_are_bounds_the_references(say) -> None:
    text = """
        steps:
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 10}}
          a:
            when: "{{ steps.set.images | length <= MOST }}"
            generate: {prompt: A, sequential_image_generation: auto, max_images: 10, image_input: ["{{ steps.set.images }}"]}
    """
    assert say(text.replace("MOST", "5")) == []
    assert say(text.replace("MOST", "6")) == ["too-many-together? «image_input»"]


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{{ each.r.colour }}", 1),
        ("{% if each.r.colour is defined %}{{ each.r.colour }}{% endif %}", 0),
        ("{% if each.r.colour is undefined %}x{% else %}{{ each.r.colour }}{% endif %}", 0),
        ("{% if each.r.colour is undefined %}{{ each.r.colour }}{% endif %}", 1),
        ("{% if 'colour' in each.r %}{{ each.r.colour }}{% endif %}", 0),
        ("{% if 'hue' in each.r %}{{ each.r.colour }}{% endif %}", 1),
        ("{{ each.r.colour | default('red') }}", 0),
        ("{{ each.r.colour | upper | default('red') }}", 1),
        ("{{ each.r.colour if each.r.colour is defined else 'x' }}", 0),
        ("{% if each.r.colour %}{{ each.r.colour }}{% endif %}", 1),
        ("{% if each.r.colour is defined %}{{ each.r.colour.shade }}{% endif %}", 0),
    ],
)
def test_a_field_that_may_be_missing_is_asked_for(say, prompt: str, said: int) -> None:
    text = f"""
        steps:
          a:
            for_each: {{r: {{in: [{{n: a}}, {{n: b}}], key: n}}}}
            generate: {{prompt: "{prompt} {{{{ each.r.n }}}}"}}
    """
    assert [one.split(" ")[0] for one in say(text)] == ["unknown-attribute"] * said


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ("inputs.words", True),
        ("inputs.words or []", False),
        ("inputs.words | default([])", False),
        ("inputs.words if inputs.words is not none else ['a']", False),
        ("inputs.words if inputs.on else ['a']", True),
    ],
)
def test_a_list_to_go_through_is_there_whatever_the_condition(say, items: str, said: bool) -> None:
    loop = f'for_each: {{w: "{{{{ {items} }}}}"}}, generate: {{prompt: "A {{{{ each.w }}}}"}}'
    whole = f'"{{{{ {items} }}}}"'
    for condition in ("", 'when: "{{ inputs.words is not none }}", '):
        assert say(one_step(f"{{{condition}{loop}}}")) == [f"may-be-none? «{whole}»"] * said


def test_edits_and_what_they_begin_with_are_there_where_the_condition_says_so(say) -> None:
    step = (
        'iterate: {over: "{{ inputs.words }}", as: e, start: "{{ inputs.photo }}"}, '
        'generate: {prompt: "{{ each.e }}", image_input: ["{{ prev }}"]}'
    )
    assert say(one_step(f"{{{step}}}")) == [
        'may-be-none? «"{{ inputs.words }}"»',
        'may-be-none? «"{{ inputs.photo }}"»',
    ]
    when = 'when: "{{ inputs.words is not none and inputs.photo is not none }}"'
    assert say(one_step(f"{{{when}, {step}}}")) == []
    assert say(one_step(f'{{when: "{{{{ inputs.photo is not none }}}}", {step}}}')) == [
        'may-be-none? «"{{ inputs.words }}"»'
    ]


@pytest.mark.parametrize(
    ("when", "said"),
    [("", True), ("inputs.style is not none", False), ("inputs.style is none", True)],
)
def test_what_a_used_recipe_is_given_is_there_where_the_condition_says_so(say, when: str, said: bool) -> None:
    condition = f'when: "{{{{ {when} }}}}", ' if when else ""
    step = f'{{{condition}recipe: ./parts/cast.yaml, with: {{who: "{{{{ inputs.style }}}}"}}}}'
    found = [one for one in say(one_step(step)) if one.startswith("may-be-none")]
    assert found == ['may-be-none? «"{{ inputs.style }}"»'] * said


@pytest.mark.parametrize(
    ("over", "when", "said"),
    [
        ("steps.set.images[1:]", "", True),
        ("steps.set.images[1:]", "steps.set.images | length > 1", False),
        ("steps.set.images[1:]", "steps.set.images[1:] | length > 0", False),
        ("steps.set.images[1:]", "steps.set.images | length > 0", True),
        ("steps.set.images[1:]", "inputs.on", True),
        ("steps.set.images", "", False),
    ],
)
def test_edits_may_be_none_unless_the_condition_says_otherwise(say, over: str, when: str, said: bool) -> None:
    condition = f'when: "{{{{ {when} }}}}", ' if when else ""
    found = say(f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          set: {{generate: {{prompt: "S {{{{ inputs.on }}}}", sequential_image_generation: auto, max_images: 3}}}}
          a: {{{condition}iterate: {{over: "{{{{ {over} }}}}", as: e, start: "{{{{ steps.set.images[0] }}}}"}},
               generate: {{prompt: A, image_input: ["{{{{ prev }}}}", "{{{{ each.e }}}}"]}}}}
    """)
    told = [one.split("?")[0] for one in found if not one.startswith("never-equal")]
    assert told == ["nothing-to-apply"] * said


@pytest.mark.parametrize(
    ("step", "said"),
    [
        (
            "{when: '{{ steps.one.images | length > 1 }}', generate: {prompt: A, image_input: '{{ SECOND }}'}}",
            True,
        ),
        (
            "{when: '{{ steps.one.images | length == inputs.n }}', generate: {prompt: A, image_input: '{{ SECOND }}'}}",
            True,
        ),
        ("{generate: {prompt: '{% if steps.one.images | length > 1 %}{{ SECOND.width }}{% endif %}'}}", True),
        (
            "{generate: {prompt: A, image_input: '{{ SECOND if steps.one.images | length > 1 else steps.one.images[0] }}'}}",
            True,
        ),
        (
            "{when: '{{ steps.one.images | length > 0 }}', generate: {prompt: A, image_input: '{{ SECOND }}'}}",
            False,
        ),
        ("{when: '{{ inputs.n > 0 }}', generate: {prompt: A, image_input: '{{ SECOND }}'}}", False),
        ("{generate: {prompt: '{% if steps.one.images %}{{ SECOND.width }}{% endif %}'}}", False),
    ],
)
def test_an_image_that_cannot_exist_is_no_error_where_a_test_asks_for_so_many(
    say, step: str, said: bool
) -> None:
    text = f"""
        inputs: {{n: {{type: integer, default: 1}}}}
        steps:
          one: {{generate: {{prompt: "One {{{{ inputs.n }}}}"}}}}
          a: {step.replace("SECOND", "steps.one.images[1]")}
    """
    found = [one for one in say(text) if not one.startswith("never-equal")]
    assert found == [f"no-such-image{'?' if said else ''} «steps.one.images[1]»"]


@pytest.mark.parametrize(("least", "said"), [(1, []), (0, ["unknown-attribute «each.t.images[1]»"])])
def test_the_same_of_an_image_of_a_task_in_a_loop(say, least: int, said: list[str]) -> None:
    text = f"""
        steps:
          one: {{generate: {{prompt: One}}}}
          a:
            for_each: {{t: "{{{{ steps.one.tasks }}}}"}}
            when: "{{{{ each.t.images | length > {least} }}}}"
            generate: {{prompt: A, image_input: "{{{{ each.t.images[1] }}}}"}}
    """
    assert say(text) == said
