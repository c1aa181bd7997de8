"""Nobody takes a sketch for a picture of the model: every run says at its beginning who makes the pictures."""

from __future__ import annotations

from typing import Any

from project import Project

RECIPE = "seedflow: 1\nsteps: {fox: {generate: {prompt: A fox}}}\n"


def test_a_run_with_sketch_says_so_first(project: Project) -> None:
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml")
    first, second, *_ = ended.out.splitlines()
    assert first == "fox · sketch: placeholders drawn here; no model is asked or paid"
    assert second == (
        "No account is configured. For real pictures, set CLOUDFLARE_ACCOUNT_ID and CLOUDFLARE_API_TOKEN."
    )


def test_json_on_standard_output_stays_alone(project: Project) -> None:
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml", "--json")
    assert ended.json["status"] == "done"
    assert "fox · sketch: placeholders" in ended.err


def test_a_run_with_an_emulator_says_that_it_is_one(project: Project, emulator: Any) -> None:
    project.use(emulator.env)
    project.write("fox.yaml", RECIPE)
    ended = project.seedflow("run", "fox.yaml", "--yes")
    assert ended.out.splitlines()[0] == (
        f"fox · cloudflare, realm emulated: an emulator at {emulator.origin}; nothing real is paid"
    )
