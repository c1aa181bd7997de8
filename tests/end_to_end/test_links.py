"""Money and failure: image URLs that live for minutes, and runs that pause for days. No dead link is ever sent.

The emulator fetches every reference itself and refuses dead ones, so that a dead link would be a failed task.
"""

from __future__ import annotations

import pytest
from project import Project

DAY_S = 86_400.0
LINES = """\
seedflow: 1
name: book
steps:
  sheet:
    generate: {prompt: A fox}
"""
COVER = """\
  cover:
    generate: {prompt: A cover, image_input: ["{{ steps.sheet.images[0] }}"]}
"""
SLOW = """\
  slow:
    generate: {prompt: A slow one, image_input: ["{{ steps.sheet.images[0] }}"]}
  cover:
    generate: {prompt: A cover, image_input: ["{{ steps.sheet.images[0] }}", "{{ steps.slow.images[0] }}"]}
"""
FAILED = 3


@pytest.fixture
def project(tmp_path, emulator) -> Project:
    project = Project(tmp_path)
    project.use(emulator.env)
    project.write("book.yaml", LINES)
    return project


def find_sent(emulator, step):
    """How each reference of a step's last call travelled."""
    (*_, last) = [
        request for request in emulator.requests() if f'"{step}"' in request["headers"]["cf-aig-metadata"]
    ]
    assert last["status"] == 200
    return [(reference["kind"], reference["task"]) for reference in last["references"]]


def test_after_days_the_bytes_go_and_not_the_link(emulator, project):
    project.run("book.yaml")
    emulator.let_pass(3 * DAY_S)
    project.write("book.yaml", LINES + COVER)
    assert project.run("book.yaml")["calls"] == 1
    assert find_sent(emulator, "cover") == [("data", None)]
    assert {request["status"] for request in emulator.requests()} == {200}


def test_a_link_that_dies_while_the_run_goes_on_is_found_dead_and_its_bytes_go(start_emulator, tmp_path):
    emulator = start_emulator("--latency-ms", "700")
    project = Project(tmp_path)
    project.use(emulator.env)
    project.write("book.yaml", LINES + SLOW)
    emulator.set_faults({"kind": "early-expiry", "seconds": 0.6, "match": {"step": "sheet"}})
    assert project.run("book.yaml")["calls"] == 3
    assert find_sent(emulator, "cover") == [("data", None), ("own", "slow")]
    assert {request["status"] for request in emulator.requests()} == {200}


def test_pictures_that_could_not_be_fetched_before_a_pause_of_days_are_told_as_lost_and_never_sent(
    emulator, project
):
    project.write("book.yaml", LINES + COVER)
    emulator.set_faults({"kind": "bad-download", "way": "status"})
    result = project.run("book.yaml", code=FAILED)
    assert next(task["problem"]["kind"] for task in result["tasks"] if "problem" in task) == "not-fetched"
    emulator.let_pass(3 * DAY_S)
    result = project.run("book.yaml", code=FAILED)
    assert next(task["problem"]["kind"] for task in result["tasks"] if "problem" in task) == "lost-paid"
    assert emulator.bill()["calls"] == 1, "nothing is paid again without consent"
    result = project.run("book.yaml", "--on-unknown", "retry")
    assert (result["calls"], emulator.bill()["calls"]) == (2, 3)
    assert {request["status"] for request in emulator.requests()} == {200}


def test_pictures_that_could_not_be_fetched_are_fetched_when_their_links_still_live(emulator, project):
    emulator.set_faults({"kind": "bad-download", "way": "reset", "tries": 5})
    project.run("book.yaml", code=FAILED)
    emulator.let_pass(1800)
    result = project.run("book.yaml")
    assert (result["calls"], emulator.bill()["calls"]) == (0, 1)


@pytest.mark.parametrize(
    "to",
    [
        "https://127.0.0.1/a.jpg",
        "http://10.0.0.1/a.jpg",
        "http://169.254.169.254/latest",
        "file:///etc/passwd",
        "loop",
    ],
)
def test_a_redirect_to_where_it_must_not_go_is_not_followed(emulator, project, to):
    emulator.set_faults({"kind": "bad-download", "way": "redirect", "to": to})
    result = project.run("book.yaml", code=FAILED)
    assert result["tasks"][0]["problem"]["kind"] == "lost-paid"
    assert emulator.bill()["calls"] == 1
    assert len(emulator.downloads()) == (4 if to == "loop" else 1)
