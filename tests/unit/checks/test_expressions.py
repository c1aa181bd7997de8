"""Expressions over what steps give: slips of names and kinds are said before anything is paid, and nothing right is."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check, Say


def recipe(template: str, *, key: str = "prompt", last: str = "") -> str:
    quoted = template.replace('"', '\\"')
    prompt = "" if key == "prompt" else "prompt: L, "
    return f"""
        inputs:
          word: {{type: text, default: wood}}
          mode: {{type: choice, options: [ceil, floor], default: ceil}}
          maybe: {{type: text, optional: true}}
          unknown: {{type: table, key: name, default: [{{name: Ann}}]}}
          typed: {{type: table, key: name, columns: {{name: text}}, default: [{{name: Ann}}]}}
        steps:
          used: {{generate: {{prompt: "{{{{ inputs.word }}}}{{{{ inputs.mode }}}}{{{{ inputs.maybe or '' }}}}{{{{ inputs.unknown[0].name }}}}{{{{ inputs.typed[0].name }}}}"}}}}
          one: {{generate: {{prompt: One}}}}
          set:
            for_each: {{i: [1, 2], who: [{{name: Ann, age: 3}}], w: [a, b]}}
            generate: {{prompt: "{{{{ each.i }}}}{{{{ each.who.name }}}}{{{{ each.w }}}}", sequential_image_generation: auto, max_images: 3}}
          last: {{{last}generate: {{{prompt}{key}: "{quoted}"}}}}
    """.replace("who: [{name: Ann, age: 3}]", "who: {in: [{name: Ann, age: 3}], key: name}")


SLIPS = [
    # names of results
    ("{{ steps.set.images | map(attribute='widht') | join(' ') }}", "template-undefined"),
    ("{{ steps.set.images | map('widht') | join(' ') }}", "template-undefined"),
    ("{{ steps.set.images | sort(attribute='size') | length }}", "template-undefined"),
    ("{{ steps.set.images | unique(attribute='hight') | length }}", "template-undefined"),
    ("{{ steps.set.images | sum(attribute='widht') }}", "template-undefined"),
    ("{{ (steps.set.images | min(attribute='size')).name }}", "template-undefined"),
    ("{{ (steps.set.images | max(attribute='size')).name }}", "template-undefined"),
    ("{{ steps.set.images | selectattr('wdth', 'gt', 5) | length }}", "template-undefined"),
    ("{{ steps.set.images | rejectattr('wdth') | length }}", "template-undefined"),
    ("{{ steps.set.images | join(' ', attribute='nmae') }}", "template-undefined"),
    ("{{ steps.set.images | map(attribute='each.whom') | list | length }}", "template-undefined"),
    ("{{ steps.set.tasks | map(attribute='name') | join }}", "template-undefined"),
    ("{{ succeeded(steps.set.images) | map(attribute='widht') | join }}", "template-undefined"),
    ("{{ steps.set.tasks | map(attribute='images') | map(attribute='key') | join }}", "unknown-attribute"),
    ("{{ steps.set.tasks | map(attribute='images') | map('first') | list | length }}", "unknown-attribute"),
    ("{{ (steps.set.images | sort(attribute='name') | first).widht }}", "unknown-attribute"),
    ("{{ steps.one.images[0].each.j }}", "unknown-attribute"),
    ("x {{ steps.one.images[0].each.j | upper }}", "unknown-attribute"),
    ("{% for t in steps.set.tasks %}{{ t.each.j }}{% endfor %}", "unknown-attribute"),
    ("{% for t in steps.set.tasks %}{{ t.each.who.nam }}{% endfor %}", "unknown-attribute"),
    ("{% for t in steps.set.tasks %}{{ t.name }}{% endfor %}", "unknown-attribute"),
    ("{% for t in steps.set.tasks %}{{ t.outputs.x }}{% endfor %}", "unknown-attribute"),
    ("{% for t in steps.set.tasks %}{{ t.images[0].widht }}{% endfor %}", "unknown-attribute"),
    ("{% for t in steps.set.tasks if t.ech %}x{% endfor %}", "unknown-attribute"),
    ("{% for i in steps.set.images %}{{ loop.previtem.widht }}{% endfor %}", "unknown-attribute"),
    ("{% for i in steps.set.images %}{{ loop.count }}{% endfor %}", "unknown-attribute"),
    ("{% set i = steps.one.images[0] %}{{ i.widht }}", "unknown-attribute"),
    ("{% with i = steps.one.images[0] %}{{ i.widht }}{% endwith %}", "unknown-attribute"),
    ("{% macro m(i) %}{{ i.widht }}{% endmacro %}{{ m(steps.one.images[0]) }}", "unknown-attribute"),
    ("{% if inputs.maybe %}{{ (steps.set.images | first).widht }}{% endif %}", "unknown-attribute"),
    ("{{ 'x' if inputs.maybe else (steps.set.images | first).widht }}", "unknown-attribute"),
    ("{{ inputs.maybe or (steps.set.images | first).widht }}", "unknown-attribute"),
    # kinds of results
    ("{{ steps.one.images[0].name + 1 }}", "template-type"),
    ("{{ steps.one.images[0].width + 'x' }}", "template-type"),
    ("{{ 'x' + steps.one.images[0].width }}", "template-type"),
    ("{{ steps.set.images + 1 }}", "template-type"),
    ("{{ (steps.set.images + optional(steps.one.images[0])) | length }}", "template-type"),
    ("{{ (optional(steps.one.images) + 'x') | length }}", "template-type"),
    ("{{ (steps.set.images + inputs.maybe) | length }}", "template-type"),
    ("{{ steps.set.images or steps.one.images | length }}", "template-not-text"),
    ("{{ optional(steps.one.images) or steps.set.images or 'none' }}", "template-not-text"),
    ("{{ steps.one.images[0] or 'x' }}", "template-not-text"),
    ("{{ steps.one.images and steps.set.images | list }}", "template-not-text"),
    ("{{ (steps.one.images if steps.set.images else 'x') }}", "template-not-text"),
    ("{{ (steps.set.images or 1) + 1 }}", "template-type"),
    ("{{ -steps.one.images[0].name }}", "template-type"),
    ("{{ steps.one.images[0].format * 2.5 }}", "template-type"),
    ("{{ 'wide' if steps.one.images[0].width > '100' else 'narrow' }}", "template-type"),
    ("{{ 'wide' if 1 < steps.one.images[0].width < 'a' else 'narrow' }}", "template-type"),
    ("{{ 'x' if 5 in steps.one.images[0].width else 'y' }}", "template-type"),
    ("{{ 'x' if 5 in steps.one.images[0].name else 'y' }}", "template-type"),
    ("{{ steps.set.images | selectattr('width', 'gt', '5') | length }}", "template-type"),
    ("{{ steps.set.images | map(attribute='name') | sum }}", "template-type"),
    ("{{ steps.set.images | sort | length }}", "template-type"),
    ("{{ steps.set.images | sum(attribute='name') }}", "template-type"),
    ("{{ steps.one.images[0] | length }}", "template-type"),
    ("{{ steps.one.images[0].width | length }}", "template-type"),
    ("{{ steps.one.images[0].name | round }}", "template-type"),
    ("{{ steps.one.images[0].name is even }}", "template-type"),
    ("{{ steps.one.images[0].width is divisibleby 'x' }}", "template-type"),
    ("{{ steps.one.images[0].name | truncate('5') }}", "template-type"),
    ("{{ steps.set.images[0:2] | first | items | length }}", "template-type"),
    ("{% for x in steps.one.images[0].width %}{{ x }}{% endfor %}", "template-type"),
    ("{% for x in steps.one.images[0].name %}{{ x }}{% endfor %}", "template-type"),
    ("{{ (steps.set.images | map(attribute='width') | list)[1.5] }}", "template-type"),
    ("{{ (steps.set.images | map(attribute='width') | list)[:'a'] | length }}", "template-type"),
    ("{{ steps.one.images[0].width[0] }}", "template-type"),
    ("{{ range(steps.one.images[0].name) | length }}", "template-type"),
    # what filters are told
    ("{{ steps.one.images[0].width | round(1, method='up') }}", "template-type"),
    ("{{ 2.5 | round(1, method='up') }}", "template-type"),
    ("{{ steps.one.images[0].width | round('a') }}", "template-type"),
    ("{{ steps.one.images[0].width | round(99) }}", "template-number"),
    ("{{ steps.one.images[0].width / 0 }}", "template-number"),
    ("{{ steps.set.images | selectattr('width', 'greater', 5) | length }}", "template-unknown-test"),
    ("{{ steps.set.images | selectattr('width', 'gt') | length }}", "template-arguments"),
    ("{{ steps.one.images[0].name | truncate(2) }}", "template-type"),
    # what is too much, by the numbers that are written
    ("{{ range(20000) | length }}", "template-cost"),
    ("{{ 9**9**9 }}", "template-number"),
    ("{{ (2**50) * (2**50) }}", "template-number"),
    ("{{ range(10000) | join(range(10) | join('x')) }}", "template-cost"),
    ("{{ [1, 2][5] }}", "template-no-such-item"),
    ("{{ [] | first }}", "template-no-such-item"),
    ("{{ [3, 'x'] | max }}", "template-type"),
    ("{{ {'a': 1}['b'] }}", "template-undefined"),
    ("{{ range(-9223372036854775807, 9223372036854775807) | length }}", "template-cost"),
    ("{% for i in range(200 * 100) %}{{ i }}{% endfor %}", "template-cost"),
    ("{{ 'fox ' * 1000000 }}", "template-cost"),
    # what is printed
    ("x {{ steps.set.images | first }}", "template-not-text"),
    ("x {{ steps.set.images | map(attribute='width') | list }}", "template-not-text"),
    ("{{ steps.set.images | map(attribute='width') | list }}", "template-not-text"),
    ("{% for i in steps.set.images %}{{ i }}{% endfor %}", "template-not-text"),
    ("x {{ steps.one.images[0] ~ 'x' }}", "template-not-text"),
    ("x {{ steps.one.images[0] | upper }}", "template-not-text"),
    ("{{ steps.set.images | join(', ') }}", "template-not-text"),
]  # fmt: skip # a row a line

RIGHT = [
    "{{ (steps.set.images or steps.one.images) | length }}",
    "{{ steps.set.images[4:] or steps.one.images | length }}",
    "{{ optional(steps.one.images) or 'none' }}",
    "{{ steps.one.images and steps.set.images | length }}",
    "{{ 'x' if steps.set.images else steps.one.images }}",
    "{{ steps.set.images | map(attribute='width') | join(' ') }}",
    "{{ steps.set.images | map(attribute='widht', default=0) | join(' ') }}",
    "{{ steps.set.images | map('each.who.name') | join(' ') }}",
    "{{ steps.set.tasks | map(attribute='images.1') | map(attribute='name') | join }}",
    "{{ steps.set.images | sort(attribute='width') | map(attribute='name') | join }}",
    "{{ steps.set.images | sort(attribute=inputs.word) | length }}",
    "{{ steps.set.images | sort(attribute='each.w') | length }}",
    "{{ (steps.set.images | max(attribute='height')).name }}",
    "{{ steps.set.images | selectattr('format', 'in', ['png', 'gif']) | length }}",
    "{{ steps.set.images | selectattr('size', 'defined') | list | length }}",
    "{{ steps.set.images | selectattr('width', inputs.word, 5) | length }}",
    "{{ steps.set.images | unique(attribute='format') | list | length }}",
    "{% for t in steps.set.tasks %}{{ t.each.i + 1 }}{{ t.each.who.age * 2 }}{{ t.key }}{% endfor %}",
    "{% for t in steps.set.tasks %}{{ t.each.j | default('x') }}{% if t.each.j is defined %}y{% endif %}{% endfor %}",
    "{% for i in steps.set.images %}{{ loop.index + 1 }}{{ i.name }}{{ loop.previtem.name | default('') }}{% endfor %}",
    "{% for t in steps.set.tasks + steps.one.tasks %}{{ t.images | length }}{{ t.each.i | default(0) }}{{ t.key }}{% endfor %}",
    "{% for i in steps.set.images + steps.one.images %}{{ i.each.i | default('') }}{{ i.each.j }}{% endfor %}",
    "{{ steps.one.images[0].name + 'x' }}",
    "{{ steps.one.images[0].name ~ 1 }}",
    "{{ 'x' * steps.one.images[0].number }}",
    "{{ steps.one.images[0].width / steps.one.images[0].height }}",
    "{{ steps.one.images[0].width / (steps.set.images | length - 3) }}",
    "{{ (steps.one.images[0].width / 3) | round(1) }}",
    "{{ steps.one.images[0].width | round(1, method=inputs.mode) }}",
    "{{ steps.one.images[0].width | round(1, method=inputs.word) }}",
    "{{ 'wide' if steps.one.images[0].width > 100 else 'narrow' }}",
    "{{ 'wide' if 1 < steps.one.images[0].width <= 2.5 else 'narrow' }}",
    "{{ 'x' if steps.one.images[0].width == 3.5 else 'y' }}",
    "{{ 'x' if 'a' in steps.one.images[0].name else 'y' }}",
    "{{ steps.one.images[0].width | string | length }}",
    "{{ steps.one.images[0].width | truncate(3) }}",
    "{{ steps.one.images[0].name | truncate(0, end=inputs.word) }}",
    "{{ inputs.unknown | map(attribute='hat') | join }}",
    "{{ inputs.unknown | sort(attribute='hat') | map(attribute='name') | join }}",
    "{{ (inputs.unknown | first).hat + 1 }}",
    "{{ inputs.maybe | default(3) }}",
    "{{ (inputs.maybe or 3) + 4 }}",
    "{% set x = 1 %}{% if inputs.maybe %}{% set x = 'a' %}{% endif %}{{ x + 1 }}",
    "{% set x = steps.one.images[0] %}{% set x = x.width %}{{ x + 1 }}",
    "{% macro m(i, n=1) %}{{ i.width + n }}{% endmacro %}{{ m(steps.one.images[0]) }}{{ m({'width': 3}, n=2) }}",
    "{% macro m(a) %}{{ a }}{% endmacro %}{{ m(1) }}{{ m('x') }}",
    "{% macro m(i=none) %}{% if i %}{{ i.width }}{% endif %}{% endmacro %}{{ m() }}{{ m(steps.one.images[0]) }}",
    "{% macro m(v, kind) %}{% if kind == 'image' %}{{ v.width }}{% else %}{{ v }}{% endif %}{% endmacro %}{{ m('x', '') }}{{ m(steps.one.images[0], 'image') }}",
    "{% macro m(v, kind) %}{{ v.width if kind == 'image' else v }}{{ kind and v.width }}{% endmacro %}{{ m('x', '') }}",
    "{% macro m(v) %}{% for i in v if i.widht %}{{ i.widht }}{% endfor %}{% endmacro %}{{ m([]) }}",
    "{% for t in steps.set.tasks %}{% if t.outputs is defined %}{{ t.outputs.x | length }}{% endif %}{% endfor %}",
    "{% for t in steps.set.tasks %}{{ t.outputs.x if t.outputs is defined else '' }}{{ t.outputs is defined and t.outputs.x }}{% endfor %}",
    "{% for t in steps.set.tasks if t.outputs is defined %}{{ t.outputs.x }}{% endfor %}",
    "{% for t in steps.set.tasks %}{% if t.key is not string %}{{ t.key + 1 }}{% elif t.each.i > 1 %}{{ t.key - 1 }}{% endif %}{% endfor %}",
    "{{ first_of(steps.one.images[0].width, 'none') }}",
    "{{ optional(steps.one.images[0].width) | default('none') }}",
    "{{ (optional(steps.one.images[0]) or {'width': 3}).width + 1 }}",
    "{{ (steps.set.images + optional(steps.one.images)) | length }}",
    "{{ range(10000) | length }}{{ 'x' * 65536 }}{{ range(steps.one.images[0].width * 1000) | length }}",
    "{{ ((optional(steps.one.images) + optional(steps.set.images)) or []) | length }}",
    "{{ (steps.set.images + none + (steps.one.images if inputs.maybe else none)) | length }}",
    "{{ (inputs.maybe + 'x') if inputs.maybe else '' }}{% if inputs.maybe %}{{ inputs.maybe + 'x' }}{% endif %}",
    "{% if inputs.maybe is string %}{{ inputs.maybe + 'x' }}{% endif %}{{ inputs.maybe | default('') + 'x' }}",
    "{{ (optional(steps.one.images[0].width) | default(0)) * 2 }}",
    "{{ (optional(steps.set.images) or []) | length }}{{ optional(steps.set.images) is none }}",
    "{% if optional(steps.set.images) %}{{ optional(steps.set.images) | length }}{% endif %}",
    "{{ optional(steps.one.images[0].width) == 5 }}{{ optional(steps.one.images[0].name) in ['a'] }}",
    "{{ ([steps.one.images[0]] + steps.set.images) | map(attribute='width') | sum }}",
    "{{ [1, 'a', none] | reject('none') | length }}",
    "{{ {'a': steps.one.images[0]}.a.width + 1 }}",
    "{% for name, value in steps.one.images[0].each | items %}{{ name }}{{ value }}{% endfor %}",
    "{{ zip(a=steps.set.images, b=steps.set.images) | map(attribute='a') | map(attribute='width') | join }}",
    "{{ steps.set.at(i=1, who='Ann', w='a').images | map(attribute='each') | map(attribute='w') | join }}",
    "{{ steps.set.where(w='a').images | map(attribute='width') | max }}",
    "{{ range(steps.one.images[0].number) | join }}",
    "{{ [1, 2][5] | default('x') }}{{ [] | first | default('y') }}{{ [1][3] is defined }}",
    "{% if steps.set.images | length > 3 %}{{ steps.set.images[:2] | map(attribute='name') | join }}{% endif %}",
    "{{ steps.one.images[0].format == 'png' }}",
    "{{ [steps.one.images[0].width, 5] | max }}",
]  # fmt: skip # a row a line


@pytest.mark.parametrize(("template", "code"), SLIPS)
def test_what_fails_with_any_result_is_said(check: Check, template: str, code: str) -> None:
    (found,) = [one for one in check(recipe(template)) if one.code != "never-skipped"]
    assert (found.code, found.severity) == (code, "error")


@pytest.mark.parametrize("template", RIGHT)
def test_what_may_work_is_left_alone(check: Check, template: str) -> None:
    assert [found.code for found in check(recipe(template)) if found.code != "never-skipped"] == []


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("a {{ steps.set.images | map(attribute='widht') | join }} b", "template-undefined «steps.set.images | map(attribute='widht')»"),
        ("{% for t in steps.set.tasks %}{{ t.each.j }}{% endfor %}", "unknown-attribute «j»"),
        ("{{ 2 ~ (steps.one.images[0].name + 1) }}", "template-type «(steps.one.images[0].name + 1)»"),
        ("{{ 1 < steps.one.images[0].width < 'a' }}", "template-type «steps.one.images[0].width < 'a'»"),
    ],
)  # fmt: skip # a row a line
def test_it_is_said_of_the_part_that_is_wrong(say: Say, template: str, said: str) -> None:
    assert say(recipe(template)) == [said]


@pytest.mark.parametrize(
    ("template", "help_"),
    [
        ("{{ steps.set.images or steps.one.images | length }}", "(steps.set.images or steps.one.images) | length"),
        ("{{ steps.set.images or (steps.one.images | length) }}", None),
        ("{{ steps.set.images or steps.one.images }}", None),
    ],
)  # fmt: skip # a row a line
def test_a_filter_that_was_meant_for_more_than_the_last_list_is_told_as_that(
    check: Check, template: str, help_: str | None
) -> None:
    (found,) = check(recipe(template))
    assert found.help is not None
    if help_ is None:
        assert found.help.startswith("join its items")
    else:
        assert found.help == f"`|` takes what stands right before it: write `{help_}`"


def test_all_that_is_wrong_is_said_at_once_and_nothing_that_follows_from_it(say: Say) -> None:
    template = (
        "{{ (steps.one.images[0].name + 1) * 'x' }} {{ [steps.one.images[0].width + 'a', -'b'] | join }}"
    )
    assert say(recipe(template)) == [
        "template-type «(steps.one.images[0].name + 1)»",
        "template-type «steps.one.images[0].width + 'a'»",
        "template-type «-'b'»",
    ]


@pytest.mark.parametrize(
    ("condition", "codes"),
    [
        ("{{ steps.one.images[0].width > 'a' }}", ["template-type"]),
        ("{{ steps.one.images[0].width > 100 }}", []),
        ("{{ (steps.set.images | first).widht > 100 }}", ["unknown-attribute"]),
    ],
)
def test_conditions_are_looked_at(check: Check, condition: str, codes: list[str]) -> None:
    last = f'when: "{condition}", '
    assert [found.code for found in check(recipe("L", last=last))] == codes


@pytest.mark.parametrize(
    ("key", "template", "codes"),
    [
        ("aspect_ratio", "{{ steps.one.images[0].format }}", ["option-not-allowed"]),
        ("aspect_ratio", "{{ steps.one.images[0].name }}", []),
        ("aspect_ratio", "{{ '16:10' if steps.set.images | length > 3 else '1:1' }}", ["option-not-allowed?"]),
        ("aspect_ratio", "{{ '16:9' if steps.set.images | length > 3 else '1:1' }}", []),
        ("aspect_ratio", "{{ '16:9' if steps.set.images | length > 3 else none }}", []),
        ("aspect_ratio", "{{ inputs.word if inputs.word != 'x' else '16:10' }}", ["option-not-allowed?"]),
        ("aspect_ratio", "{{ '16:10' }}", ["option-not-allowed"]),
        ("size", "{{ steps.one.images[0].width }}", ["option-not-allowed"]),
        ("size", "{{ steps.one.images[0].width > 5 }}", ["option-not-allowed"]),
        ("size", "{{ steps.one.images[0].width / 2 }}", ["option-not-allowed"]),
        ("size", "{{ '4K' if steps.one.images[0].width > 3000 else '2K' }}", []),
    ],
)  # fmt: skip # a row a line
def test_parameters_become_what_the_model_takes(
    check: Check, key: str, template: str, codes: list[str]
) -> None:
    found = check(recipe(template, key=key))
    assert [f"{one.code}{'' if one.severity == 'error' else '?'}" for one in found] == codes


@pytest.mark.parametrize(
    ("request_", "expect", "codes"),
    [
        ("aspect_ratio: 16:9", "16:9", []),
        ("aspect_ratio: 16:9", "7:4", []),
        ("aspect_ratio: 16:9", "1:1", ["expect-impossible"]),
        ("aspect_ratio: 9:16", "16:9", ["expect-impossible"]),
        ("aspect_ratio: 9:16", '16:9", otherwise: "accept', ["expect-impossible?"]),
        ("aspect_ratio: 16:9, size: 4K", "4:3", ["expect-impossible"]),
        ('aspect_ratio: "{{ inputs.word }}"', "1:1", []),
        ('aspect_ratio: 16:9, size: "{{ inputs.word }}"', "1:1", []),
        ("aspect_ratio: 16:9", "{{ inputs.word }}", []),
        ("size: 2K", "16:9", []),
    ],
)
def test_the_ratio_that_is_expected_is_one_that_is_asked_for(
    check: Check, request_: str, expect: str, codes: list[str]
) -> None:
    found = check(f"""
        inputs: {{word: {{type: text, default: "1:1"}}}}
        steps:
          used: {{generate: {{prompt: "{{{{ inputs.word }}}}"}}}}
          a: {{generate: {{prompt: A, {request_}}}, expect: {{aspect_ratio: "{expect}"}}}}
    """)
    assert [f"{one.code}{'' if one.severity == 'error' else '?'}" for one in found] == codes


ROWS = """
    inputs:
      t: {{type: table, key: name, columns: {{name: text, price: number}}, default: [{{name: Ann, price: 3, note: x}}]}}
    steps:
      one:
        for_each: {{r: "{{{{ inputs.t }}}}"}}
        generate: {{prompt: "{{{{ each.r.name }}}} {{{{ each.r.price }}}}"}}
      last: {{generate: {{prompt: '{template}'}}}}
    outputs:
      all: {{images: "{{{{ steps.one.images }}}}", file: '{file}'}}
      last: "{{{{ steps.last.images }}}}"
