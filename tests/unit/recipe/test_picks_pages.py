"""The pages about picks (picks.md of the reference and of the diagnostics): their examples are what they say they are."""

import re
from pathlib import Path

import pytest

from seedflow.diagnostics import Source
from seedflow.recipe import picks_file
from seedflow.recipe.picks import Picks, parse_picks

REFERENCE = Path(__file__).parents[3] / "docs" / "reference"
PAGE = (REFERENCE / "picks.md").read_text(encoding="utf-8")
SECTIONS = re.findall(
    r"^## (\S+)\n.*?```yaml\n(.*?)```",
    (REFERENCE / "diagnostics" / "picks.md").read_text(encoding="utf-8"),
    re.MULTILINE | re.DOTALL,
)


def test_the_example_is_what_seedflow_writes():
    (example,) = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    picks, found = parse_picks(Source("storybook.picks.yaml", example))
    assert found == []
    assert Picks(picks.takes).render() == example


ALONE = [section for section in SECTIONS if section[0] != "unused-pick"]
"""Those that the file alone proves; the other one is held in tests/unit/plan."""


@pytest.mark.parametrize(("code", "example"), ALONE, ids=[code for code, _ in ALONE])
def test_each_example_causes_its_diagnostic(code, example):
    assert [found.code for found in parse_picks(Source("p.yaml", example))[1]] == [code]


def test_every_refusal_has_its_row():
    rows = set(
        re.findall(r"^\| `([a-z-]+)` \| .* \| .* \|$", PAGE.split("## How it is written")[1], re.MULTILINE)
    )
    assert rows == set(picks_file._HELP_BY_KIND)
