"""An order of steps, and what finding it does not load."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from seedflow.graph.order import sort_topologically


def test_what_is_tied_to_nothing_keeps_its_place() -> None:
    assert sort_topologically("cab", []) == ["c", "a", "b"]
    assert sort_topologically("cab", [("b", "c"), ("b", "c")]) == ["a", "b", "c"]


def test_what_a_cycle_holds_up_is_missing() -> None:
    assert sort_topologically("abcd", [("a", "b"), ("b", "a"), ("b", "c")]) == ["d"]
    assert sort_topologically("ab", [("a", "a")]) == ["b"]


def test_a_check_loads_networkx_for_a_cycle_alone(tmp_path: Path) -> None:
    recipe = "seedflow: 1\nname: two\nsteps:\n  a: {{generate: {{prompt: {}}}}}\n  b: {{generate: {{prompt: x}}}}\n"
    path = tmp_path / "two.yaml"
    code = (
        "import sys\nfrom seedflow.cli.main import run\n"
        f"code = run(['check', {str(path)!r}])\n"
        "print('networkx' in sys.modules, code)\n"
    )
    said = []
    for prompt in ("x", "'{{ steps.a.images[0].width }}'"):
        path.write_text(recipe.format(prompt), encoding="utf-8")
        ended = subprocess.run(
            [sys.executable, "-c", code], capture_output=True, text=True, cwd=tmp_path, timeout=60
        )
        said.append(ended.stdout.splitlines()[-1])
    assert said == ["False 0", "True 1"], said
