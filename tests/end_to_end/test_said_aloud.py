"""Nobody takes a sketch for a picture of the model: every run says at its beginning who makes the pictures."""

from __future__ import annotations

from typing import Any

from project import Project

RECIPE = "seedflow: 1\nsteps: {fox: {generate: {prompt: A fox}}}\n"


def test_a_run_with_sketch_says_so_first(project: Project) -> None:
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml")
    assert ended.out.splitlines()[0] == "fox  with sketch: placeholder pictures drawn here, no model is asked"


def test_json_on_standard_output_stays_alone(project: Project) -> None:
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml", "--json")
    assert ended.json["status"] == "done"
    assert "with sketch" in ended.err


def test_a_run_with_an_emulator_says_that_it_is_one(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml", "--yes")
    assert ended.out.splitlines()[0] == "fox  with cloudflare (emulated)"
