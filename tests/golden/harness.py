"""The command line in this process, in a folder of its own, with everything that it says captured."""

from __future__ import annotations

import gc
import re
import shlex
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import StringIO
from pathlib import Path

import pytest

from seedflow.cli.main import run
from tests.docs.used_recipes import write_used_recipes

ROOT = Path(__file__).parents[2]
GOLDEN = Path(__file__).parent
SHIPPED = ROOT / "recipes"
PICTURES = GOLDEN / "pictures"
"""Pictures that golden recipes may name. They are kept, not painted, since their digests stand in golden plans."""
PROMPTS = GOLDEN / "prompts"
"""Files that prompts of golden recipes may include."""
TABLES = GOLDEN / "tables"
"""Tables that golden recipes may name."""
DIRECTIVE = "#$ "
"""A golden recipe may begin with the words that follow `seedflow`; NAME stands for the recipe."""

VARIABLES = (
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_GATEWAY_ID",
    "SEEDFLOW_CLOUDFLARE_BASE_URL",
    "SEEDFLOW_HOME",
    "SSL_CERT_FILE",
    "FORCE_COLOR",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command said and ended with."""

    code: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Everything, as a terminal would show it: what is wrong, then the rest; the exit code where it is not 0."""
        parts = [self.err, self.out, f"exit code {self.code}\n" if self.code else ""]
        return "\n".join(part.rstrip("\n") + "\n" for part in parts if part)


class Shell:
    """A project folder with pictures, and `seedflow` in it, 80 columns wide and without colour."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        shutil.copytree(PICTURES, folder)
        shutil.copytree(PROMPTS, folder / "prompts")
        shutil.copytree(TABLES, folder / "tables")
        (folder / "folder").mkdir()
        write_used_recipes(folder)
        self.folder = folder
        self._monkeypatch = monkeypatch
        monkeypatch.chdir(folder)
        for name in VARIABLES:
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("HOME", str(folder.parent / "home"))
        monkeypatch.setenv("XDG_CONFIG_HOME", str(folder.parent / "config"))
        monkeypatch.setenv("NO_COLOR", "1")
        monkeypatch.setenv("COLUMNS", "80")

    def set_env(self, name: str, value: str) -> None:
        """A variable of the environment."""
        self._monkeypatch.setenv(name, value)

    def copy(self, path: Path, name: str | None = None) -> Path:
        """A file into the project, with the folder beside it that is named like it: what a recipe uses.

        With a shipped recipe come the samples and files that it may name.
        """
        if path.parent == SHIPPED:
            shutil.copytree(SHIPPED / "samples", self.folder / "samples", dirs_exist_ok=True)
        if path.parent == SHIPPED / "blocks":
            shutil.copytree(SHIPPED / "samples", self.folder.parent / "samples", dirs_exist_ok=True)
            shutil.copytree(path.parent / "prompts", self.folder / "prompts", dirs_exist_ok=True)
        target = self.folder / (name or path.name)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target)
        if path.with_suffix("").is_dir():
            shutil.copytree(path.with_suffix(""), target.with_suffix(""), dirs_exist_ok=True)
        return target

    def seedflow(self, *words: str) -> Ended:
        """`seedflow WORDS`."""
        with _captured() as (out, err):
            code = run(list(words))
        return Ended(code, out.getvalue(), err.getvalue())

    def seedflow_on(self, recipe: Path, *default: str) -> Ended:
        """What a golden recipe is for: the words of its first line, or those given."""
        path = self.copy(recipe)
        first = path.read_bytes().split(b"\n", 1)[0].decode("utf-8", "replace")
        words = shlex.split(first.removeprefix(DIRECTIVE)) if first.startswith(DIRECTIVE) else [*default]
        return self.seedflow(*(path.name if word == "NAME" else word for word in words))


@contextmanager
def _captured() -> Iterator[tuple[StringIO, StringIO]]:
    out, err, before = StringIO(), StringIO(), (sys.stdout, sys.stderr)
    sys.stdout, sys.stderr = out, err
    try:
        yield out, err
    finally:
        sys.stdout, sys.stderr = before
        # The command line leaves the collector as suits a process that ends soon; this one goes on.
        gc.enable()


def hide_chance(text: str) -> str:
    """Text without what differs from run to run: ports, run ids, digests and what is named after them."""
    text = re.sub(r"127\.0\.0\.1:\d+", "127.0.0.1:PORT", text)
    text = re.sub(r"\b\d{8}T\d{6}-[0-9a-f]{6}\b", "RUN", text)
    text = re.sub(r"sha256/[0-9a-f]{2}/[0-9a-f]{64}", "sha256/DIGEST", text)
    return re.sub(r"sha256:[0-9a-f]{64}", "sha256:DIGEST", text)


def hide_paths(text: str, folder: Path) -> str:
    """Text without the paths of this machine: paragraphs that name the project, or the folder above it, are unwrapped."""
    blocks = []
    for block in text.split("\n\n"):
        if str(folder.parent) in block:
            block = re.sub(r"\n {8}(?=\S)", " ", re.sub(r"\n  (?! |help:|\d+ \||[|:])", " ", block))
        blocks.append(block.replace(str(folder), "PROJECT").replace(str(folder.parent), "HOME"))
    return "\n\n".join(blocks)
