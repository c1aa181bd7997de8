"""Filters that go by what may be none of an item, and fail where it is."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check

ROWS = """
    inputs:
      rows: {type: table, key: name, columns: {name: {type: text}, n: {type: integer, optional: true}, t: {type: text, optional: true}}}
    steps:
      p: {generate: {prompt: "EXPRESSION"}}
"""


def advise(check: Check, expression: str) -> list[str | None]:
    found = check(ROWS.replace("EXPRESSION", "{{ " + expression + " }}"))
    return [one.help for one in found if one.code == "may-be-none"]


@pytest.mark.parametrize(
    ("expression", "write"),
    [
        (
            "inputs.rows | sort(attribute='n') | map(attribute='name') | join",
            "inputs.rows | rejectattr('n', 'none') | sort(attribute='n')",
        ),
        ("inputs.rows | sum(attribute='n')", "inputs.rows | rejectattr('n', 'none') | sum(attribute='n')"),
        ("inputs.rows | sum('n')", "inputs.rows | rejectattr('n', 'none') | sum('n')"),
        (
            "(inputs.rows | min(attribute='n')).name",
            "inputs.rows | rejectattr('n', 'none') | min(attribute='n')",
        ),
        (
            "inputs.rows | unique(attribute='n') | length",
            "inputs.rows | rejectattr('n', 'none') | unique(attribute='n')",
        ),
        (
            "inputs.rows | join(', ', attribute='t')",
            "inputs.rows | rejectattr('t', 'none') | join(', ', attribute='t')",
        ),
        ("inputs.rows | map(attribute='n') | max", "inputs.rows | map(attribute='n') | reject('none') | max"),
        (
            "((inputs.rows + inputs.rows) | sum(attribute='n')) * 2",
            "(inputs.rows + inputs.rows) | rejectattr('n', 'none') | sum(attribute='n')",
        ),
    ],
)
def test_what_a_filter_goes_by_is_there_or_such_items_are_left_out_first(
    check: Check, expression: str, write: str
) -> None:
    assert advise(check, expression) == [f"leave such items out first: `{write}`"]
    asked = expression.replace("rows | map(attribute='n') |", "rows | map(attribute='n') | reject('none') |")
    if asked == expression:
        name = "t" if "'t'" in expression else "n"
        before, bar, behind = expression.partition(" | ")
        asked = f"{before} | rejectattr('{name}', 'none'){bar}{behind}"
    assert advise(check, asked) == []


@pytest.mark.parametrize(
    "expression",
    [
        "inputs.rows | sort(attribute='name') | map(attribute='name') | join",
        "inputs.rows | selectattr('n', 'number') | sum(attribute='n')",
        "inputs.rows | selectattr('n') | map(attribute='n') | max",
        "inputs.rows | map(attribute='n', default=0) | length",
    ],
)
def test_what_is_there_for_certain_is_not_doubted(check: Check, expression: str) -> None:
    assert advise(check, expression) == []


@pytest.mark.parametrize(
    ("test", "doubted"),
    [
        ("inputs.rows | selectattr('n', 'none') | length == 0", False),
        ("inputs.rows | selectattr('n') | list", False),
        ("inputs.rows | map(attribute='n') | select('none') | list | length == 0", False),
        ("inputs.rows | length > 0", True),
        ("inputs.rows", True),
        ("recipe.name == 'x'", True),
    ],
)
@pytest.mark.parametrize("used", ["sum(attribute='n')", "sort(attribute='n') | list | length"])
def test_items_are_not_doubted_where_a_test_that_nobody_understands_looks_at_their_list(
    check: Check, test: str, used: str, doubted: bool
) -> None:
    body = "{% if TEST %}{{ inputs.rows | USED }}{% endif %}".replace("TEST", test).replace("USED", used)
    found = check(ROWS.replace("EXPRESSION", body))
    assert [one.code for one in found] == ["may-be-none"] * doubted
    step = f"""p: {{when: "{{{{ not not ({test}) }}}}", generate: {{prompt: "{{{{ inputs.rows | {used} }}}}"}}}}"""
    found = check(ROWS.partition("      p:")[0] + "      " + step)
    assert [one.code for one in found] == ["may-be-none"] * doubted


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("{{ optional(steps.s.images) | length }}", ["never-skipped? «steps.s.images»"]),
        ("{{ optional(steps.s.images[0].width) }}", ["never-skipped? «steps.s.images[0]»"]),
        ("{{ optional(steps.n.images) | length }}", ["may-be-none? «optional(steps.n.images)»"]),
        ("{% if inputs.night %}{{ optional(steps.n.images[0].width) * 2 }}{% endif %}", []),
        (
            "{% if not inputs.night %}{{ optional(steps.n.images[0].width) * 2 }}{% endif %}",
            ["may-be-none? «optional(steps.n.images[0].width)»"],
        ),
    ],
)
def test_what_is_never_skipped_is_never_none(say, prompt: str, said: list[str]) -> None:
    assert (
        say(f"""
            inputs: {{night: {{type: boolean, default: false}}}}
            steps:
              s: {{generate: {{prompt: S}}}}
              n: {{when: "{{{{ inputs.night }}}}", generate: {{prompt: N}}}}
              e: {{generate: {{prompt: "{prompt}"}}}}
        """)
        == said
    )


CAP = """
    inputs: {{photo: {{type: image, optional: true}}}}
    steps:
      s: {{generate: {{prompt: "S{{% if inputs.photo %}} as seen{{% endif %}}", sequential_image_generation: auto, max_images: 3}}}}
      cap: {{when: "{{{{ steps.s.images | length > 1 }}}}", generate: {{prompt: Cap, image_input: "{{{{ steps.s.images[0] }}}}"}}}}
      e: {{{when}generate: {{prompt: "{prompt}", image_input: {{c: "{{{{ optional(steps.cap.images) }}}}"}}}}}}
