"""`docs/reference/emulator.md` tells everything that an emulator can be told, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from seedflow.cli.emulate import command
from seedflow.emulator.fault_file import load_faults
from seedflow.emulator.fault_plan import parse_faults
from seedflow.emulator.faults import KINDS
from seedflow.emulator.options import DEFAULT_ACCOUNT, DEFAULT_TOKEN, EmulatorOptions
from seedflow.emulator.scenarios import SCENARIOS
from seedflow.errors import UsageError

PAGE = (Path(__file__).parents[2] / "docs/reference/emulator.md").read_text()


def _section(title: str) -> str:
    return PAGE.split(f"\n## {title}\n")[1].partition("\n## ")[0]


def test_every_option_is_described_and_exists():
    described = set(re.findall(r"`(--[a-z-]+)", _section("Options")))
    assert described == {text for parameter in command.params for text in parameter.opts}


def test_the_defaults_are_the_ones_in_the_code():
    defaults = EmulatorOptions()
    assert f"`{DEFAULT_ACCOUNT}`" in PAGE
    assert f"`{DEFAULT_TOKEN}`" in PAGE
    rows = dict(
        re.findall(r"^\| `(--[a-z-]+)[^|]*?(?:\\\|[^|]*?)*\| ([^|]*) \|", _section("Options"), re.MULTILINE)
    )
    assert rows["--expire-s"] == f"{defaults.expire_s:g}"
    assert rows["--price"] == str(defaults.price_usd)
    assert rows["--body-limit-bytes"] == str(defaults.body_limit_bytes)


@pytest.mark.parametrize("kind", list(KINDS))
def test_every_fault_is_described_with_its_parameters(kind):
    (row,) = [line for line in _section("Faults").splitlines() if line.startswith(f"| `{kind}` |")]
    described = row.split("|")[2]
    for name, default in KINDS[kind].items():
        assert f"`{name}`" in described
        if isinstance(default, bool | int):
            assert f"`{name}` ({str(default).lower()}" in described


def test_no_fault_is_described_that_does_not_exist():
    described = re.findall(r"^\| `([a-z-]+)` \|", _section("Faults").partition("### ")[0], re.MULTILINE)
    assert described == [kind.value for kind in KINDS]


def test_every_scenario_is_described_in_its_order():
    described = re.findall(
        r"^\| `([a-z0-9-]+)` \|", _section("Faults").partition("### Scenarios")[2], re.MULTILINE
    )
    assert described == list(SCENARIOS)


def test_the_file_of_faults_can_be_loaded(tmp_path):
    (text,) = re.findall(r"<!-- faults -->\n```yaml\n(.*?)```", PAGE, re.DOTALL)
    path = tmp_path / "storm.yaml"
    path.write_text(text)
    script = load_faults(path)
    assert script.seed == 7
    assert [rule.chance or rule.calls or rule.times for rule in script.rules] == [(40,), 3, 0.3, 0.02]
    path.write_text(text.replace("early-expiry", "earthquake"))
    with pytest.raises(UsageError, match="fault 4 of 4: 'earthquake' is not a kind"):
        load_faults(path)


def test_every_fault_that_is_posted_on_the_page_is_one():
    posted = re.findall(r"curl -d '([^']+)'", PAGE) + re.findall(r"`(\{\"scenario\".*?\})`", PAGE)
    assert len(posted) == 2
    for text in posted:
        parse_faults(json.loads(text))
