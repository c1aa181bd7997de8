"""Golden files: what people see, word by word. `pytest tests/golden --update-golden` writes them anew; then read them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.golden.harness import GOLDEN, Shell


def pytest_addoption(parser: pytest.Parser) -> None:
    """`--update-golden`."""
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write golden files anew instead of comparing with them",
    )


@pytest.fixture
def shell(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Shell:
    """A project folder with pictures, and `seedflow` in it."""
    return Shell(tmp_path / "project", monkeypatch)


@pytest.fixture
def golden(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Compares a text with a golden file below `tests/golden`, or writes it."""

    def compare(name: str, text: str) -> None:
        path = GOLDEN / name
        if request.config.getoption("--update-golden", default=False):
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
            return
        assert path.is_file(), f"{name} is missing; write it with: pytest tests/golden --update-golden"
        assert text == path.read_text(encoding="utf-8"), f"{name} says something else"

    return compare