"""


@pytest.mark.parametrize(
    ("prompt", "doubted"),
    [
        ("{{ optional(steps.cap.images[0]).width }}", "optional(steps.cap.images[0])"),
        ("{{ optional(steps.cap.images[0]).name | upper }}", "optional(steps.cap.images[0])"),
        ("{{ optional(steps.cap.images[0]).name | default('x') }}", "optional(steps.cap.images[0])"),
        ("{{ optional(steps.cap.images[0])['name'] }}", "optional(steps.cap.images[0])"),
        ("{{ optional(steps.cap.images)[0].width }}", "optional(steps.cap.images)"),
        ("{{ optional(steps.cap.images)[-1].width }}", "optional(steps.cap.images)"),
        ("{{ optional(steps.cap.tasks)[0].key }}", "optional(steps.cap.tasks)"),
        ("{% if optional(steps.cap.images[0]).width > 3 %}x{% endif %}", "optional(steps.cap.images[0])"),
        ("{{ inputs.photo.width }}", "inputs.photo"),
    ],
)
def test_dots_and_brackets_behind_what_may_be_none_are_doubted_until_it_is_tested(
    say, prompt: str, doubted: str
) -> None:
    prompt = "{% if ref.c %}{{ ref.c }}{% endif %} " + prompt
    assert say(CAP.format(prompt=prompt, when="")) == [f"may-be-none? «{doubted}»"]
    tested = f"{{% if {doubted} is not none %}}{prompt}{{% endif %}}"
    assert say(CAP.format(prompt=tested, when="")) == []
    when = f'when: "{{{{ {doubted} is not none }}}}", '
    assert say(CAP.format(prompt=prompt, when=when)) == []


@pytest.mark.parametrize(
    "prompt",
    [
        "{% if optional(steps.cap.images) %}{{ optional(steps.cap.images[0]).width }}{% endif %}",
        "{% if optional(steps.cap.images) | default([]) | length == 1 %}{{ optional(steps.cap.images[0]).width * 2 }}{% endif %}",
        "{% if ref.c %}{{ optional(steps.cap.images[0]).width }}{% endif %}",
        "{{ (optional(steps.cap.images[0]) or steps.s.images[0]).width }}",
        "{{ (optional(steps.cap.images) or steps.s.images)[0].width }}",
        "{{ [optional(steps.cap.images[0]), steps.s.images[0]][0].width }}",
        "{% for one in optional(steps.cap.images) or [] %}{{ one.name }}{% endfor %}",
        "{% set c = optional(steps.cap.images[0]) %}{% if c %}{{ c.width }}{% endif %}",
        "{% if inputs.photo %}{{ inputs.photo.name }}{% endif %}",
        "{{ (inputs.photo or steps.s.images[0]).name }}",
    ],
)
def test_a_step_is_made_where_a_test_finds_anything_that_it_gives(say, prompt: str) -> None:
    prompt += " {% if ref.c %}{{ ref.c }}{% endif %}"
    assert say(CAP.format(prompt=prompt, when="")) == []


def test_another_task_or_another_output_may_be_skipped_where_a_test_finds_one(say) -> None:
    assert say("""
        steps:
          s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}
          cap:
            for_each: {x: [a, b]}
            when: "{{ steps.s.images | length > 1 and each.x == 'a' }}"
            generate: {prompt: "Cap {{ each.x }}", image_input: "{{ steps.s.images[0] }}"}
          e: {generate: {prompt: "{% if optional(steps.cap.images) %}{{ optional(steps.cap.at(x='b').images[0]).width }}{% endif %}"}}
    """) == ["may-be-none? «optional(steps.cap.at(x='b').images[0])»"]
