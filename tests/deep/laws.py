"""`python tests/deep laws`: many more random recipes for the laws of plans and runs."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

HELP = "many more random recipes for the laws of plans and runs"
TESTS = Path(__file__).resolve().parents[1]
LAWS = ("test_whole_language.py", "test_ends_of_loops.py", "test_nested_recipes.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--times", type=int, default=20, help="how many times as many examples as in the suite"
    )
    parser.add_argument("--seed", type=int, default=0)


def run(arguments: argparse.Namespace) -> int:
    """The property tests of the whole language, with more examples."""
    command = [sys.executable, "-m", "pytest", "-n", "0", "-p", "no:randomly", "--timeout=0"]
    command += [f"--hypothesis-seed={arguments.seed}", "--hypothesis-show-statistics"]
    command += [str(TESTS / "property" / name) for name in LAWS]
    more = {"SEEDFLOW_MORE_EXAMPLES": str(arguments.times)}
    return subprocess.run(command, env={**os.environ, **more}, check=False).returncode
