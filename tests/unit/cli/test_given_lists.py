"""What is wrong with a list whose items are given by one `-i` each."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.cli.main import run

RECIPE = """\
seedflow: 1
inputs: {numbers: {type: list, of: integer}, photos: {type: list, of: image}}
steps:
  fox:
    for_each: {number: "{{ inputs.numbers }}"}
    generate: {prompt: "Fox {{ each.number }}", image_input: "{{ inputs.photos }}"}
"""


def test_every_wrong_item_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("fox.yaml").write_text(RECIPE)
    given = ["numbers=x", "numbers=2", "numbers=y", "numbers=2.5", "photos=gone", "photos=lost"]
    assert run(["plan", "fox.yaml", *(part for one in given for part in ("-i", one))]) == 1
    told = " ".join(capsys.readouterr().err.split())  # lines are as long as the terminal is wide
    for wrong in (
        "-i numbers=…:1:9: error: found the text `x`, expected a whole number [wrong-type]",
        "-i numbers=…:1:9: error: found the text `y`, expected a whole number [wrong-type]",
        "-i numbers=…:1:9: error: found the number 2.5, expected a whole number [wrong-type]",
        "-i photos=…:1:8: error: there is no folder and no file `gone` [image-missing]",
        "-i photos=…:1:8: error: there is no folder and no file `lost` [image-missing]",
    ):
        assert told.count(wrong) == 1
