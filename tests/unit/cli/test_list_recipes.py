"""What `seedflow list` looks into."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seedflow.cli.list_recipes import find_recipes

RECIPE = "seedflow: 1\nsteps:\n  fox: {generate: {prompt: A fox}}\n"


@pytest.mark.timeout(20)
def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "recipes").mkdir()
    (tmp_path / "fox.yaml").write_text(RECIPE)
    (tmp_path / "recipes" / "owl.yml").write_text(RECIPE)
    (tmp_path / "notes.yaml").write_text("notes: [a, b]\n")
    (tmp_path / "folder.yaml").mkdir()
    (tmp_path / "gone.yaml").symlink_to(tmp_path / "nowhere.yaml")
    os.mkfifo(tmp_path / "pipe.yaml")  # whoever opens it waits for somebody to write
    assert find_recipes(tmp_path) == [Path("fox.yaml"), Path("recipes/owl.yml")]
