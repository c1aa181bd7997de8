"""Golden texts fit the terminal that they were made for: no line is longer than 80 columns unless it is one word or a log line."""

from __future__ import annotations

from pathlib import Path

import pytest
from rich.cells import cell_len

from tests.golden.harness import GOLDEN

COLUMNS = {
    "unicode-40": 40, "dynamic-40": 40, "run-40": 40, "unicode-120": 120, "dynamic-120": 120,
    "steps-40": 40, "tasks-40": 40, "steps-120": 120, "tasks-120": 120,
}  # fmt: skip # a row a line
TEXTS = sorted(GOLDEN.rglob("*.txt"))
TEXTS = [path for path in TEXTS if path.parent.name != "pictures"]


@pytest.mark.parametrize("path", TEXTS, ids=[f"{path.parent.name}/{path.stem}" for path in TEXTS])
def test_no_line_is_too_long_or_ends_in_blanks(path: Path) -> None:
    columns = COLUMNS.get(path.stem, 80)
    for line in path.read_text(encoding="utf-8").splitlines():
        assert line == line.rstrip(), line
        unwrapped = "PROJECT" in line or "HOME" in line or (path.stem == "doctor-printed" and "  " in line)
        logged = line.startswith(("error: ", "help: "))  # errors of usage stay whole in a pipe
        if unwrapped or logged or len(line.split()) == 1 or line.startswith("+ page[scene="):
            continue
        assert cell_len(line) <= columns, line
