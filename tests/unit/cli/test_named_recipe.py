"""How a recipe that is named on the command line is found."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.cli.named_recipe import find_recipe
from seedflow.errors import UsageError


def test_a_name_that_is_a_file_of_the_project_is_led_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "recipes").mkdir()
    (tmp_path / "recipes" / "postcards.yaml").touch()
    with pytest.raises(UsageError) as caught:
        find_recipe("postcards")
    assert caught.value.help == "did you mean recipes/postcards.yaml?"
    (tmp_path / "postcards.yml").touch()
    with pytest.raises(UsageError) as caught:
        find_recipe("postcards")
    assert caught.value.help == "did you mean postcards.yml?"
