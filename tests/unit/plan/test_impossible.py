"""What a task expects and its request cannot give is said before anything is paid."""

from __future__ import annotations

import pytest
from planning import open_planner, problems_of

EXPECTING = """
steps:
  z:
    for_each: {{n: [1, 2]}}
    generate: {{prompt: "{{{{ each.n }}}}", max_images: "{{{{ each.n }}}}", sequential_image_generation: auto}}
    expect: {expect}
"""


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("{images: 2}", "at least 2 images, and the request gives 1:"),
    ],
)
def test_a_task_that_cannot_give_what_is_expected_is_an_error(expect: str, found: str) -> None:
    problem = problems_of(EXPECTING.format(expect=expect))[0]
    assert problem.code == "expect-impossible"
    assert found in problem.message


def test_what_is_accepted_all_the_same_is_only_doubted() -> None:
    planner = open_planner(EXPECTING.format(expect="{images: 2, otherwise: accept}"))
    plan, problems = planner.start()
    assert plan is not None
    assert [(one.code, one.severity.value) for one in problems] == [("expect-impossible", "warning")]
