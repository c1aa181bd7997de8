"""Requests that are one and the same, results that nobody uses, and fan-outs that explode."""

from __future__ import annotations

import pytest

from tests.unit.checks.conftest import Check, Say


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("a: {generate: {prompt: x}}\n  b: {generate: {prompt: y}}", []),
        ("a: {generate: {prompt: x}}\n  b: {generate: {prompt: x}}", ["same-request? «b»"]),
        ("a: {generate: {prompt: x}}\n  b: {generate: {prompt: x, size: 2K}}", []),
        ("a: {generate: {prompt: x}}\n  b: {generate: {prompt: x}, for_each: {s: [u, v]}}", ["same-request? «b»", "same-request? «s»"]),
        ('a: {generate: {prompt: "{{ each.s }}"}, for_each: {s: [u, v]}}\n  b: {generate: {prompt: "{{ each.s }}"}, for_each: {s: [u, w]}}', []),
        ('a: {generate: {prompt: "{{ each.s }}"}, for_each: {s: [u, v]}}\n  b: {generate: {prompt: "{{ each.s }}"}, for_each: {s: [u, v]}}', ["same-request? «b»"]),
        ("a: {generate: {prompt: x}, for_each: {s: [u]}}", []),
        ('a: {generate: {prompt: "{{ each.s }}"}, for_each: {s: [u, v], t: [y, z]}}', ["same-request? «t»"]),
        ("a: {recipe: ./parts/cast.yaml, for_each: {s: [u, v]}, with: {who: x}}", ["same-request? «s»"]),
        ("a: {generate: {prompt: x}, takes: 3}", []),
        ("a: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}\n  b: {generate: {prompt: x}}", []),
        ("a: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}\n  b: {generate: {prompt: x}, expect: {min_width: 8, otherwise: retry, attempts: 3}}", []),
        ("a: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}\n  b: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}", ["same-request? «b»"]),
        ("a: {generate: {prompt: x}, expect: {min_width: 9}}\n  b: {generate: {prompt: x}}", ["same-request? «b»"]),
        ("a: {generate: {prompt: x}, expect: {min_width: 9, otherwise: accept}}\n  b: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}", []),
        ("a: {generate: {prompt: x}, expect: {min_width: 9, otherwise: retry, attempts: 3}}\n  b: {generate: {prompt: x}, expect: {min_width: 9}}", []),
        ('a: {generate: {prompt: "{{ each.w.look }}"}, for_each: {w: {in: [{id: a, look: u}, {id: b, look: v}], key: id}}}', []),
        (
            'a: {generate: {prompt: "{{ each.w.look }}"}, for_each: {w: {in: [{id: a, look: u}, {id: b, look: u}], key: id}}}',
            ["same-request? «b, look: u»"],
        ),
        ('a: {generate: {prompt: "{{ each.w.look }} {{ each.w.id }}"}, for_each: {w: {in: [{id: a, look: u}, {id: b, look: u}], key: id}}}', []),
        ('a: {generate: {prompt: "{{ each.x }}"}, for_each: {x: [4, 7], y: "{{ range(each.x - 1, each.x) }}"}}', []),
        ('a: {generate: {prompt: "{{ each.x }}"}, for_each: {x: [4, 7], y: ["{{ each.x }} u", "{{ each.x }} v"]}}', ["same-request? «y»"]),
    ],
)  # fmt: skip # a row a line
def test_equal_requests(say_all: Say, steps: str, said: list[str]) -> None:
    assert say_all(f"steps:\n  {steps}\n") == said


def test_a_step_that_leads_to_no_output(say_all: Say) -> None:
    steps = """
steps:
  a: {generate: {prompt: x}}
  b: {generate: {prompt: y, image_input: ["{{ steps.a.images }}"]}}
  c: {generate: {prompt: z}}
  d: {generate: {prompt: v}, needs: [e]}
  e: {generate: {prompt: u}}
"""
    assert say_all(steps) == []
    assert say_all(steps + 'outputs: {b: "{{ steps.b.images }}", d: "{{ steps.d.images }}"}\n') == [
        "unused-step? «c»"
    ]


@pytest.mark.parametrize(
    ("steps", "number"),
    [
        ("a: {generate: {prompt: '{{ each.s }}'}, for_each: {s: [LONG]}, takes: 2}", "400 requests: 200 `s` × 2 takes"),
        ("a: {generate: {prompt: x}, takes: 499}", None),
        ("a: {generate: {prompt: x}, takes: 500}", "500 requests: 500 takes"),
        ("a: {generate: {prompt: '{{ each.s }}'}, for_each: {s: [LONG]}}", None),
        ("a: {generate: {prompt: '{{ each.s }}'}, for_each: {s: '{{ range(-2, 3000, 2) }}'}}", "1,501 requests: 1,501 `s`"),
        ("a: {generate: {prompt: '{{ each.s }}'}, for_each: {s: '{{ range(499) }}'}}", None),
        ("a: {generate: {prompt: '{{ each.s }} {{ each.t }}'}, for_each: {s: '{{ inputs.n }}', t: '{{ inputs.n }}'}}\ninputs: {n: {type: list, of: text, default: [TEN, TEN2]}}", "400 requests with the defaults of the inputs: 20 `s` × 20 `t`"),
        ("a: {generate: {prompt: '{{ each.s }} {{ each.t }}'}, for_each: {s: {in: '{{ inputs.n }}', at_most: 9}, t: '{{ inputs.n }}'}}\ninputs: {n: {type: list, of: text, default: [TEN, TEN2]}}", None),
        ("a: {recipe: ./parts/cast.yaml, for_each: {s: [LONG], t: [y, z]}, with: {who: '{{ each.s }} {{ each.t }}'}}", "400 uses of a recipe: 200 `s` × 2 `t`"),
        ("a: {recipe: ./parts/cast.yaml, for_each: {s: [LONG]}, with: {who: '{{ each.s }}', poses: [q, r]}}", None),
    ],
)  # fmt: skip # a row a line
def test_fan_outs_that_explode(check: Check, steps: str, number: str | None) -> None:
    steps = steps.replace("LONG", ", ".join(f"i{at}" for at in range(200)))
    steps = steps.replace("TEN2", ", ".join(f"b{at}" for at in range(10)))
    found = check(f"steps:\n  {steps}\n".replace("TEN", ", ".join(f"a{at}" for at in range(10))))
    assert [one.code for one in found] == ["many-requests"] * (number is not None)
    if number is not None:
        assert number in found[0].message


def test_limits_say_that_it_is_meant(check: Check) -> None:
    assert check("steps: {a: {generate: {prompt: x}, takes: 500}}\nlimits: {cost_usd: 30}\n") == []


def test_of_a_record_the_help_of_equal_requests_names_the_field_that_tells_them_apart(
    check_all_of,
) -> None:
    (found,) = check_all_of(
        "steps:\n  d: {for_each: {z: {in: [{k: 1}, {k: 2}], key: k}}, generate: {prompt: D}}\n"
    )
    assert "`{{ each.z.k }}`" in str(found.help)


def test_the_help_of_equal_uses_of_a_recipe_names_nothing_that_does_not_go_there(check_all_of) -> None:
    (found,) = check_all_of(
        "steps: {a: {recipe: ./parts/cast.yaml, for_each: {s: [u, v]}, with: {who: x}}}\n"
    )
    assert found.help == "mention `{{ each.s }}` in what the recipe is given"
