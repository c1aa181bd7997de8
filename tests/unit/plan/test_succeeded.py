"""`succeeded()`: what failed is left out and everything else kept, wherever it stands and whatever it is about."""

from __future__ import annotations

from pathlib import Path

import pytest
from playing import FAILS, Played, play

from seedflow.plan.model import Bounds

TAKES = "steps:\n  p: {takes: 3, generate: {prompt: P}}\n"
FANNED = "steps:\n  p: {for_each: {w: [x, y, z]}, generate: {prompt: 'P {{ each.w }}'}}\n"
USES = "steps:\n  u: {recipe: ./u.yaml, for_each: {w: [x, y, z]}, with: {w: '{{ each.w }}'}}\n"
LOOP = (
    "  q: {{for_each: {{i: \"{{{{ {} }}}}\"}}, generate: {{prompt: Q, image_input: ['{{{{ each.i }}}}']}}}}\n"
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "see.yaml").write_text(
        "seedflow: 1\ninputs: {x: {type: list, of: image}}\nsteps:\n"
        '  n: {generate: {prompt: "n {{ inputs.x | length }} {{ ref.a }}", image_input: {a: "{{ inputs.x }}"}}}\n'
        "outputs: {o: '{{ steps.n.images }}'}\n"
    )
    (tmp_path / "u.yaml").write_text(
        "seedflow: 1\ninputs: {w: {type: text}}\nsteps:\n"
        "  a: {generate: {prompt: 'a {{ inputs.w }}'}}\n"
        "  b: {takes: 2, generate: {prompt: 'b {{ inputs.w }}'}}\n"
        "outputs: {one: '{{ steps.a.images[0] }}', t: '{{ steps.b.images }}'}\n"
    )
    return tmp_path


def made(played: Played, step: str) -> list[str]:
    return sorted(one for one in played.addresses if one.partition("[")[0] == step)


@pytest.mark.parametrize("part", ["", " | list", "[:2]"])
def test_a_loop_has_the_takes_that_came(part: str) -> None:
    played = play(TAKES + LOOP.format(f"succeeded(steps.p.images){part}"), gives={"p#2": FAILS})
    assert made(played, "q") == ["q[i=p-1]", "q[i=p-t3-1]"]
    assert played.plan.totals.calls.low == 3
    assert not played.blocked


def test_prompts_and_references_count_the_same_takes_also_through_a_used_recipe(folder: Path) -> None:
    played = play(
        TAKES
        + "  see: {recipe: ./see.yaml, with: {x: '{{ succeeded(steps.p.images) }}'}}\n"
        + '  n: {generate: {prompt: "{{ succeeded(steps.p.images) | length }} {{ ref.a }}", '
        "image_input: {a: '{{ succeeded(steps.p.images) }}'}}}\n",
        gives={"p#2": FAILS},
        folder=folder,
    )
    assert played.prompts["see/n"] == "n 2 images 1 and 2"
    assert played.prompts["n"] == "2 images 1 and 2"
    assert played.references("see/n") == played.references("n") == ["p 1", "p#3 1"]


def test_the_good_takes_of_a_task_among_several_stay() -> None:
    text = FANNED.replace("p: {", "p: {takes: 2, ") + LOOP.format("succeeded(steps.p.where(w='y').images)")
    played = play(text, gives={"p[w=y]#2": FAILS})
    assert made(played, "q") == ["q[i=y-1]"]
    played = play(
        FANNED.replace("p: {", "p: {takes: 2, ") + LOOP.format("succeeded(steps.p.images)"),
        gives={"p[w=y]": FAILS},
    )
    assert made(played, "q") == ["q[i=x-1]", "q[i=x-t2-1]", "q[i=y-t2-1]", "q[i=z-1]", "q[i=z-t2-1]"]


@pytest.mark.parametrize("part", ["", "[:9]"])
def test_passes_that_came_before_one_that_failed_stay(part: str) -> None:
    edits = (
        "steps:\n  s: {generate: {prompt: S}}\n"
        "  p: {iterate: {over: [d, e, f], as: e, start: '{{ steps.s.images[0] }}'}, "
        "generate: {prompt: '{{ each.e }}', image_input: ['{{ prev }}']}}\n"
        '  n: {generate: {prompt: "{{ succeeded(steps.p.passes) | length }}{{ succeeded(steps.p.images) | length }}"}}\n'
    )
    played = play(edits + LOOP.format(f"succeeded(steps.p.passes){part}"), gives={"p[e=2]": FAILS})
    assert made(played, "q") == ["q[i=p-p1-1]"]
    assert played.prompts["n"] == "10"


def test_outputs_of_used_recipes_have_the_images_that_came_everywhere(folder: Path) -> None:
    fails = {"u[w=x]/b#2": FAILS, "u[w=y]/a": FAILS}
    for name, came in (
        ("t", ["x.b-1", "y.b-1", "y.b-t2-1", "z.b-1", "z.b-t2-1"]),
        ("one", ["x.a-1", "z.a-1"]),
    ):
        images = f"succeeded(steps.u.outputs.{name})"
        played = play(
            USES
            + LOOP.format(images)
            + f'  n: {{generate: {{prompt: "{{{{ {images} | length }}}} {{{{ ref.a }}}}", image_input: {{a: "{{{{ {images} }}}}"}}}}}}\n'
            f"  see: {{recipe: ./see.yaml, with: {{x: '{{{{ {images} }}}}'}}}}\n",
            gives=fails,
            folder=folder,
        )
        assert made(played, "q") == [f"q[i={key}]" for key in came]
        assert not played.blocked
        assert not played.problems.keys() - fails.keys()
        spelled = f"{len(came)} images 1 to {len(came)}" if len(came) > 2 else "2 images 1 and 2"
        assert played.prompts["n"] == spelled
        assert played.prompts["see/n"] == f"n {spelled}"


