"""Names of files that no file system would take are cut before anything is paid."""

from __future__ import annotations

from pathlib import Path

import pytest

from seedflow.canonical import fit_name
from seedflow.cli.main import run

LONG = "abcdefghij klmnopqrst uvwxyzabcd efghij"
VARIABLES = "abcdefg"
RECIPES = {
    "name": f"seedflow: 1\nname: {'x' * 5000}\nsteps: {{a: {{generate: {{prompt: A}}}}}}\n",
    "output": f"seedflow: 1\nname: n\nsteps: {{a: {{generate: {{prompt: A}}}}}}\noutputs: {{{'o' * 300}: '{{{{ steps.a.images }}}}'}}\n",
    "keys": (
        f"seedflow: 1\nname: n\ninputs: {{w: {{type: list, of: text, default: [{LONG} 1, {LONG} 2]}}}}\nsteps:\n  a:\n"
        f"    for_each: {{{', '.join(f'{name}: [{LONG}]' for name in VARIABLES)}, w: '{{{{ inputs.w }}}}'}}\n"
        "    generate: {prompt: 'A {{ each.w }}'}\n"
    ),
}


@pytest.mark.parametrize("which", RECIPES)
def test_what_was_paid_for_can_be_published(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, which: str
) -> None:
    for name in ("CLOUDFLARE_ACCOUNT_ID", "CLOUDFLARE_API_TOKEN", "SEEDFLOW_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    Path("long.yaml").write_text(RECIPES[which])
    assert run(["run", "long.yaml"]) == 0
    files = list(Path("outputs").rglob("*.jpg"))
    assert len(files) == (2 if which == "keys" else 1)


def test_a_name_that_fits_stays_and_others_differ_as_they_did() -> None:
    assert fit_name("a" * 200) == "a" * 200
    one, other = fit_name("é" * 200 + "1"), fit_name("é" * 200 + "2")
    assert one != other
    assert one[:95] == "é" * 95
    assert len(one.encode()) == 190 + len("~123456")
