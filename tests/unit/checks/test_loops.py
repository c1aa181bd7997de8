"""Lists of `for_each` are lists, and every item that is written out has a key of its own."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

import seedflow
from tests.unit.checks.conftest import Check


def loop(items: str) -> str:
    return f"""
        inputs:
          hero: {{type: text}}
          photo: {{type: image}}
          some: {{type: list, of: text}}
        values: {{pair: "{{{{ ['a', 'b'] }}}}"}}
        steps:
          used: {{generate: {{prompt: "{{{{ inputs.hero }}}}{{{{ inputs.photo.name }}}}{{{{ inputs.some | join }}}}{{{{ values.pair | join }}}}"}}}}
          a:
            for_each: {items}
            generate: {{prompt: A}}
    """


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ('{x: "{{ inputs.hero }}"}', ['not-a-list «"{{ inputs.hero }}"»']),
        ('{x: "{{ inputs.photo }}"}', ['not-a-list «"{{ inputs.photo }}"»']),
        ("{x: [a, b, a]}", ["equal-keys «a»"]),
        ("{x: [1, '1']}", ["equal-keys «'1'»"]),
        ("{x: [a b, a-b]}", ["equal-keys «a-b»"]),
        ("{x: [a, null]}", ["no-key «null»"]),
        ("{x: [[a]]}", ["no-key «a»"]),
        ("{x: [{n: 1}, {n: 2}]}", ["no-key «x»"]),
        ("{x: {in: [{n: 1}, {m: 2}], key: n}}", ["no-key «2»"]),
        ("{x: {in: [{n: 1, m: 2}, {n: 1, m: 3}], key: n}}", ["equal-keys «1, m: 3»"]),
        ("{x: {in: [{n: 1}, {n: [2]}], key: n}}", ["no-key «2»"]),
        ('{x: [a, "{{ inputs.hero }}", b]}', []),
        ("{x: [a, b], y: [a, b]}", []),
        ("{x: {in: [{n: 1}, {n: 2}], key: n}}", []),
        ('{x: "{{ inputs.some }}"}', []),
        ('{x: "{{ values.pair }}"}', []),
        ('"{{ zip(x=inputs.some, y=values.pair) }}"', []),
    ],
)
def test_lists(say, items: str, said: list[str]) -> None:
    assert say(loop(items)) == said


ROWS = """
    inputs:
      rows: {type: table, columns: {id: text, words: {type: list, of: text}}DECLARED}
      keyed: {type: table, key: id, columns: {id: text}}
    steps:
      page:
        for_each: {row: ITEMS}
        generate: {prompt: "{{ each.row.id }} {{ inputs.keyed | length + inputs.rows | length }}"}
"""


@pytest.mark.parametrize(
    ("items", "said"),
    [
        ('"{{ inputs.rows }}"', True),
        ("\"{{ (inputs.rows | selectattr('id'))[:2] }}\"", True),
        ('"{{ inputs.rows or [] }}"', True),
        ('{in: "{{ inputs.rows }}", key: id}', False),
        ('"{{ inputs.keyed }}"', False),
        ('"{{ inputs.rows if inputs.rows | length > 9 else inputs.keyed }}"', False),
    ],
)
def test_a_loop_over_rows_needs_a_key_of_the_table_or_of_its_own(check, items: str, said: bool) -> None:
    found = check(ROWS.replace("ITEMS", items).replace("DECLARED", ""))
    assert [one.code for one in found] == (["no-key"] if said else [])
    if said:
        assert found[0].help == "write `key: id` in the declaration of `rows`"
        assert check(ROWS.replace("ITEMS", items).replace("DECLARED", ", key: id")) == []


def test_rows_that_a_used_recipe_is_given_bring_no_key_along(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "inner.yaml").write_text(
        "seedflow: 1\ninputs: {rows: {type: table}}\n"
        "steps: {a: {for_each: {row: '{{ inputs.rows }}'}, generate: {prompt: '{{ each.row.id }}'}}}\n"
        "outputs: {a: '{{ steps.a.images }}'}\n"
    )
    (tmp_path / "outer.yaml").write_text(
        "seedflow: 1\ninputs: {goods: {type: table, key: id, default: [{id: one}, {id: two}]}}\n"
        "steps: {it: {recipe: ./inner.yaml, with: {rows: '{{ inputs.goods }}'}}}\n"
    )
    assert [found.code for found in seedflow.check_recipe("outer.yaml").diagnostics] == ["no-key"]
    inner = (tmp_path / "inner.yaml").read_text().replace("table}", "table, key: id}")
    (tmp_path / "inner.yaml").write_text(inner)
    assert len(seedflow.plan_recipe("outer.yaml", provider="sketch").plan.tasks) == 2


def test_two_equal_items_are_shown_both(check) -> None:
    (found,) = check(loop("{x: [asleep in a library, 'asleep in a library']}"))
    assert found.related[0].span.source.text[found.related[0].span.start :].startswith("asleep in a library,")
    assert "x=asleep-in-a-library" in found.message


def test_a_key_that_a_record_lacks_gets_a_suggestion(check) -> None:
    (found,) = check(loop("{x: {in: [{name: fox}], key: nam}}"))
    assert found.help == "did you mean `name`?"


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ("s: {generate: {prompt: S}, for_each: {t: [a, b, c]}}", ["too-many-items «x»"]),
        ("s: {generate: {prompt: S}, for_each: {t: [a, b]}}", []),
        ("s: {generate: {prompt: S}, for_each: {t: '{{ inputs.words }}'}}", []),
        ("s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}", ["too-many-items? «x»"]),
        ("s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 2}}", []),
    ],
)  # fmt: skip # a row a line
def test_a_list_that_is_longer_than_at_most(say, steps: str, said: list[str]) -> None:
    assert (
        say(
            "inputs: {words: {type: list, of: text, default: [a]}}\n"
            f"steps:\n  {steps}\n"
            "  u: {for_each: {x: {in: '{{ steps.s.images }}', at_most: 2}}, generate: {prompt: 'U {{ inputs.words | join }}', image_input: ['{{ each.x }}']}}\n"
        )
        == said
    )


CALLED = """
    steps:
      set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
      many:
        recipe: ./many.yaml
        with:
          words: "{{ (steps.set.images | map(attribute='name') | list) * 2 }}"
          count: COUNT
