"""Numbers and lengths that only the run knows, at the border of a used recipe and in what a model takes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from planning import KnownResults, done, open_planner

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.plan.model import Plan, Unsettled

SET = "sequential_image_generation: auto, max_images"
INNER = f"""\
seedflow: 1
inputs:
  n: {{type: integer, minimum: 2, maximum: 4, default: 2}}
  photos: {{type: list, of: image, max_items: 3, default: []}}
steps:
  make: {{generate: {{prompt: Tiles, {SET}: "{{{{ inputs.n }}}}", image_input: "{{{{ inputs.photos }}}}"}}}}
outputs: {{images: "{{{{ steps.make.images }}}}"}}
"""
WORDS = """\
inputs: {words: {type: list, of: text, default: [x]}, really: {type: boolean, default: true}}
steps:
  top: {for_each: {w: "{{ inputs.words }}"}, generate: {prompt: "T {{ each.w }}", SET}}
"""
COUNTED = 'n: "{{ steps.top.images | length }}"'

Start = Callable[..., tuple[Plan | None, list[Diagnostic]]]


@pytest.fixture
def start(tmp_path: Path) -> Start:
    """The plan of a use of `INNER` after a step that is repeated for so many words, and what is wrong."""
    (tmp_path / "inner.yaml").write_text(INNER)

    def run(words: int, given: str, *, most: int = 1, more: str = "") -> tuple[Plan | None, list[Diagnostic]]:
        set_of = f"{SET}: {most}" if most > 1 else "size: 2K"
        text = WORDS.replace("SET", set_of) + f"  use: {{recipe: ./inner.yaml, with: {{{given}}}{more}}}\n"
        named = {"words": [f"word {number}" for number in range(words)]}
        return open_planner(text, named, folder=tmp_path).start()

    return run


def test_a_count_that_is_always_outside_is_an_error_at_the_call(start: Start) -> None:
    plan, (problem,) = start(5, COUNTED)
    assert plan is None
    assert (problem.code, problem.severity) == ("out-of-bounds", Severity.ERROR)
    assert "this is 5, and input `n` of recipe `inner` takes at most 4" in problem.message
    assert problem.span is not None
    assert "steps.top.images | length" in problem.span.source.text[problem.span.start : problem.span.end]
    assert problem.help is not None
    assert [beside.span.source.name for beside in problem.related] == ["inner.yaml"]


def test_a_count_that_may_be_outside_is_a_warning_with_the_numbers(start: Start) -> None:
    plan, (problem,) = start(2, COUNTED, most=3)
    assert plan is not None
    assert (problem.code, problem.severity) == ("out-of-bounds", Severity.WARNING)
    assert "this may be 2 to 6" in problem.message


def test_a_count_of_the_images_of_a_task_of_the_loop_is_bounded_as_the_task_is(start: Start) -> None:
    loop = ', for_each: {task: "{{ steps.top.tasks }}"}'
    _, problems = start(2, 'n: "{{ [each.task.images | length, 2] | max }}"', most=4, more=loop)
    assert problems == []
    _, (problem,) = start(2, 'n: "{{ [each.task.images | length, 3] | min }}"', most=4, more=loop)
    assert "this may be 1 to 3" in problem.message


def test_a_count_that_always_fits_is_no_matter(start: Start) -> None:
    plan, problems = start(3, COUNTED)
    assert problems == []
    assert plan is not None
    assert plan.tasks[-1].images == (1, 3)


def test_the_bounds_of_an_input_bound_the_plan(start: Start) -> None:
    plan, _ = start(3, COUNTED, most=3)
    assert plan is not None
    assert plan.tasks[-1].images == (1, 4)


def test_lists_are_counted_as_well(start: Start) -> None:
    photos = 'photos: "{{ steps.top.images }}"'
    assert start(4, photos)[0] is None
    plan, (problem,) = start(2, photos, most=2)
    assert plan is not None
    assert "a list of 2 to 4 items" in problem.message
    assert start(3, photos)[1] == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{{ steps.top.images | length < 5 }}", []),
        ("{{ not inputs.really }}", []),
        ("{{ inputs.really }}", ["out-of-bounds"]),
    ],
)
def test_a_use_that_a_condition_may_leave_out_is_left_alone(start: Start, when: str, said: list[str]) -> None:
    _, problems = start(5, COUNTED, more=f', when: "{when}"')
    assert [problem.code for problem in problems] == said


def test_what_the_run_counts_outside_fails_at_the_same_place(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(INNER)
    planner = open_planner(
        f"steps:\n  top: {{generate: {{prompt: T, {SET}: 5}}}}\n"
        f"  use: {{recipe: ./inner.yaml, with: {{{COUNTED}}}}}\n",
        folder=tmp_path,
    )
    _, (doubt,) = planner.start()
    planner.advance(done("top", *"abcde"))
    ended = planner.settle("use/make")
    assert isinstance(ended, Unsettled)
    assert (ended.code, ended.span) == ("out-of-bounds", doubt.span)


LITE = "model: bytedance/seedream-5-lite"


@pytest.mark.parametrize(
    ("words", "most", "said"),
    [
        (13, 1, [("error", "too-many-together")]),
        (12, 1, []),
        (4, 4, [("warning", "too-many-values")]),
        (7, 2, [("warning", "too-many-together")]),
        (3, 4, []),
    ],
)
def test_references_and_images_together_as_many_as_there_may_be(
    start: Start, words: int, most: int, said: list[tuple[str, str]]
) -> None:
    text = WORDS.replace("SET", f"{SET}: {most}" if most > 1 else "size: 2K")
    _, problems = open_planner(
        text
        + f"  q: {{generate: {{{LITE}, prompt: Q, {SET}: 3, image_input: '{{{{ steps.top.images }}}}'}}}}\n",
        {"words": [f"word {number}" for number in range(words)]},
    ).start()
    assert sorted((str(problem.severity), problem.code) for problem in problems) == said


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ('"{{ zip(a=inputs.words, b=[9]) }}"', "out-of-bounds"),
        ('[{a: q, b: "{{ inputs.words | length + 5 }}"}]', "out-of-bounds"),
        ('"{{ zip(a=inputs.words, b=[1, 2, 3]) }}"', "template-type"),
        ("\"{{ zip(a=inputs.words + ['w'], b=[1, 2]) }}\"", "wrong-shape"),
    ],
)
def test_what_is_known_of_what_is_given_is_judged_before_anything_is_paid(
    tmp_path: Path, given: str, code: str
) -> None:
    (tmp_path / "inner.yaml").write_text(
        """\
