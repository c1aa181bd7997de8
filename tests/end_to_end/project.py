"""A project folder and the command line in a process of its own, as a person would use it.

A command that is run to its end is a child forked from a process that has everything imported, one for each worker: hundreds of
commands would spend most of their time on starting Python. One that is started in the background is started as by a shell.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent))

from fork_server import WITHIN_S, Order, run_if_free

ROOT = Path(__file__).parents[2]

VARIABLES = (
    "CLOUDFLARE_ACCOUNT_ID",
    "CLOUDFLARE_API_TOKEN",
    "CLOUDFLARE_GATEWAY_ID",
    "SEEDFLOW_CLOUDFLARE_BASE_URL",
    "SEEDFLOW_HOME",
    "FORCE_COLOR",
    "NO_COLOR",
    "COLUMNS",
)


@dataclass(frozen=True, slots=True)
class Ended:
    """What a command left behind."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """Standard output as JSON."""
        return json.loads(self.out)


class Project:
    """A folder with recipes, and `seedflow` in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.env: dict[str, str] = {
            name: value for name, value in os.environ.items() if name not in VARIABLES
        }
        self.env |= {"PYTHONPATH": str(ROOT), "XDG_CONFIG_HOME": str(folder / "config"), "HOME": str(folder)}

    def use(self, variables: Mapping[str, str]) -> None:
        """Add to the environment of every command."""
        self.env |= variables

    def write(self, name: str, text: str) -> Path:
        """A file of the project."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    def start(self, *words: str) -> subprocess.Popen[str]:
        """`seedflow WORDS` in the background."""
        return subprocess.Popen(
            [sys.executable, "-m", "seedflow", *words],
            cwd=self.folder,
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def seedflow(self, *words: str, within_s: float = WITHIN_S) -> Ended:
        """`seedflow WORDS` to its end. No command may ever show a traceback."""
        ended = None
        if within_s <= WITHIN_S:
            ended = run_if_free(Order(words, str(self.folder), self.env))
        if ended is None:
            return self._start_and_wait(words, within_s)
        return Ended(ended.code, ended.out, ended.err)

    def _start_and_wait(self, words: Sequence[str], within_s: float) -> Ended:
        process = self.start(*words)
        try:
            out, err = process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            process.communicate()
            raise
        assert "Traceback" not in err, err
        return Ended(process.returncode, out, err)

    def run(self, *words: str, code: int = 0) -> Any:
        """`seedflow run --yes --json WORDS`: the JSON object, after the exit code was checked."""
        ended = self.seedflow("run", "--yes", "--json", *words)
        assert ended.code == code, f"ended with {ended.code}:\n{ended.err}\n{ended.out}"
        return ended.json
