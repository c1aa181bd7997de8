"""A file that is asked for never replaces the state, or what a command reads."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from seedflow.errors import UsageError
from seedflow.pipeline.check import check_recipe
from seedflow.pipeline.session import Session, open_session
from seedflow.pipeline.written_file import refuse_as_file
from seedflow.settings.load import load_settings

OUTER = """\
seedflow: 1
inputs: {rows: {type: table, columns: {a: text}, default: ./goods.json}}
steps:
  row: {for_each: {r: {in: "{{ inputs.rows }}", key: a}}, generate: {prompt: "{{ each.r.a }}"}}
  used: {recipe: ./below/used.yaml}
  a: {generate: {prompt: "{% include './words.txt' %}"}}
"""
USED = "seedflow: 1\nsteps: {a: {generate: {prompt: a}}}\noutputs: {images: '{{ steps.a.images }}'}\n"


@pytest.fixture
def session(tmp_path: Path) -> Session:
    for name, text in (
        ("seedflow.yaml", "models: cards\n"),
        ("home/config.yaml", ""),
        ("outer.yaml", OUTER),
        ("below/used.yaml", USED),
        ("words.txt", "a fox"),
        (".seedflow/ledger.db", "rows"),
        (".seedflow/VERSION", "1"),
        ("other/state/ledger.db", "rows"),
        ("other/state/VERSION", "1"),
        ("rows.json", "[]"),
        ("goods.json", '[{"a": "b"}]'),
        ("inputs.yaml", "a: b\n"),
        ("free.txt", "anything"),
    ):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (tmp_path / "cards").mkdir()
    (tmp_path / "link").symlink_to(".seedflow")
    (tmp_path / "linked.db").symlink_to(".seedflow/ledger.db")
    os.link(tmp_path / ".seedflow/ledger.db", tmp_path / "same.db")
    (tmp_path / "to-recipe").symlink_to("outer.yaml")
    os.link(tmp_path / "below/used.yaml", tmp_path / "same.yaml")
    settings = load_settings(tmp_path, environment={}, user_file=tmp_path / "home/config.yaml")
    return open_session(settings, tmp_path)


def refuse(session: Session, name: str) -> None:
    checked = check_recipe(session.folder / "outer.yaml", session)
    assert checked.ok, checked.diagnostics
    refuse_as_file(
        session.folder / name,
        "--events",
        session,
        checked=checked,
        inputs=("rows=rows.json", "text=\0"),
        inputs_file=session.folder / "inputs.yaml",
    )


@pytest.mark.parametrize(
    "name",
    [
        ".seedflow/ledger.db",
        ".seedflow/ledger.db-wal",
        ".seedflow/new/file",
        "below/../.seedflow/x",
        "link/x",
        "linked.db",
        "same.db",
        "other/state/x",
        "elsewhere/.seedflow/x",
    ],
)
def test_nothing_of_a_state_is_written(session: Session, name: str) -> None:
    with pytest.raises(UsageError, match=r"^--events: .* belongs to the state "):
        refuse(session, name)


@pytest.mark.parametrize(
    ("name", "what"),
    [
        ("outer.yaml", "the recipe,"),
        ("to-recipe", "the recipe,"),
        ("outer.picks.yaml", "the recipe's picks file"),
        ("below/used.yaml", "a recipe that is used"),
        ("same.yaml", "a recipe that is used"),
        ("words.txt", "a file that a prompt includes"),
        ("seedflow.yaml", "the project's settings file"),
        ("home/config.yaml", "your own settings file"),
        ("cards/new.json", "in the folder of models"),
        ("rows.json", "a file that an input names"),
        ("inputs.yaml", "the inputs file"),
        ("goods.json", "a file that a recipe names"),
    ],
)
def test_nothing_that_is_read_is_written(session: Session, name: str, what: str) -> None:
    with pytest.raises(UsageError, match=what):
        refuse(session, name)


@pytest.mark.parametrize("name", ["free.txt", "new.txt", "below/new.txt", "state/x"])
def test_other_files_are_free(session: Session, name: str) -> None:
    refuse(session, name)
