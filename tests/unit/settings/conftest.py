"""A project, a user and an environment of one's own for each test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from seedflow.settings.load import load_settings
from seedflow.settings.model import Settings


@dataclass
class Home:
    """Folders for a project and a user; `load` reads them and nothing of the machine's own."""

    project: Path
    user_file: Path
    environment: dict[str, str] = field(default_factory=dict)

    def write_project(self, text: str) -> Path:
        path = self.project / "seedflow.yaml"
        path.write_text(text, encoding="utf-8")
        return path

    def write_user(self, text: str, mode: int = 0o600) -> Path:
        self.user_file.parent.mkdir(parents=True, exist_ok=True)
        self.user_file.write_text(text, encoding="utf-8")
        self.user_file.chmod(mode)
        return self.user_file

    def load(
        self,
        *,
        folder: Path | None = None,
        provider: str | None = None,
        environment: Mapping[str, str] | None = None,
    ) -> Settings:
        return load_settings(
            folder or self.project,
            provider=provider,
            environment=self.environment if environment is None else environment,
            user_file=self.user_file,
        )


@pytest.fixture(name="home")
def provide_home(tmp_path: Path) -> Home:
    project = tmp_path / "project"
    project.mkdir()
    return Home(project, tmp_path / "user" / "config.yaml")
