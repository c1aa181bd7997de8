"""The pages about settings: every example does what its page says, and every code of this room has its section."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

import seedflow.settings
from seedflow.pipeline.session import open_session

ROOT = Path(seedflow.settings.__file__).parents[2]
DIAGNOSTICS = (ROOT / "docs/reference/diagnostics/settings.md").read_text(encoding="utf-8")
SETTINGS = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
SECTIONS = re.findall(r"^## (\S+)\n.*?```yaml\n(.*?)```", DIAGNOSTICS, re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize(("code", "example"), SECTIONS, ids=[code for code, _ in SECTIONS])
def test_example_causes_its_diagnostic(home, code, example):
    if code in {"readable-secret", "foreign-settings"}:
        path = home.write_user(example, 0o644)
        if code == "foreign-settings":
            if os.getuid() != 0:
                pytest.skip("only root can give a file away")
            os.chown(path, 12345, 12345)
    else:
        home.write_project(example)
    settings = home.load()
    session = open_session(settings, home.project)
    assert [found.code for found in (*settings.diagnostics, *session.model_problems)] == [code]


def test_every_code_has_its_section():
    files = [*(ROOT / "seedflow/settings").glob("*.py"), ROOT / "seedflow/pipeline/prices.py"]
    source = "".join(path.read_text(encoding="utf-8") for path in files)
    codes = set(re.findall(r'(?:_report|Diagnostic)\(\s*"([a-z-]+)"', source)) - {"not-yet"}
    assert codes == {code for code, _ in SECTIONS}


def test_examples_of_both_files_are_right(home):
    project, user = re.findall(r"```yaml\n(.*?)```", SETTINGS, re.DOTALL)
    home.write_project(project)
    (home.project / "models").mkdir()
    home.write_user(user)
    loaded = home.load(environment={})
    assert loaded.diagnostics == ()
    assert loaded.provider == "cloudflare"
    assert {budget.scope: str(budget.limit_usd) for budget in loaded.budgets} == {
        "run": "2.00",
        "step": "1.00",
        "day": "5.00",
        "project": "50.00",
    }


def test_page_names_every_variable():
    source = (ROOT / "seedflow/settings/environment.py").read_text(encoding="utf-8")
    for variable in re.findall(r'"([A-Z][A-Z_]{4,})"', source):
        assert f"`{variable}`" in SETTINGS
