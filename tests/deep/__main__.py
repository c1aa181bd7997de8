"""Long trials: `python tests/deep kill --trials 1000 --seed 7`, `python tests/deep laws --times 20`.

The same trials as in the suite, more of them, at moments that nobody chose. A trial that fails stops the command, keeps its
folder and says which seed it was. Each command is a module here with `HELP`, `add_arguments` and `run`.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS.parent), str(TESTS / "end_to_end"), str(TESTS / "deep")]

COMMANDS = ("kill", "consent", "budgets", "laws", "faults", "damage", "together")


def main() -> int:
    """Exit code 0 when every trial ended as it should."""
    parser = argparse.ArgumentParser(prog="python tests/deep", description=__doc__)
    kinds = parser.add_subparsers(dest="kind", required=True)
    for name in COMMANDS:
        module = importlib.import_module(name)
        command = kinds.add_parser(name, help=module.HELP)
        module.add_arguments(command)
        command.set_defaults(run=module.run)
    arguments = parser.parse_args()
    code: int = arguments.run(arguments)
    return code


if __name__ == "__main__":
    sys.exit(main())