"""
BOUND = "{in: …, at_most: N}"


def write_many(folder: Path, *, words: str, items: str, most: str = "", edits: str = "") -> None:
    """A recipe that goes through what its caller gives."""
    step = f"iterate: {{over: {edits}, as: n, start: '{{{{ inputs.photo }}}}'}}" if edits else ""
    (folder / "many.yaml").write_text(
        dedent(
            f"""
            seedflow: 1
            name: many
            inputs:
              words: {{type: list, of: text{words}}}
              count: {{type: integer{most}}}
              photo: {{type: image, default: "https://pictures.example/fox.jpg"}}
            steps:
              one:
                {step or f"for_each: {{n: {items}}}"}
                generate:
                  prompt: "{{{{ each.n }}}} of {{{{ inputs.words | length }}}} and {{{{ inputs.count }}}}"
                  image_input: ["{"{{ prev }}" if edits else "{{ inputs.photo }}"}"]
            outputs: {{images: "{{{{ steps.one.images }}}}"}}
            """
        )
    )


def test_every_way_to_bound_the_list_of_a_used_recipe_is_told_and_is_one(
    check: Check, tmp_path: Path
) -> None:
    text = CALLED.replace("COUNT", "3")
    items = "'{{ inputs.words }}'"
    write_many(tmp_path, words="", items=items)
    (found,) = check(text)
    assert found.code == "unbounded-list"
    assert found.help is not None
    assert f"write `{BOUND}` where the list stands" in found.help
    assert "give input `words` of recipe `many` `max_items: N`" in found.help
    assert "use the images themselves, a slice of them" in found.help
    write_many(tmp_path, words=", max_items: 9", items=items)
    assert check(text) == []
    write_many(tmp_path, words="", items=f"{{in: {items}, at_most: 9}}")
    assert check(text) == []
    write_many(tmp_path, words="", items=items)
    own = text.replace(
        "(steps.set.images | map(attribute='name') | list) * 2",
        "steps.set.images | map(attribute='name') | list",
    )
    assert check(own) == []


def test_a_number_that_only_the_run_knows_is_shown_where_the_caller_gives_it(
    check: Check, tmp_path: Path
) -> None:
    text = CALLED.replace("COUNT", '"{{ steps.set.images | length }}"')
    write_many(tmp_path, words=", max_items: 9", items="'{{ range(inputs.count) }}'", most=", maximum: 9")
    (found,) = check(text)
    assert found.help is not None
    assert found.help.startswith(f"write `{BOUND}`, or")
    assert found.help.endswith("or give `count` what is known when planning")
    (given,) = found.related
    assert given.message == "only the run will know what `count` is given here"
    assert given.span.source.text[given.span.start : given.span.end] == "count"
    assert check(CALLED.replace("COUNT", "3")) == []


def test_at_most_is_not_offered_for_edits_in_a_row(check: Check, tmp_path: Path) -> None:
    write_many(tmp_path, words="", items="", edits="'{{ inputs.words }}'")
    (found,) = check(CALLED.replace("COUNT", "3"))
    assert found.code == "unbounded-list"
    assert found.help is not None
    assert "at_most" not in found.help
    assert found.help.startswith("give input `words` of recipe `many` `max_items: N`, or")


def test_an_image_that_is_handed_through_is_one_whatever_it_is_picked_from(
    check: Check, tmp_path: Path
) -> None:
    (tmp_path / "pass.yaml").write_text(
        'seedflow: 1\ninputs: {photo: {type: image}}\nsteps: {x: {generate: {prompt: X, image_input: "{{ inputs.photo }}"}}}\n'
        'outputs: {images: "{{ steps.x.images }}", raw: "{{ inputs.photo }}"}\n'
    )
    assert (
        check("""
        steps:
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
          one: {when: "{{ steps.set.images | length > 1 }}", generate: {prompt: O}}
          use: {recipe: ./pass.yaml, with: {photo: "{{ first_of(steps.one.images, steps.set.images)[0] }}"}}
          all:
            for_each: {i: "{{ steps.use.outputs.raw + steps.set.images[1:] }}"}
            generate: {prompt: "A", image_input: "{{ each.i }}"}
    """)
        == []
    )


def test_the_way_to_bound_pairs_is_one(check: Check) -> None:
    text = """
        steps:
          set: {generate: {prompt: S, sequential_image_generation: auto, max_images: 4}}
          use:
            for_each: LOOP
            generate: {prompt: "PROMPT", image_input: ["IMAGE"]}
    """
    pairs = "zip(v=steps.set.images, w=range(steps.set.images | length))"
    (found,) = check(
        text.replace("LOOP", f'"{{{{ {pairs} }}}}"')
        .replace("PROMPT", "{{ each.w }}")
        .replace("IMAGE", "{{ each.v }}")
    )
    assert found.code == "unbounded-list"
    assert found.help is not None
    way = 'pair: {in: "{{ zip(…) }}", key: v, at_most: N}'
    assert f"`{way}`, with `each.pair.v` for `each.v`" in found.help
    bounded = "{" + way.replace("zip(…)", pairs).replace("N}", "4}") + "}"
    assert (
        check(
            text.replace("LOOP", bounded)
            .replace("PROMPT", "{{ each.pair.w }}")
            .replace("IMAGE", "{{ each.pair.v }}")
        )
        == []
    )


@pytest.mark.parametrize(
    ("items", "doubted"),
    [
        ("optional(steps.some.images)", False),
        ("optional(steps.some.images) if inputs.b else inputs.l", False),
        ("inputs.l", True),
    ],
)
def test_a_list_of_what_may_be_skipped_has_no_items_then(check: Check, items: str, doubted: bool) -> None:
    found = check(f"""
        inputs: {{b: {{type: boolean, default: true}}, l: {{type: list, of: text, optional: true}}}}
        steps:
          some: {{when: "{{{{ inputs.b }}}}", generate: {{prompt: "{{{{ inputs.l | default([]) | join }}}}S"}}}}
          use: {{for_each: {{v: "{{{{ {items} }}}}"}}, generate: {{prompt: Again}}}}
    """)
    assert ("may-be-none" in [one.code for one in found]) == doubted


@pytest.mark.parametrize(
    ("items", "codes"),
    [
        ("steps.a.images + steps.a.images", ["equal-keys"]),
        ("steps.a.images + optional(steps.a.images)", ["equal-keys"]),
        ("optional(steps.a.images) + steps.a.images", ["equal-keys"]),
        ("optional(steps.a.images) + optional(steps.b.images)", []),
        ("optional(steps.a.images) + optional(steps.a.images)", []),
    ],
)
def test_images_that_stand_twice_in_a_sum_are_told_where_there_are_some(
    check: Check, items: str, codes: list[str]
) -> None:
    text = f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{when: "{{{{ inputs.on }}}}", generate: {{prompt: A}}}}
          b: {{when: "{{{{ inputs.on }}}}", generate: {{prompt: B}}}}
          c: {{for_each: {{i: "{{{{ {items} }}}}"}}, generate: {{prompt: C, image_input: "{{{{ each.i }}}}"}}}}
    """
    assert [found.code for found in check(text)] == codes


