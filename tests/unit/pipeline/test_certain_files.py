"""A check plans a recipe without inputs only where two of its files may have one name."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk

STEPS = """
    steps:
      set: {generate: {prompt: A, sequential_image_generation: auto, max_images: 3}}
      set_1: {generate: {prompt: B}}
      late: {when: "{{ steps.set.images | length > 2 }}", generate: {prompt: C}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def check(desk: Desk, text: str) -> list[str]:
    return [found.code for found in desk.open(text).check()]


@pytest.mark.parametrize(
    "outputs",
    [
        "",
        'outputs: {set: "{{ steps.set.images }}", set_1: "{{ steps.set_1.images }}"}',
        'outputs: {all: "{{ steps.set.images + steps.set_1.images + steps.late.images }}"}',
        'outputs: {all: "{{ steps.set.images + steps.set.images }}", one: "{{ steps.set.images[0] }}"}',
        'outputs: {any: "{{ first_of(steps.late.images, steps.set.images) }}", set: "{{ steps.set.images[1:] }}"}',
    ],
)
def test_a_plan_agrees_that_single_tasks_without_names_of_their_own_never_collide(
    desk: Desk, outputs: str
) -> None:
    text = f"{STEPS}    {outputs}\n"
    assert "same-file" not in check(desk, text)
    assert "same-file" not in [code.rstrip("?") for code in desk.codes(text)]


@pytest.mark.parametrize(
    "text",
    [
        f'{STEPS}    outputs: {{all: {{images: "{{{{ steps.set.images }}}}", file: cover}}}}\n',
        """
    steps: {page: {for_each: {p: [sea, Sea]}, generate: {prompt: "{{ each.p }}"}}}
    outputs: {all: "{{ steps.page.images }}"}
""",
        """
    steps: {page: {takes: 2, generate: {prompt: A}}}
    outputs: {all: {images: "{{ steps.page.images }}", file: cover}}
""",
    ],
)
def test_files_that_collide_are_found_by_the_check(desk: Desk, text: str) -> None:
    assert "same-file" in check(desk, text)
