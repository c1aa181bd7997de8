"""Values by which `.at()` and `.where()` choose tasks: those that the step's `for_each` does not have are told."""

from __future__ import annotations

from pathlib import Path

import pytest
from planning import KnownResults, open_planner
from playing import play

from seedflow.diagnostics import Severity

PAGES = '  p: {for_each: {v: [x, y]}, generate: {prompt: "P {{ each.v }}"}}\n'
SET = "  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"


def find_errors(text: str, **inputs: object) -> list[str]:
    _, found = open_planner(text, inputs).start()
    return [one.code for one in found if one.severity is Severity.ERROR]


@pytest.mark.parametrize("kind", ["at", "where"])
@pytest.mark.parametrize(
    "use",
    [
        '  q: {for_each: {w: [x, z]}, generate: {prompt: "Q {{ each.w }}", image_input: "{{ steps.p.KIND(v=each.w).images }}"}}\n',
        '  q: {for_each: {w: [x, z]}, generate: {prompt: "Q {{ each.w }} {{ steps.p.KIND(v=each.w).images | length }}"}}\n',
        '  q: {for_each: {w: [x, z], i: "{{ steps.p.KIND(v=each.w).images }}"}, generate: {prompt: "Q {{ each.w }}", image_input: "{{ each.i }}"}}\n',
    ],
)
def test_a_value_that_a_list_does_not_have_is_an_error_of_the_plan(kind: str, use: str) -> None:
    assert find_errors(f"steps:\n{PAGES}{use.replace('KIND', kind)}") == ["no-such-task"]
    assert find_errors(f"steps:\n{PAGES}{use.replace('KIND', kind).replace('z]', 'y]')}") == []


LOGO = "  l: {generate: {prompt: L}}\n"
MANY = "sequential_image_generation: auto, max_images"


@pytest.mark.parametrize("kind", ["at", "where"])
@pytest.mark.parametrize(
    "use",
    [
        'generate: {prompt: "Q {{ each.w }} {{ (steps.l.images + FOUND) | length }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ (steps.l.images | length) + (FOUND | length) }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ (steps.p.images + FOUND) | length }}"}',
        'generate: {prompt: "{% set n = (steps.l.images + FOUND) | length %}Q {{ each.w }} {{ n }}"}',
        'generate: {prompt: "Q {{ each.w }}{% if (steps.l.images + FOUND) | length > 1 %}!{% endif %}"}',
        'generate: {prompt: "Q {{ each.w }}{% for i in steps.l.images + FOUND %}!{% endfor %}"}',
        'generate: {prompt: "Q {{ each.w }} {{ (steps.l.images | length) if FOUND and steps.l.images else 0 }}"}',
        'generate: {prompt: "Q {{ each.w }}", image_input: "{{ (steps.l.images + FOUND)[:3] }}"}',
        f'generate: {{prompt: "Q {{{{ each.w }}}}", {MANY}: "{{{{ (steps.l.images + FOUND) | length }}}}"}}',
        'when: "{{ (steps.l.images + FOUND) | length > 1 }}", generate: {prompt: "Q {{ each.w }}"}',
        'iterate: {over: "{{ steps.l.images + FOUND }}", as: i, start: "{{ steps.l.images[0] }}"}, generate: {prompt: "{{ each.w }}", image_input: ["{{ prev }}", "{{ each.i }}"]}',
    ],
)
def test_it_is_told_while_another_mention_of_the_same_template_still_waits(kind: str, use: str) -> None:
    step = f"  q: {{for_each: {{w: [x, z]}}, {use.replace('FOUND', f'steps.p.{kind}(v=each.w).images')}}}\n"
    assert find_errors(f"steps:\n{LOGO}{PAGES}{step}") == ["no-such-task"]
    assert find_errors(f"steps:\n{LOGO}{PAGES}{step.replace('z]', 'y]')}") == []


def test_it_is_told_of_lists_of_a_loop_and_of_outputs_that_still_wait_for_others() -> None:
    loop = '  q: {for_each: {w: [x, z], i: "{{ steps.l.images + steps.p.where(v=each.w).images }}"}, generate: {prompt: "{{ each.w }}", image_input: "{{ each.i }}"}}\n'
    assert find_errors(f"steps:\n{LOGO}{PAGES}{loop}") == ["no-such-task"]
    text = (
        f"inputs: {{h: {{type: text}}}}\nsteps:\n{LOGO}{PAGES}"
        'outputs: {o: "{{ (steps.l.images + steps.p.where(v=inputs.h).images)[:2] }}"}\n'
    )
    assert find_errors(text, h="z") == ["no-such-task"]
    assert find_errors(text, h="x") == []