"""


@pytest.mark.parametrize(
    ("template", "said"),
    [
        ("{% for i in steps.one.images %}{{ i.each.r.pirce }}{% endfor %}", ["unknown-attribute «pirce»"]),
        ("{% for t in steps.one.tasks %}{{ t.each.r.nmae }}{% endfor %}", ["unknown-attribute «nmae»"]),
        ("{% for r in inputs.t %}{{ r.nmae }}{% endfor %}", ["unknown-attribute «nmae»"]),
        ("{% for r in inputs.t %}{{ r.note }}{{ r.name }}{% endfor %}", []),
        ("{% for r in inputs.t %}{% if r.nmae is defined %}{{ r.nmae }}{% endif %}{% endfor %}", []),
        ("{% macro m(r) %}{{ r.nmae }}{% endmacro %}{{ m(inputs.t[0]) }}", ["unknown-attribute «nmae»"]),
        (
            '{{ steps.one.images | map(attribute="each.r.nmae") | join }}',
            ['template-undefined «steps.one.images | map(attribute="each.r.nmae")»'],
        ),
        ('{{ steps.one.images | map(attribute="each.r.note") | join }}', []),
        (
            '{{ inputs.t | selectattr("pirce") | list | length }}',
            ['template-undefined «inputs.t | selectattr("pirce")»'],
        ),
        ('{{ inputs.t | selectattr("note") | list | length }}', []),
    ],
)
def test_slips_of_declared_columns_are_found_wherever_a_row_gets_to(
    say: Say, template: str, said: list[str]
) -> None:
    assert say(ROWS.format(template=template, file="{{ each.r.name }}")) == said


@pytest.mark.parametrize(
    ("file", "said"),
    [
        ("{{ each.r.nmae }}", ["unknown-attribute «each.r.nmae»"]),
        ("{{ each.r.note }}-{{ each.r.name }}", []),
    ],
)
def test_slips_of_declared_columns_are_found_in_names_of_files(say: Say, file: str, said: list[str]) -> None:
    assert say(ROWS.format(template="Last", file=file)) == said


@pytest.mark.parametrize(
    ("template", "operand"),
    [
        ("{{ inputs.maybe + 'x' }}", "inputs.maybe"),
        ("{{ 'x' + ('a' + inputs.maybe) }}", "inputs.maybe"),
        ("{{ optional(steps.one.images[0].width) * 2 }}", "optional(steps.one.images[0].width)"),
        ("{{ 3 - optional(steps.set.images | length) }}", "optional(steps.set.images | length)"),
        ("{% if not inputs.maybe %}{{ inputs.maybe + 'x' }}{% endif %}", "inputs.maybe"),
        ("{{ optional(steps.set.images) | length }}", "optional(steps.set.images)"),
        ("{{ optional(steps.set.images)[1:] | map(attribute='name') | join }}", "optional(steps.set.images)"),
        ("{{ -optional(steps.one.images[0].width) }}", "optional(steps.one.images[0].width)"),
        (
            "{{ 'a' if optional(steps.one.images[0].width) > 5 else 'b' }}",
            "optional(steps.one.images[0].width)",
        ),
    ],
)
def test_an_operand_that_may_be_none_is_a_doubt_where_the_operation_takes_no_none(
    check: Check, template: str, operand: str
) -> None:
    when = """when: "{{ inputs.mode == 'ceil' }}"\n            """
    skipped = (
        recipe(template)
        .replace("one: {", f"one: {{{when.strip()}, ")
        .replace("for_each:", f"{when}for_each:")
    )
    found = [one for one in check(skipped) if one.code == "may-be-none"]
    said = [(one.severity.value, one.message.partition(": ")[0]) for one in found]
    assert said == [("warning", f"`{operand}` may be none")]
    assert all("default(…)" in str(one.help) or " or [])" in str(one.help) for one in found)
