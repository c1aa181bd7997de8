"""Whose price counts: never a project's below the catalog's or the user's; and prices of models that there are not."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.diagnostics import Severity
from seedflow.models.catalog import DEFAULT_MODEL, load_catalog
from seedflow.pipeline.session import Session, open_session
from seedflow.settings.load import load_settings

_LISTED = load_catalog().models[DEFAULT_MODEL].price
assert _LISTED is not None
LISTED_USD = _LISTED.usd
IMAGES = {"type": "object", "properties": {"images": {"type": "array", "items": {"type": "string"}}}}
PROMPT = {"type": "object", "properties": {"prompt": {"type": "string"}}, "required": ["prompt"]}


def open_in(tmp_path: Path, project: str, user: str = "") -> Session:
    (tmp_path / "seedflow.yaml").write_text(project)
    (tmp_path / "config.yaml").write_text(user)
    settings = load_settings(tmp_path, environment={}, user_file=tmp_path / "config.yaml")
    return open_session(settings, tmp_path)


def price_of(session: Session, model: str = DEFAULT_MODEL) -> Decimal:
    price = session.catalog.models[model].price
    assert price is not None
    return price.usd


def list_codes(session: Session) -> list[str]:
    return [found.code for found in (*session.settings.diagnostics, *session.model_problems)]


@pytest.mark.parametrize(
    ("project", "user", "counts", "codes"),
    [
        ("0", None, LISTED_USD, ["price-not-taken"]),
        ("0.01", None, LISTED_USD, ["price-not-taken"]),
        (str(LISTED_USD), None, LISTED_USD, []),
        ("0.5", None, Decimal("0.5"), []),
        (None, "0.01", Decimal("0.01"), []),
        ("0.005", "0.01", Decimal("0.01"), ["price-not-taken"]),
        ("0.02", "0.01", Decimal("0.02"), []),
        ("0", "0", Decimal(0), []),
    ],
)
def test_a_project_makes_nothing_cheaper(
    tmp_path: Path, project: str | None, user: str | None, counts: Decimal, codes: list[str]
) -> None:
    texts = ("" if usd is None else f"prices: {{{DEFAULT_MODEL}: {usd}}}\n" for usd in (project, user))
    session = open_in(tmp_path, *texts)
    assert (price_of(session), list_codes(session)) == (counts, codes)
    shown = {row.name: row.value for row in session.settings.list_rows()}.get(f"prices.{DEFAULT_MODEL}")
    assert shown is None or Decimal(shown.removeprefix("$")) == counts, "doctor shows what counts"


@pytest.mark.parametrize(("whose", "counts"), [("project", "0.01"), ("user", "0.1")])
def test_a_card_is_as_good_as_the_word_of_who_names_its_folder(
    tmp_path: Path, whose: str, counts: str
) -> None:
    card = {"model": "a/b", "price_per_image_usd": 0.1, "input": PROMPT, "output": IMAGES}
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards/b.json").write_text(json.dumps(card))
    texts = {"project": "prices: {a/b: 0.01}\n", "user": ""}
    texts[whose] += "models: cards\n"
    session = open_in(tmp_path, texts["project"], texts["user"])
    assert price_of(session, "a/b") == Decimal(counts)
    assert list_codes(session) == ([] if whose == "project" else ["price-not-taken"])


@pytest.mark.parametrize("name", ["seedream-4.5", "no/such-model"])
def test_a_project_prices_models_that_there_are(tmp_path: Path, name: str) -> None:
    session = open_in(tmp_path, f"prices: {{{name}: 0.04}}\n")
    (found,) = session.model_problems
    assert (found.code, found.severity) == ("price-of-no-model", Severity.WARNING)
    assert str(found.span).endswith("seedflow.yaml:1:10")


def test_a_price_of_a_model_that_is_broken_is_no_second_problem(tmp_path: Path) -> None:
    (tmp_path / "cards").mkdir()
    (tmp_path / "cards/b.json").write_text(json.dumps({"model": "a/b", "input": 5, "output": IMAGES}))
    session = open_in(tmp_path, "prices: {a/b: 0.01}\nmodels: cards\n")
    assert set(list_codes(session)) == {"unusable-model"}


def test_your_own_settings_may_price_models_of_other_projects_unless_it_is_a_slip(tmp_path: Path) -> None:
    session = open_in(tmp_path, "", "prices: {seedream-4.5: 0.04, studio/pencil-1: 0.1}\n")
    (found,) = session.model_problems
    assert "`seedream-4.5`" in found.message
    assert found.help == "did you mean `bytedance/seedream-4.5`?"