@pytest.mark.parametrize(
    "use",
    [
        'generate: {prompt: "Q {{ each.w }}{% if steps.l.images | length > 0 %}{{ FOUND | length }}{% endif %}"}',
        'generate: {prompt: "Q {{ each.w }} {{ (FOUND if steps.l.images | length > 1 else []) | length }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ (steps.l.images or FOUND) | length }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ steps.l.images and FOUND | length > 0 }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ 3 < steps.l.images | length < FOUND | length }}"}',
        'generate: {prompt: "Q {{ each.w }} {{ first_of(steps.l.images, FOUND) | length }}"}',
        'generate: {prompt: "Q {{ each.w }}{% for i in steps.l.images[1:] %}{{ FOUND | length }}{% endfor %}"}',
    ],
)
def test_nothing_is_told_of_a_branch_that_the_run_may_not_take(use: str) -> None:
    step = f"  q: {{for_each: {{w: [x, z]}}, {use.replace('FOUND', 'steps.p.where(v=each.w).images')}}}\n"
    assert find_errors(f"steps:\n{LOGO}{PAGES}{step}") == []


@pytest.mark.parametrize(
    ("when", "said"), [("", ["no-such-task"]), ('when: "{{ steps.s.images | length > 1 }}", ', [])]
)
def test_it_is_told_of_outputs_of_used_recipes_that_are_made_for_certain(
    tmp_path: Path, when: str, said: list[str]
) -> None:
    (tmp_path / "r.yaml").write_text(
        f"seedflow: 1\ninputs: {{h: {{type: text}}}}\nsteps:\n{SET}{PAGES}  l: {{{when}generate: {{prompt: L}}}}\n"
        'outputs: {images: "{{ steps.l.images + steps.p.where(v=inputs.h).images }}"}\n',
        encoding="utf-8",
    )
    text = (
        'steps:\n  u: {recipe: ./r.yaml, for_each: {w: [x, z]}, with: {h: "{{ each.w }}"}}\n'
        '  q: {generate: {prompt: "Q {{ steps.u.images | length }}"}}\n'
    )
    _, found = open_planner(text, folder=tmp_path).start()
    assert [one.code for one in found if one.severity is Severity.ERROR] == said


def test_nothing_is_told_of_a_task_that_may_be_skipped_before() -> None:
    text = (
        f"steps:\n{SET}{PAGES}"
        '  l: {when: "{{ steps.s.images | length > 1 }}", generate: {prompt: L}}\n'
        '  q: {for_each: {w: [x, z]}, generate: {prompt: "Q {{ (steps.l.images + steps.p.where(v=each.w).images) | length }}"}}\n'
    )
    assert find_errors(text) == []


@pytest.mark.parametrize("behind", ["", "[:1]"])
@pytest.mark.parametrize("before", ["", "steps.p.images + "])
@pytest.mark.parametrize("kind", ["at", "where"])
def test_a_value_that_a_list_does_not_have_is_an_error_in_outputs(
    kind: str, before: str, behind: str
) -> None:
    text = (
        f"inputs: {{h: {{type: text}}}}\nsteps:\n{PAGES}"
        f'outputs: {{o: "{{{{ {before}steps.p.{kind}(v=inputs.h).images{behind} }}}}"}}\n'
    )
    assert find_errors(text, h="z") == ["no-such-task"]
    assert find_errors(text, h="x") == []


def test_it_stays_an_error_in_outputs_where_results_are_stored() -> None:
    text = (
        "inputs: {h: {type: text}}\nsteps:\n"
        + PAGES
        + 'outputs: {o: "{{ steps.p.where(v=inputs.h).images }}"}\n'
    )
    view = KnownResults()
    plan, _ = open_planner(text, {"h": "x"}, view=view).start()
    assert plan is not None
    for number, task in enumerate(plan.tasks):
        view.keep(task, f"a{number}")
    again, found = open_planner(text, {"h": "z"}, view=view).start()
    assert again is None
    assert [one.code for one in found] == ["no-such-task"]


def test_values_behind_which_a_list_is_empty_are_there_and_have_no_images() -> None:
    nested = (
        "steps:\n"
        "  p: {for_each: {v: [x, y], w: \"{{ [1] if each.v == 'x' else [] }}\"}, generate: {prompt: P}}\n"
        '  q: {for_each: {w: [x, y]}, generate: {prompt: "Q {{ each.w }} {{ steps.p.where(v=each.w).images | length }}"}}\n'
    )
    played = play(nested)
    assert played.prompts["q[w=x]"] == "Q x 1"
    assert played.prompts["q[w=y]"] == "Q y 0"


TONES = "  p: {for_each: {v: LIST, t: [warm, cold]}, generate: {prompt: P}}\n"
ASK = '  q: {for_each: {w: [warm, WORD]}, generate: {prompt: "Q {{ each.w }} {{ steps.p.KIND.images | length }}"}}\n'


