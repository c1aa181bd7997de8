"""What a caller gives, and what could only be an error, counts where images are counted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.checks.conftest import Check

SETS = """\
seedflow: 1
inputs: {n: {type: integer, minimum: 1, maximum: 15, default: 3}}
values: {m: "{{ inputs.n }}"}
steps:
  set: {generate: {prompt: A set, sequential_image_generation: auto, max_images: "{{ NUMBER }}"}}
outputs: {images: "{{ steps.set.images }}"}
"""
USING = """
steps:
  used: {recipe: ./sets.yaml, CALL}
  wall: {generate: {prompt: A wall, image_input: ["{{ steps.used.IMAGES }}"]}}
"""
EDITING = """
inputs: {edits: {type: list, of: text, default: [add snow]}}
steps:
  photo: {generate: {prompt: A street}}
  edited:
    iterate: {over: "{{ inputs.edits }}", as: edit, start: "{{ steps.photo.images[0] }}"}
    generate: {prompt: "{{ each.edit }}", image_input: ["{{ prev }}"]}
  last: {generate: {prompt: At night, image_input: ["{{ steps.edited.PICK }}"]}}
"""


@pytest.mark.parametrize("number", ["inputs.n", "values.m"])
@pytest.mark.parametrize(
    ("call", "images", "codes"),
    [
        ("with: {n: 2}", "images", []),
        ("with: {n: '{{ 1 + 1 }}'}", "images", []),
        ("with: {n: 15}", "images", ["too-many-values"]),
        ("for_each: {k: [1, 2]}, with: {n: '{{ each.k }}'}", "where(k='1').images", []),
    ],
)
def test_a_number_that_a_caller_gives_counts(
    check_all_of: Check, number: str, call: str, images: str, codes: list[str], tmp_path: Path
) -> None:
    inner = SETS.replace("NUMBER", number)
    (tmp_path / "sets.yaml").write_text(
        inner if "values" in number else inner.replace('values: {m: "{{ inputs.n }}"}\n', "")
    )
    text = USING.replace("CALL", call).replace("IMAGES", images)
    found = [one.code for one in check_all_of(text)]
    assert [code for code in found if code == "too-many-values"] == codes


@pytest.mark.parametrize("number", ["inputs.n", "values.m"])
@pytest.mark.parametrize(
    ("default", "repeated", "said"),
    [(3, 1, None), (15, 1, "15"), (3, 3, None), (3, 5, "15")],
)
def test_a_default_that_a_caller_leaves_standing_counts(
    check_all_of: Check, number: str, default: int, repeated: int, said: str | None, tmp_path: Path
) -> None:
    inner = SETS.replace("NUMBER", number).replace("default: 3", f"default: {default}")
    if "values" not in number:
        inner = inner.replace('values: {m: "{{ inputs.n }}"}\n', "")
    (tmp_path / "sets.yaml").write_text(inner)
    call = f"for_each: {{k: {list(range(repeated))}}}"
    found = check_all_of(USING.replace("CALL", call).replace("IMAGES", "images"))
    told = [one.message for one in found if one.code == "too-many-values"]
    assert len(told) == (said is not None)
    assert all(f"there may be {said} references" in message for message in told)


@pytest.mark.parametrize("pick", ["images[0]", "passes[0]"])
def test_edits_that_an_input_gives_leave_an_image_for_certain(check_all_of: Check, pick: str) -> None:
    assert "image-may-be-missing" not in [one.code for one in check_all_of(EDITING.replace("PICK", pick))]