@pytest.mark.parametrize(
    "tasks",
    [
        "succeeded(steps.p.tasks)",
        "succeeded(steps.p.tasks) | list",
        "succeeded(steps.p.tasks)[:9]",
        "succeeded(first_of(steps.p.tasks, steps.p.tasks))",
    ],
)
def test_tasks_that_failed_are_left_out_of_loops_and_prompts_alike(tasks: str) -> None:
    played = play(
        FANNED + f"  q: {{for_each: {{t: {{in: '{{{{ {tasks} }}}}', at_most: 3}}}}, "
        "generate: {prompt: Q, image_input: ['{{ each.t.images }}']}}\n"
        "  all: {generate: {prompt: All, image_input: ['{{ steps.q.images }}']}}\n"
        f'  n: {{generate: {{prompt: "N {{% for t in {tasks} %}}{{{{ t.key }}}}{{% endfor %}}"}}}}\n',
        gives={"p[w=y]": FAILS},
    )
    assert played.plan.totals.calls.high == 8
    assert made(played, "q") == ["q[t=x]", "q[t=z]"]
    assert not played.blocked
    assert played.references("all") == ["q[t=x] 1", "q[t=z] 1"]
    assert played.prompts["n"] == "N xz"


def test_a_task_that_is_blocked_is_left_out_and_so_is_one_of_which_a_take_failed() -> None:
    text = (
        FANNED
        + "  r: {takes: 2, for_each: {t: '{{ steps.p.tasks }}'}, generate: {prompt: R, image_input: ['{{ each.t.images }}']}}\n"
        "  q: {for_each: {t: '{{ succeeded(steps.r.tasks) }}'}, generate: {prompt: Q, image_input: ['{{ each.t.images }}']}}\n"
    )
    played = play(text, gives={"p[w=y]": FAILS, "r[t=z]#2": FAILS})
    assert played.plan.totals.tasks == Bounds(9, 12)
    assert made(played, "q") == ["q[t=x]"]
    assert played.blocked == {"r[t=y]": "p[w=y]", "r[t=y]#2": "p[w=y]"}


def test_a_task_of_edits_to_come_is_waited_for() -> None:
    played = play(
        "steps:\n"
        "  s: {generate: {prompt: S, sequential_image_generation: auto, max_images: 3}}\n"
        "  e: {for_each: {w: [x, y]}, iterate: {over: '{{ steps.s.images }}', as: i, start: '{{ steps.s.images[0] }}'}, "
        "generate: {prompt: '{{ each.w }}', image_input: ['{{ prev }}', '{{ each.i }}']}}\n"
        "  q: {for_each: {t: '{{ succeeded(steps.e.tasks) }}'}, generate: {prompt: Q, image_input: ['{{ each.t.images }}']}}\n",
        gives={"s": 2, "e[w=y,i=2]": FAILS},
    )
    assert made(played, "q") == ["q[t=x]"]
    assert not played.blocked


@pytest.mark.parametrize("wanted", ["steps.u.tasks", "steps.u.where(w='x').tasks"])
def test_a_use_of_which_an_output_failed_is_left_out(folder: Path, wanted: str) -> None:
    played = play(
        USES
        + f'  q: {{for_each: {{t: "{{{{ succeeded({wanted}) }}}}"}}, generate: {{prompt: Q, image_input: ["{{{{ each.t.outputs.t }}}}"]}}}}\n'
        "  all: {generate: {prompt: '{{ steps.q.images | length }}'}}\n"
        f'  n: {{generate: {{prompt: "n {{% for t in succeeded({wanted}) %}}{{{{ t.key }}}}{{% endfor %}}"}}}}\n',
        gives={"u[w=x]/b#2": FAILS, "u[w=y]/a": FAILS},
        folder=folder,
    )
    came = ["z"] if wanted == "steps.u.tasks" else []
    assert made(played, "q") == [f"q[t={key}]" for key in came]
    assert not played.blocked
    assert played.prompts["n"] == f"n {''.join(came)}".strip()


def test_edits_of_which_the_list_failed_are_left_out_once_that_is_known() -> None:
    played = play(
        "steps:\n"
        "  s: {for_each: {k: [k1, k2]}, generate: {prompt: 'S {{ each.k }}', sequential_image_generation: auto, max_images: 3}}\n"
        "  e: {for_each: {k: [k1, k2]}, iterate: {over: '{{ steps.s.at(k=each.k).images }}', as: i, "
        "start: '{{ steps.s.at(k=each.k).images[0] }}'}, "
        "generate: {prompt: '{{ each.k }}', image_input: ['{{ prev }}', '{{ each.i }}']}}\n"
        "  n: {generate: {prompt: N, image_input: ['{{ succeeded(steps.e.images) }}']}}\n",
        gives={"s[k=k1]": FAILS, "s[k=k2]": 2},
    )
    assert played.references("n") == ["e[k=k2,i=2] 1"]
