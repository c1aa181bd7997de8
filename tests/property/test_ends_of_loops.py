"""What becomes of a step is what its lists, its condition and its mentions say: nothing, skipped, blocked or made, in this order.

Nothing else decides: neither the order of its lists, nor how they are written, nor which answers come first, nor what a plan knows.
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from hypothesis import example, given
from hypothesis import strategies as st

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent / "unit" / "run"), str(HERE.parent / "unit" / "plan")]

from more_examples import laws  # noqa: E402 - found by the path above
from world import FakeProvider, World, statuses  # noqa: E402 - found by the path above

EMPTY, SKIPPED, FAILED, MADE = "empty", "skipped", "failed", "made"
STEPS = """
inputs: {no: {type: boolean, default: false}, none: {type: list, of: text, default: []}}
steps:
  one: {generate: {prompt: One}}
  a: {for_each: {p: [x, y]}, expect: {min_width: "{{ 9999 if each.p == 'y' else 1 }}"}, generate: {prompt: "A {{ each.p }}"}}
  set:
    for_each: {p: [x, y]}
    expect: {min_width: "{{ 9999 if each.p == 'y' else 1 }}"}
    generate: {prompt: "Set {{ each.p }}", sequential_image_generation: auto, max_images: 2}
  off: {for_each: {p: [x, y]}, when: "{{ steps.one.images[0].width < 1 }}", generate: {prompt: "Off {{ each.p }}"}}
  never: {for_each: {p: [x, y]}, when: "{{ inputs.no }}", generate: {prompt: "Never {{ each.p }}"}}
  part: {recipe: ./part.yaml, for_each: {k: [1]}}
  lost: {recipe: ./takes.yaml, with: {photo: "{{ steps.a.at(p='y').images[0] }}"}, for_each: {k: [1]}}
"""
FILES = {
    "plain.yaml": "steps: {x: {generate: {prompt: X}}}\noutputs: {images: '{{ steps.x.images }}'}\n",
    "part.yaml": (
        "steps:\n  q: {generate: {prompt: Q}}\n  z: {when: '{{ steps.q.images[0].width < 1 }}', generate: {prompt: Z}}\n"
        "outputs: {images: '{{ steps.q.images }}', z: '{{ steps.z.images }}'}\n"
    ),
    "takes.yaml": (
        "inputs: {photo: {type: image}}\nsteps: {x: {generate: {prompt: X, image_input: '{{ inputs.photo }}'}}}\n"
        "outputs: {images: '{{ steps.x.images }}'}\n"
    ),
}
LISTS = {
    "steps.a.at(p='x').images": MADE,
    "steps.set.at(p='x').images": MADE,
    "steps.a.at(p='y').images": FAILED,
    "steps.a.where(p='y').tasks": FAILED,
    "steps.set.at(p='y').images": FAILED,
    "steps.lost.images": FAILED,
    "steps.lost.tasks": FAILED,
    "steps.never.images": SKIPPED,
    "steps.off.images": SKIPPED,
    "steps.off.tasks": SKIPPED,
    "steps.part.outputs.z": SKIPPED,
    "inputs.none": EMPTY,
    "steps.one.images[1:]": EMPTY,
}
FORMS = ("{{{{ {0} }}}}", "{{{{ ({0}) | list }}}}", "{{{{ ({0})[:2] }}}}")
LATE = "{{ steps.one.images[0].width < 1 }}"
BODIES = {
    "generate: {prompt: B}": MADE,
    'when: "{{ inputs.no }}", generate: {prompt: B}': SKIPPED,
    f'when: "{LATE}", generate: {{prompt: B}}': SKIPPED,
    "generate: {prompt: B, image_input: \"{{ steps.off.at(p='x').images[0] }}\"}": SKIPPED,
    "generate: {prompt: B, image_input: \"{{ steps.a.at(p='y').images[0] }}\"}": FAILED,
    "recipe: ./plain.yaml": MADE,
    f'recipe: ./plain.yaml, when: "{LATE}"': SKIPPED,
    'iterate: {over: [e, f], as: e, start: "{{ steps.one.images[0] }}"}, generate: {prompt: "B {{ each.e }}", image_input: "{{ prev }}"}': MADE,
    'iterate: {over: "{{ steps.set.at(p=\'y\').images }}", as: e, start: "{{ steps.one.images[0] }}"}, '
    'generate: {prompt: B, image_input: ["{{ prev }}", "{{ each.e }}"]}': FAILED,
}
ENDS: Mapping[str, str] = {EMPTY: "done", SKIPPED: "skipped", FAILED: "blocked", MADE: "done"}
"""What becomes of who counts the images of the step."""


@st.composite
def loops(draw: st.DrawFn) -> tuple[str, Sequence[str]]:
    """A `for_each`, and what becomes of its lists."""
    chosen = draw(st.lists(st.sampled_from(list(LISTS)), min_size=1, max_size=3))
    found = [LISTS[one] for one in chosen]
    if len(chosen) > 1 and EMPTY not in found and draw(st.booleans()):
        written = ", ".join(f"v{number}={one}" for number, one in enumerate(chosen))
        return f'"{{{{ zip({written}) }}}}"', found
    spelled = []
    for number, one in enumerate(chosen):
        text = f'"{draw(st.sampled_from(FORMS)).format(one)}"'
        spelled.append(
            f"v{number}: {{in: {text}, at_most: 4}}" if draw(st.booleans()) else f"v{number}: {text}"
        )
    return f"{{{', '.join(spelled)}}}", found


THREE = '{v0: "{{ (steps.set.at(p=\'y\').images) }}", v1: "{{ steps.never.images | list }}", v2: "{{ steps.one.images[1:] }}"}'


@laws(40)
@example((THREE, [FAILED, SKIPPED, EMPTY]), list(BODIES)[3], 16)
@given(loops(), st.sampled_from(list(BODIES)), st.sampled_from([1, 16]))
def test_a_step_is_empty_else_skipped_else_blocked_else_made(
    loop: tuple[str, Sequence[str]], body: str, most_in_flight: int
) -> None:
    text, found = loop
    states = [*found, BODIES[body]]
    wanted = ENDS[next(one for one in (EMPTY, SKIPPED, FAILED, MADE) if one in states)]
    with tempfile.TemporaryDirectory() as folder:
        for name, part in FILES.items():
            (Path(folder) / name).write_text(f"seedflow: 1\n{part}")
        world = World(
            Path(folder),
            f"{STEPS}  b: {{for_each: {text}, {body}}}\n"
            '  c: {generate: {prompt: "C {{ steps.b.images | length }}"}}\n',
            provider=FakeProvider(sets="min"),  # so that what `zip` pairs is equally long
        )
        for run in (1, 2):
            most = world.plan().totals.calls.high
            calls = len(world.provider.calls)
            ended = statuses(world.run(most_in_flight=most_in_flight))
            assert ended["c"].replace("reused", "done") == wanted
            assert len(world.provider.calls) - calls <= (most if run == 1 else 0)
