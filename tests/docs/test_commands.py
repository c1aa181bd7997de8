"""What pages tell readers to type works: commands, transcripts, and Python, each page in a folder of its own."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pexpect
import pytest

from seedflow.cli.main import COMMANDS
from seedflow.errors import ExitCode
from tests.docs.pages import PAGES, ROOT, Fence, Page, get_page
from tests.docs.sessions import Session, is_run, read_commands

TYPED = [page for page in PAGES if any(is_run(fence) for fence in page.fences)]


@pytest.mark.parametrize("page", TYPED, ids=[page.name for page in TYPED])
def test_the_commands_of_a_page_do_what_it_shows(page: Page, tmp_path: Path) -> None:
    folder = tmp_path / "book"
    folder.mkdir()
    session = Session(folder)
    if any("curl" in fence.text for fence in page.fences if is_run(fence)) and shutil.which("curl") is None:
        pytest.skip("this page uses curl, which is not installed")
    try:
        for fence in page.fences:
            if "file" in fence.marks:
                session.write(fence)
            elif is_run(fence):
                session.run(fence)
    finally:
        session.close()


def test_pages_that_type_commands_are_found() -> None:
    assert {"docs/tutorial.md", "docs/reference/cli.md", "docs/reference/emulator.md"} <= {
        page.name for page in TYPED
    }


PYTHON = [
    fence
    for page in PAGES
    for fence in page.fences
    if fence.language == "python" and page.name == "docs/reference/api.md"
]


@pytest.mark.parametrize("fence", PYTHON, ids=[fence.id for fence in PYTHON])
def test_python_runs(fence: Fence, tmp_path: Path) -> None:
    session = Session(tmp_path)
    ended = subprocess.run(
        [sys.executable, "-W", "error", "-c", fence.text],
        cwd=tmp_path,
        env=session.environment,
        capture_output=True,
        text=True,
        timeout=100,
    )
    assert ended.returncode == 0, ended.stderr


def test_commands_that_pages_mention_exist() -> None:
    for page in PAGES:
        for fence in page.fences:
            for command, _ in read_commands(fence) if fence.language in ("console", "sh") else ():
                words = command.split()
                assert words[1].startswith("-") or words[1] in COMMANDS or words[0] != "seedflow", (
                    f"{fence.id}: {command}"
                )


@pytest.mark.parametrize(
    ("name", "needs"),
    [
        ("run", ["-m venv", "pip install", "seedflow run storybook"]),
        ("test", ["-m venv", "pip install", "-e '.[dev]'", "-m pytest"]),
    ],
)
def test_the_readme_has_its_two_commands(name: str, needs: list[str]) -> None:
    (fence,) = [fence for fence in get_page("README.md").fences if fence.marks.get("command") == name]
    assert fence.language == "sh"
    assert len(fence.text.strip().splitlines()) == 1
    assert [need for need in needs if need not in fence.text] == []
    assert (ROOT / "recipes" / "storybook.yaml").is_file()


def test_the_question_in_the_tutorial_is_the_one_that_is_asked_in_a_terminal(
    tmp_path: Path, start_emulator: Callable[..., Any]
) -> None:
    page = get_page("docs/tutorial.md")
    (shown,) = [fence.text.strip() for fence in page.fences if fence.text.startswith("5 calls")]
    session = Session(tmp_path)
    book = [
        fence for fence in page.fences if fence.marks.get("file") == "book.yaml" and fence.language == "yaml"
    ]
    session.write(book[-1])
    terminal = pexpect.spawn(
        sys.executable,
        ["-m", "seedflow", "run", "book.yaml"],
        cwd=tmp_path,
        env={**session.environment, **start_emulator().env},
        encoding="utf-8",
        timeout=60,
        dimensions=(60, 120),
    )
    terminal.expect_exact(shown)
    terminal.sendline("n")
    terminal.expect(pexpect.EOF)
    terminal.close()
    assert terminal.exitstatus == ExitCode.STOPPED
