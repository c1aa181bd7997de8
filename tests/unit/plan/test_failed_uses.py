"""Uses of a recipe that a run comes upon and that cannot be made: what is inside of them has failed, and nobody waits for it."""

from __future__ import annotations

from pathlib import Path

from playing import play

INNER = 'inputs: {photo: {type: image}}\nsteps: {s: {generate: {prompt: "S {{ ref.p }}", image_input: {p: "{{ inputs.photo }}"}}}}\noutputs: {o: "{{ steps.s.images }}"}\n'
TWICE = (
    "inputs: {photos: {type: list, of: image}}\n"
    'steps: {u: {for_each: {p: "{{ inputs.photos + first_of(inputs.photos, inputs.photos) }}"}, recipe: ./inner.yaml, with: {photo: "{{ each.p }}"}}}\n'
    'outputs: {o: "{{ steps.u.outputs.o }}"}\n'
)
MIDDLE = (
    "inputs: {photos: {type: list, of: image}}\n"
    "steps:\n"
    '  s: {generate: {prompt: M, image_input: "{{ inputs.photos }}"}}\n'
    '  u: {for_each: {p: "{{ first_of(inputs.photos, steps.s.images) }}"}, recipe: ./twice.yaml, with: {photos: ["{{ each.p }}"]}}\n'
    'outputs: {o: "{{ steps.u.outputs.o }}"}\n'
)
OUTER = """
steps:
  t: {recipe: ./middle.yaml, with: {photos: ["https://pictures.example/fox.jpg"]}}
  b:
    when: "{{ (steps.t.outputs.o | last) is not none }}"
    generate: {prompt: B}
  c: {generate: {prompt: C, image_input: "{{ steps.t.outputs.o }}"}}
"""


def test_what_stands_on_it_is_blocked(tmp_path: Path) -> None:
    for name, text in (("inner", INNER), ("twice", TWICE), ("middle", MIDDLE)):
        (tmp_path / f"{name}.yaml").write_text(f"seedflow: 1\n{text}")
    played = play(OUTER, folder=tmp_path)
    assert played.problems == {"t/u[p=?]": "equal-keys"}
    assert set(played.blocked) == {"b", "c"}
    assert played.addresses == ["t/s"]