@pytest.mark.parametrize("severity", ["error", "warning"])
def test_a_name_of_each_that_images_of_an_optional_step_lack_is_told(check: Check, severity: str) -> None:
    when = "" if severity == "error" else 'when: "{{ inputs.on }}", '
    text = f"""
        inputs: {{on: {{type: boolean, default: true}}}}
        steps:
          a: {{for_each: {{n: [x, y]}}, generate: {{prompt: "A {{{{ each.n }}}} {{{{ inputs.on }}}}"}}}}
          b: {{{when}generate: {{prompt: B}}}}
        outputs:
          o: {{images: "{{{{ steps.a.images + optional(steps.b.images) }}}}", file: "{{{{ each.n }}}}"}}
    """
    found = [one for one in check(text) if one.code != "never-skipped"]
    assert [(one.severity.value, "step `b`" in one.message) for one in found] == [(severity, True)]


@pytest.mark.parametrize(
    ("items", "slice_"),
    [
        ("steps.s.images", "`[:3]`"),
        ("succeeded(steps.s.images)", "`[:3]`"),
        ("steps.s.images | reverse", "`(…)[:3]`"),
        ("steps.s.images + steps.s.images", "`(…)[:3]`"),
    ],
)
def test_a_slice_is_offered_with_the_brackets_that_it_needs(check: Check, items: str, slice_: str) -> None:
    found = check(f"""
        steps:
          s: {{generate: {{prompt: S, sequential_image_generation: auto, max_images: 4}}}}
          e:
            for_each: {{x: {{in: "{{{{ {items} }}}}", at_most: 3}}}}
            generate: {{prompt: E, image_input: ["{{{{ each.x }}}}"]}}
    """)
    told = [str(one.help) for one in found if one.code == "too-many-items"]
    assert [slice_ in one for one in told] == [True]
