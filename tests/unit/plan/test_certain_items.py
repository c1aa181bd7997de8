"""Items that a list has for certain beside results: what is wrong with their tasks, or their files, is said before anything is paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.run.status import TaskStatus
from tests.rules.desk import Desk

TEXT = """
    inputs: {photo: {type: image, default: fox.jpg}, photos: {type: list, of: image, default: [fox.jpg, owl.jpg]}, spare: {type: image, optional: true}}
    steps:
      set: {generate: {prompt: Views, sequential_image_generation: auto, max_images: 3}}
      h:
        for_each: {v: "{{ LIST }}"}
        when: "{{ WHEN }}"
        generate: {prompt: "PROMPT", image_input: {v: "{{ each.v }}"}}
    outputs: {h: {images: "{{ steps.h.images }}", file: "h/FILE"}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def fill(
    items: str = "steps.set.images + [inputs.photo]",
    prompt: str = "{{ ref.v }}",
    when: str = "1 == 1",
    file: str = "{{ each.v.name }}",
) -> str:
    text = TEXT.replace("LIST", items).replace("PROMPT", prompt)
    return text.replace("WHEN", when).replace("FILE", file)


NUMBERED = "{{ ref.v }} as picture {{ each.v.number }}"


@pytest.mark.parametrize(
    "items",
    [
        "[inputs.photo]",
        "steps.set.images + [inputs.photo]",
        "[inputs.photo] + steps.set.images",
        "steps.set.images + inputs.photos",
        "steps.set.images + [optional(inputs.photo)]",
        "steps.set.images + [inputs.photo] + steps.set.images[:0]",
        "[steps.set.images[0], inputs.photo]",
        "(steps.set.images + [inputs.photo]) | reverse",
    ],
)
def test_what_a_local_image_lacks_is_an_error_also_beside_results(items: str, desk: Desk) -> None:
    found = [one for one in desk.say(fill(items, NUMBERED)) if not one.startswith("empty-slice")]
    assert found == ["template-not-known «number»"]
    assert "(in h[v=fox.jpg]" in desk.problems(fill(items, NUMBERED))[-1].message


@pytest.mark.parametrize(
    ("items", "prompt", "when"),
    [
        ("steps.set.images + [inputs.photo]", "{{ ref.v }} {{ each.v.name }}", "1 == 1"),
        ("steps.set.images + [inputs.photo]", "{{ ref.v }} {{ each.v.width }}", "1 == 1"),
        ("steps.set.images + [optional(inputs.spare)]", NUMBERED, "1 == 1"),
        ("steps.set.images + [inputs.photo]", NUMBERED, "each.v.name != inputs.photo.name"),
        ("steps.set.images + [inputs.photo]", NUMBERED, "steps.set.images | length > 1"),
        ("(steps.set.images + [inputs.photo])[1:]", NUMBERED, "1 == 1"),
    ],
)
def test_what_is_known_to_be_there_or_may_yet_be_left_out_is_none(
    items: str, prompt: str, when: str, desk: Desk
) -> None:
    assert "template-not-known" not in desk.codes(fill(items, prompt, when))


@pytest.mark.parametrize("items", ["[inputs.photo]", "steps.set.images + [inputs.photo]"])
def test_a_file_is_named_by_what_every_image_has(items: str, desk: Desk) -> None:
    assert desk.say(fill(items, file="{{ each.v.name }}-{{ each.v.number }}")) == [
        "template-not-known «number»"
    ]
    assert desk.say(fill(items, file="{{ each.v.width }}-{{ each.v.name }}")) == []


def test_what_images_to_come_say_is_no_error_in_a_file(desk: Desk) -> None:
    assert (
        desk.codes(fill("steps.set.images", file="{{ each.v.width }}-{{ each.v.name }}-{{ image.width }}"))
        == []
    )


def test_one_that_a_used_recipe_cannot_make_fails_alone(desk: Desk) -> None:
    desk.write(
        "used.yaml",
        """
        seedflow: 1
        inputs: {p: {type: image}}
        steps: {s: {generate: {prompt: "Like {{ ref.p }} {{ inputs.p.number }}", image_input: {p: "{{ inputs.p }}"}}}}
        outputs: {images: "{{ steps.s.images }}"}
        """,
    )
    text = """
        inputs: {photo: {type: image, default: fox.jpg}}
        steps:
          set: {for_each: {x: [a, b]}, generate: {prompt: "Views {{ each.x }}"}}
          h: {for_each: {v: "{{ steps.set.images[:2] + [inputs.photo] }}"}, recipe: ./used.yaml, with: {p: "{{ each.v }}"}}
    """
    result = desk.run(text)
    assert [len(files) for files in result.outputs.values()] == [2]
    failed = [one for one in result.tasks if one.status is TaskStatus.FAILED]
    assert [one.address for one in failed] == ["h[v=fox.jpg]/s"]