seedflow: 1
inputs: {x: {type: list, of: image}, r: {type: table, key: a, columns: {a: text, b: {type: integer, maximum: 5}}}}
steps:
  s: {for_each: {i: "{{ inputs.r }}"}, generate: {prompt: "{{ each.i.a }}", image_input: ["{{ inputs.x }}"]}}
  t: {generate: {prompt: "{{ inputs.r | length }}", image_input: ["{{ inputs.x }}"]}}
outputs: {images: "{{ steps.t.images }}"}
"""
    )
    text = WORDS.replace("SET", "size: 2K")
    text += f'  use: {{recipe: ./inner.yaml, with: {{x: "{{{{ steps.top.images }}}}", r: {given}}}}}\n'
    text += '  after: {generate: {prompt: After, image_input: ["{{ steps.use.images }}"]}}\n'
    plan, found = open_planner(text, {"words": ["w"]}, folder=tmp_path).start()
    assert plan is None
    assert [one.code for one in found] == [code]


def test_what_a_run_did_not_ask_for_is_no_error_of_the_next_plan(tmp_path: Path) -> None:
    (tmp_path / "inner.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image, optional: true}, words: {type: list, of: text, default: []}}\n"
        "steps: {x: {for_each: {w: '{{ inputs.words }}'}, "
        "generate: {prompt: '{{ each.w }}', image_input: '{{ inputs.photo }}'}}}\n"
        "outputs: {images: '{{ inputs.photo }}'}\n"
    )
    text = (
        "steps:\n  s: {generate: {prompt: S}}\n  none: {recipe: ./inner.yaml}\n"
        "  use: {when: '{{ steps.s.images | length > 0 }}', recipe: ./inner.yaml, "
        "with: {photo: '{{ steps.none.images[0] }}', words: WORDS}}\n"
    )
    view = KnownResults()
    first, _ = open_planner(text.replace("WORDS", "[]"), view=view, folder=tmp_path).start()
    assert first is not None
    view.keep(next(task for task in first.tasks if task.address == "s"), "a1")
    again, found = open_planner(text.replace("WORDS", "[]"), view=view, folder=tmp_path).start()
    assert again is not None, found
    for known in (KnownResults(), view):  # where somebody asks for it, it is wrong from the start
        asks, found = open_planner(text.replace("WORDS", "[a]"), view=known, folder=tmp_path).start()
        assert asks is None
        assert [one.code for one in found if one.severity is Severity.ERROR] == ["no-such-image"]