@pytest.mark.parametrize("given", ["[]", '"{{ inputs.l }}"', '"{{ steps.s.images[1:] }}"'])
def test_values_beside_an_empty_list_are_there_and_have_no_images(given: str) -> None:
    use = ASK.replace("WORD", "cold").replace("KIND", "where(t=each.w)")
    text = (
        f"inputs: {{l: {{type: list, of: text, default: []}}}}\nsteps:\n{SET}{TONES.replace('LIST', given)}"
    )
    played = play(text + use, gives={"s": 1})
    assert played.problems == {}
    assert (played.prompts["q[w=warm]"], played.prompts["q[w=cold]"]) == ("Q warm 0", "Q cold 0")


@pytest.mark.parametrize("given", ["[]", "[x]", '"{{ steps.s.images[1:] }}"'])
def test_values_that_a_list_does_not_have_whatever_the_others_give_are_errors_of_the_plan(given: str) -> None:
    use = ASK.replace("WORD", "red").replace("KIND", "where(t=each.w)")
    assert find_errors(f"steps:\n{SET}{TONES.replace('LIST', given)}{use}") == ["no-such-task"]


def test_an_empty_list_lacks_no_value_but_has_no_task_either() -> None:
    empty = "  p: {for_each: {t: []}, generate: {prompt: P}}\n"
    use = ASK.replace("WORD", "red")
    assert find_errors(f"steps:\n{empty}{use.replace('KIND', 'where(t=each.w)')}") == []
    assert set(find_errors(f"steps:\n{empty}{use.replace('KIND', 'at(t=each.w)')}")) == {"no-such-task"}


def test_a_use_of_a_recipe_beside_an_empty_list_has_no_images(tmp_path: Path) -> None:
    (tmp_path / "r.yaml").write_text(
        'seedflow: 1\nsteps: {a: {generate: {prompt: A}}}\noutputs: {images: "{{ steps.a.images }}"}\n',
        encoding="utf-8",
    )
    text = (
        "inputs: {l: {type: list, of: text, default: []}}\nsteps:\n"
        '  p: {recipe: ./r.yaml, for_each: {v: "{{ inputs.l }}", t: [warm, cold]}}\n'
        "  q: {generate: {prompt: \"Q {{ steps.p.where(t='warm').images | length }}\"}}\n"
    )
    plan, found = open_planner(text, folder=tmp_path).start()
    assert plan is not None, found
    assert [task.params["prompt"] for task in plan.tasks] == ["Q 0"]


def test_values_that_results_give_fail_the_task_alone_that_has_none() -> None:
    text = (
        f"steps:\n{SET}"
        '  p: {for_each: {v: {in: "{{ range(steps.s.images | length) }}", at_most: 3}}, generate: {prompt: "P {{ each.v }}"}}\n'
        '  q: {for_each: {w: [0, 7]}, generate: {prompt: "Q {{ each.w }}", image_input: "{{ steps.p.where(v=each.w).images }}"}}\n'
    )
    assert find_errors(text) == []
    played = play(text)
    assert played.problems == {"q[w=7]": "no-such-task"}
    assert "q[w=0]" in played.addresses


def test_a_filter_may_find_nothing() -> None:
    text = (
        f"steps:\n{PAGES}"
        "  q: {for_each: {w: [x, z]}, generate: {prompt: \"Q {{ each.w }}\", image_input: \"{{ steps.p.images | selectattr('each.v', 'eq', each.w) }}\"}}\n"
    )
    assert find_errors(text) == []


@pytest.mark.parametrize("loop", ["w: [x, z]", "i: '{{ steps.s.images }}', w: [x, z]"])
@pytest.mark.parametrize(("picked", "said"), [("at(v=each.w).images[0]", 1), ("where(v=each.w).images", 0)])
def test_a_condition_that_results_decide_may_leave_out_just_that_task(
    loop: str, picked: str, said: int
) -> None:
    sets = '  p: {for_each: {v: [x, y]}, generate: {prompt: "P {{ each.v }}", sequential_image_generation: auto, max_images: 2}}\n'
    use = (
        f"  q: {{for_each: {{{loop}}}, when: \"{{{{ steps.p.images | selectattr('each.v', 'eq', each.w) | length > 0 }}}}\", "
        f'generate: {{prompt: "Q {{{{ each.w }}}}", image_input: "{{{{ steps.p.{picked} }}}}"}}}}\n'
    )
    _, found = open_planner(f"steps:\n{SET}{sets}{use}").start()
    assert [(one.code, one.severity) for one in found] == said * [("no-such-task", Severity.WARNING)]
    assert all("where its condition holds, this task fails" in one.message for one in found)
    played = play(f"steps:\n{SET}{sets}{use}", gives={"s": 1})
    assert played.problems == {}
    assert len([one for one in played.addresses if one.startswith("q")]) == 1
    assert len(played.skipped) == 1
