"""A project's models in every command: known where files are sound, and nothing is done where they are not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import seedflow
from tests.golden.harness import Shell
from tests.golden.pencil import CARD, PROFILE

RECIPE = """\
seedflow: 1
steps:
  drawing:
    generate: {model: studio/pencil-1, text: A fox, paper: a5}
"""


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    found = Shell(tmp_path / "project", monkeypatch)
    write(found, "seedflow.yaml", "models: our-models\n")
    write(found, "our-models/pencil.json", json.dumps(CARD))
    write(found, "our-models/pencil.profile.json", json.dumps(PROFILE))
    write(found, "pencil.yaml", RECIPE)
    return found


def write(shell: Shell, name: str, text: str) -> None:
    path = shell.folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_command_knows_a_projects_model(shell: Shell) -> None:
    assert shell.seedflow("check", "pencil.yaml").code == 0
    assert shell.seedflow("plan", "pencil.yaml").code == 0
    assert '"studio/pencil-1"' in shell.seedflow("schema").out
    listed = {model["id"]: model for model in json.loads(shell.seedflow("models", "--json").out)["models"]}
    assert len(listed) == 5
    own = listed["studio/pencil-1"]
    assert (own["origin"], own["references"], own["images"]) == (
        "our-models/pencil.json",
        {"parameter": "picture", "at_most": 1},
        [1, 1],
    )
    assert (own["price_by"], own["prices_usd"]) == ("paper", {"a5": 0.01, "a4": 0.02})
    assert "$0.01–0.02 by paper an image" in shell.seedflow("models").out
    doctor = json.loads(shell.seedflow("doctor", "--json").out)
    assert [model["origin"] for model in doctor["models"]][-1] == "our-models/pencil.json"


def test_files_are_named_from_the_current_folder(shell: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    below = shell.folder / "recipes"
    below.mkdir()
    monkeypatch.chdir(below)
    assert "../our-models/pencil.json" in shell.seedflow("models").out


def test_settings_say_another_price(shell: Shell) -> None:
    write(shell, "seedflow.yaml", "models: our-models\nprices: {studio/pencil-1: 0.05}\n")
    text = shell.seedflow("models").out
    assert "$0.05 an image; from project: seedflow.yaml:2:27" in text


def test_a_folder_of_that_name_is_nobodys_business_without_the_setting(shell: Shell) -> None:
    (shell.folder / "seedflow.yaml").unlink()
    (shell.folder / "our-models").rename(shell.folder / "models")
    assert "studio/pencil-1" not in shell.seedflow("models").out


def test_your_own_settings_may_name_a_folder_of_yours(shell: Shell) -> None:
    (shell.folder / "seedflow.yaml").unlink()
    (shell.folder / "our-models").rename(shell.folder.parent / "my-models")
    write(shell, "../config/x", "")
    write(shell, "../config/seedflow/config.yaml", "models: ../../my-models\n")
    assert "../my-models/pencil.json" in shell.seedflow("models").out


def test_a_parameter_of_a_projects_model_is_judged_by_its_card(shell: Shell) -> None:
    write(shell, "pencil.yaml", RECIPE.replace("a5", "a3"))
    ended = shell.seedflow("check", "pencil.yaml")
    assert ended.code == 1
    assert '`paper` is "a3"; allowed are "a5", "a4" [wrong-value]' in " ".join(ended.err.split())


@pytest.mark.parametrize(
    "command",
    [
        "check pencil.yaml",
        "plan pencil.yaml",
        "run pencil.yaml",
        "show pencil.yaml",
        "list",
        "models",
        "schema",
        "emulate",
    ],
)
def test_nothing_is_done_with_half_a_catalog(command: str, shell: Shell) -> None:
    write(shell, "our-models/pencil.json", json.dumps(CARD | {"input": {}}))
    ended = shell.seedflow(*command.split())
    assert (ended.code, ended.out) == (2, "")
    assert "our-models/pencil.json:1:" in ended.err
    assert "the project's model files have errors" in ended.err
    assert "Traceback" not in ended.err


def test_doctor_tells_what_is_wrong_with_model_files(shell: Shell) -> None:
    write(shell, "our-models/pencil.json", json.dumps(CARD | {"model": "bytedance/seedream-4.5"}))
    ended = shell.seedflow("doctor")
    assert ended.code == 2
    assert "[model-taken]" in ended.err
    assert "A sketch run would not work: model files have errors." in ended.out


def test_python_code_is_told_the_same(shell: Shell) -> None:
    assert seedflow.check_recipe("pencil.yaml").ok
    write(shell, "our-models/pencil.json", "{}")
    with pytest.raises(seedflow.UsageError, match="model files have errors"):
        seedflow.check_recipe("pencil.yaml")


@pytest.mark.parametrize("written", ["nope", "", "~", "[our-models]", "../elsewhere"])
def test_nothing_is_done_where_the_settings_name_no_folder_of_models(written: str, shell: Shell) -> None:
    write(shell, "seedflow.yaml", f"models: {written}\n")
    for command in ("check pencil.yaml", "plan pencil.yaml", "models"):
        ended = shell.seedflow(*command.split())
        assert (ended.code, ended.out) == (2, "")
        assert "seedflow.yaml:1:" in ended.err
        assert "the project's models are not known and nothing is done" in " ".join(ended.err.split())
        assert "there is no model" not in ended.err
    assert "the project's models are not known" in " ".join(shell.seedflow("doctor").out.split())
    with pytest.raises(seedflow.UsageError, match="names no folder"):
        seedflow.check_recipe("pencil.yaml")


def test_nothing_is_said_twice_of_an_empty_setting(shell: Shell) -> None:
    write(shell, "seedflow.yaml", "models: ~\n")
    words = " ".join(shell.seedflow("models").err.split())
    assert "`models`: expected a value, found nothing [wrong-setting]" in words


def test_a_link_of_a_project_is_not_followed_out_of_it(shell: Shell) -> None:
    outside = shell.folder.parent / "secret.json"
    outside.write_text("TOKEN=abc", encoding="utf-8")
    (shell.folder / "our-models" / "more.json").symlink_to(outside)
    ended = shell.seedflow("models")
    assert ended.code == 2
    assert "leads out of the project" in ended.err
    assert "TOKEN" not in ended.err


def test_images_for_a_card_without_a_profile_are_told_what_its_profile_must_say(shell: Shell) -> None:
    (shell.folder / "our-models" / "pencil.profile.json").unlink()
    write(
        shell,
        "pencil.yaml",
        RECIPE.replace("text: A fox", 'text: A fox, picture: {fox: "{{ steps.fox.images }}"}').replace(
            "steps:", "steps:\n  fox: {generate: {prompt: A fox}}"
        ),
    )
    ended = shell.seedflow("check", "pencil.yaml")
    words = " ".join(ended.err.split())
    assert (ended.code, words.count("[not-text]")) == (1, 1)
    assert 'say so in its profile: `"references": {"parameter": "picture", …}`' in words


def test_a_prompt_for_a_card_without_references_has_no_names(shell: Shell) -> None:
    write(shell, "our-models/pencil.json", json.dumps(CARD).replace('"text"', '"prompt"'))
    (shell.folder / "our-models" / "pencil.profile.json").unlink()
    write(
        shell,
        "pencil.yaml",
        RECIPE.replace("text: A fox", 'prompt: "A {{ ref.fox }}", picture: {fox: x.png}'),
    )
    words = " ".join(shell.seedflow("check", "pencil.yaml").err.split())
    assert "its profile must name it, in `references`" in words


def test_images_in_another_parameter_are_sent_to_the_right_one(shell: Shell) -> None:
    write(
        shell,
        "pencil.yaml",
        RECIPE.replace("paper: a5", 'paper: "{{ steps.fox.images[0] }}"').replace(
            "steps:", "steps:\n  fox: {generate: {prompt: A fox}}"
        ),
    )
    assert "help: images go into `picture`" in shell.seedflow("check", "pencil.yaml").err


def test_a_plan_spells_lists_and_mappings_as_json(shell: Shell) -> None:
    card = json.loads(json.dumps(CARD))
    card["input"]["properties"]["opts"] = {"type": "object"}
    write(shell, "our-models/pencil.json", json.dumps(card))
    write(shell, "pencil.yaml", RECIPE.replace("paper: a5", "paper: a5, opts: {a: é 1, b: [true, 1.5]}"))
    assert 'opts {"a": "é 1", "b": [true, 1.5]}' in shell.seedflow("plan", "pencil.yaml").out
