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


ALONE = "steps:\n  b: {generate: {prompt: B}}\n  o: {recipe: ./hand.yaml, with: {photo: '{{ steps.b.images[0] }}'}}\n"
EACH = (
    "steps:\n  b: {for_each: {y: [1, 2]}, generate: {prompt: 'B {{ each.y }}'}}\n"
    "  o: {recipe: ./hand.yaml, for_each: {y: [1, 2]}, with: {photo: '{{ steps.b.at(y=each.y).images[0] }}'}}\n"
)
NESTED = (
    "steps:\n  b: {for_each: {y: [1, 2]}, generate: {prompt: 'B {{ each.y }}'}}\n"
    "  o: {recipe: ./two.yaml, with: {a: '{{ steps.b.at(y=1).images[0] }}', b: '{{ steps.b.at(y=2).images[0] }}'}}\n"
)


@pytest.fixture
def handing(tmp_path: Path) -> Path:
    (tmp_path / "hand.yaml").write_text(
        "seedflow: 1\ninputs: {photo: {type: image}}\nvalues: {v: '{{ inputs.photo }}'}\nsteps:\n"
        "  x: {when: '{{ inputs.photo.number == 1 }}', generate: {prompt: X, image_input: '{{ inputs.photo }}'}}\n"
        "outputs:\n  images: '{{ inputs.photo }}'\n  raw: '{{ inputs.photo }}'\n  value: '{{ values.v }}'\n"
        "  both: '{{ [inputs.photo, steps.x.images[0]] }}'\n  first: '{{ first_of(steps.x.images, inputs.photo) }}'\n"
    )
    (tmp_path / "two.yaml").write_text(
        "seedflow: 1\ninputs: {a: {type: image}, b: {type: image}}\nsteps:\n"
        "  i: {recipe: ./hand.yaml, for_each: {p: ['{{ inputs.a }}', '{{ inputs.b }}']}, with: {photo: '{{ each.p }}'}}\n"
        "outputs: {raw: '{{ steps.i.outputs.raw }}', kept: '{{ steps.i.outputs.value | list }}'}\n"
    )
    (tmp_path / "many.yaml").write_text(
        "seedflow: 1\ninputs: {photos: {type: list, of: image, min_items: 2}}\nsteps:\n"
        "  x: {generate: {prompt: X, image_input: '{{ inputs.photos }}'}}\n"
        "outputs: {raw: '{{ inputs.photos }}', x: '{{ steps.x.images }}'}\n"
    )
    return tmp_path


def mentioning(images: str) -> str:
    """Everything that may be done with images, and their publication."""
    return (
        f'  d: {{generate: {{prompt: "{{{{ {images} | length }}}} {{% for i in {images} %}}{{{{ i.key }}}}{{% endfor %}}"}}}}\n'
        f"  e: {{for_each: {{i: {{in: '{{{{ {images} }}}}', at_most: 5}}}}, generate: {{prompt: E, image_input: '{{{{ each.i }}}}'}}}}\n"
        f"  g: {{generate: {{prompt: G, image_input: ['{{{{ {images} }}}}']}}}}\n"
        "outputs: {d: '{{ steps.d.images }}', e: '{{ steps.e.images }}', g: '{{ steps.g.images }}', "
        f"r: {{images: '{{{{ {images} | list }}}}', file: 'r/{{{{ image.name }}}}'}}}}\n"
    )


OUTPUTS_OF_ONE = ["images", "outputs.raw", "outputs.value", "outputs.both", "outputs.first"]


@pytest.mark.parametrize("output", OUTPUTS_OF_ONE)
@pytest.mark.parametrize("part", ["", "[:1]", " + []", " | list"])
def test_an_image_that_is_handed_through_is_left_out_where_it_failed(
    handing: Path, output: str, part: str
) -> None:
    played = play(
        ALONE + mentioning(f"(succeeded(steps.o.{output}){part})"), gives={"b": FAILS}, folder=handing
    )
    assert played.prompts["d"] == "0"
    assert played.references("g") == []
    assert not made(played, "e")
    assert played.blocked == {"o/x": "b"}
    assert not played.problems
    assert not played.missing


@pytest.mark.parametrize("output", OUTPUTS_OF_ONE)
def test_without_succeeded_it_blocks_those_that_mention_it(handing: Path, output: str) -> None:
    played = play(ALONE + mentioning(f"steps.o.{output}"), gives={"b": FAILS}, folder=handing)
    assert played.addresses == ["b"]
    assert {"d", "g", "o/x"} < set(played.blocked)
    assert set(played.blocked.values()) <= {"b", "o/x"}
    assert not played.problems
    assert not played.missing


@pytest.mark.parametrize("output", ["images", "outputs.raw", "outputs.value"])
def test_of_several_uses_those_stay_whose_image_came(handing: Path, output: str) -> None:
    played = play(EACH + mentioning(f"succeeded(steps.o.{output})"), gives={"b[y=2]": FAILS}, folder=handing)
    assert played.prompts["d"] == "1 1"
    assert played.references("g") == ["b[y=1] 1"]
    assert made(played, "e") == ["e[i=1-1]"]
    assert played.blocked == {"o[y=2]/x": "b[y=2]"}
    assert not played.problems


def test_tasks_of_which_the_image_failed_that_goes_through_are_left_out(handing: Path) -> None:
    played = play(
        EACH
        + "  z: {for_each: {t: '{{ succeeded(steps.o.tasks) }}'}, generate: {prompt: 'Z {{ each.t.key }}', "
        "image_input: ['{{ each.t.outputs.raw }}']}}\n",
        gives={"b[y=2]": FAILS},
        folder=handing,
    )
    assert made(played, "z") == ["z[t=1]"]
    assert not played.problems


@pytest.mark.parametrize("output", ["raw", "kept"])
@pytest.mark.parametrize(("failed", "other"), [(1, 2), (2, 1)])
def test_a_recipe_within_the_used_one_hands_through_what_came(
    handing: Path, output: str, failed: int, other: int
) -> None:
    played = play(
        NESTED + mentioning(f"succeeded(steps.o.outputs.{output})"),
        gives={f"b[y={failed}]": FAILS},
        folder=handing,
    )
    assert played.prompts["d"] == f"1 {other}"
    assert played.references("g") == [f"b[y={other}] 1"]
    assert len(made(played, "e")) == 1
    assert not played.problems


@pytest.mark.parametrize(
    "given",
    ["'{{ steps.b.images }}'", "['{{ steps.b.at(y=1).images[0] }}', '{{ steps.b.at(y=2).images[0] }}']"],
)
def test_a_list_that_came_too_short_for_its_input_since_some_failed_gives_nothing(
    handing: Path, given: str
) -> None:
    step_b = EACH.partition("  o:")[0]
    played = play(
        step_b
        + f"  o: {{recipe: ./many.yaml, with: {{photos: {given}}}}}\n"
        + "  d: {generate: {prompt: '{{ succeeded(steps.o.outputs.raw) | length }}'}}\n",
        gives={"b[y=1]": FAILS},
        folder=handing,
    )
    assert played.prompts["d"] == "0"
    assert played.blocked == {"o/x": "b[y=1]"}
    assert not played.problems
