"""Near misses find what was meant, quickly among any number of names, and far ones find nothing."""

from __future__ import annotations

import time

import pytest

from seedflow.diagnostics.suggest import find_near


@pytest.mark.parametrize(
    ("name", "candidates", "meant"),
    [
        ("shet", ["page", "sheet"], "sheet"),
        ("sheeet", ["page", "sheet"], "sheet"),
        ("shoet", ["page", "sheet"], "sheet"),
        ("hseet", ["page", "sheet"], "sheet"),
        ("Sheet", ["page", "sheet"], "sheet"),
        ("aspect-ratio", ["aspect_ratio"], "aspect_ratio"),
        ("aspect ratio", ["aspect_ratio"], "aspect_ratio"),
        ("aspectratio", ["aspect_ratio"], "aspect_ratio"),
        ("max_imgs", ["max_images"], "max_images"),
        ("sequential_image_generaton", ["sequential_image_generation"], "sequential_image_generation"),
        ("typ", ["tip", "type"], "tip"),
        ("types", ["typed", "type"], "typed"),
        ("ab", ["ba"], "ba"),
        ("hero", ["style", "scenes"], None),
        ("page", ["pose", "sage_tea"], None),
        ("x", ["y", "xy"], None),
        ("", ["a"], None),
        ("sheet", ["sheet"], None),
        ("sheet", ["sheet", "sheets"], "sheets"),
        ("a" * 65, ["a" * 64], None),
    ],
)
def test_a_slip_finds_what_was_meant(name: str, candidates: list[str], meant: str | None) -> None:
    assert find_near(name, candidates) == meant
    assert find_near(name, iter(candidates)) == meant


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset, dict.fromkeys])
def test_among_many_names_one_edit_is_found(kind: type) -> None:
    names = kind(f"step_{number:05}" for number in range(20_000))
    for slip in ("step_00420x", "step_0042", "stpe_00420", "step-00420", "Step_00420", "step_0042O"):
        assert find_near(slip, names) is not None
    assert find_near("nothing_like_it", names) is None


def test_among_many_names_a_look_up_costs_little() -> None:
    names = dict.fromkeys(f"step_{number:05}" for number in range(20_000))
    began = time.process_time()
    for number in range(1000):
        find_near(f"stepp_{number}x", names)
    assert time.process_time() - began < 3
