"""Selectors of tasks: what they mean, and what is said when they mean nothing."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Diagnostic
from seedflow.plan.selection import TaskSelector, parse_selector


def select(text: str) -> TaskSelector:
    found = parse_selector(text)
    assert isinstance(found, TaskSelector)
    return found


@pytest.mark.parametrize(
    ("selector", "address"),
    [
        ("page", "page"),
        ("page", "page[scene=sea]#2"),
        ("page[scene=sea]", "page[scene=sea,mood=calm]"),
        ("page#1", "page"),
        ("page#2", "page#2"),
        ("cast/portrait", "cast[hero=fox]/portrait[pose=side]"),
        ("cast[hero=fox]/portrait", "cast[hero=fox]/portrait"),
    ],
)
def test_what_a_selector_means(selector: str, address: str) -> None:
    assert select(selector).matches(address)


@pytest.mark.parametrize(
    ("selector", "address"),
    [
        ("page", "pages"),
        ("page[scene=sea]", "page[scene=home]"),
        ("page#1", "page#2"),
        ("portrait", "cast/portrait"),
        ("cast", "cast/portrait"),
    ],
)
def test_what_a_selector_does_not_mean(selector: str, address: str) -> None:
    assert not select(selector).matches(address)


@pytest.mark.parametrize(
    "text", ["", "Page", "page[", "page[scene]", "page[scene=]", "page/", "page#0", "a b"]
)
def test_what_is_no_address_is_said_so(text: str) -> None:
    found = parse_selector(text)
    assert isinstance(found, Diagnostic)
    assert found.code == "not-a-selector"


def test_a_near_miss_a_used_recipe_and_a_place_to_come_are_told_apart() -> None:
    addresses = ["page[scene=sea]", "cast[hero=fox]/portrait", "panel[draft=draft-?]"]
    assert "did you mean `page`" in (select("pge").explain_nothing(addresses).help or "")
    assert "uses a recipe" in (select("cast").explain_nothing(addresses).help or "")
    assert "run the recipe first" in (select("panel[draft=draft-9]").explain_nothing(addresses).help or "")


@pytest.mark.parametrize(
    ("selector", "named"),
    [
        ("cast", "cast/portrait"),
        ("cast[hero=owl]", "cast[hero=owl]/portrait"),
        ("cast[hero=owl]#2", "cast[hero=owl]/portrait"),
        ("cast[hero=wolf]", "cast[hero=fox]/portrait[pose=side]"),
    ],
)
def test_a_step_inside_of_a_use_is_named_with_the_keys_that_were_given(selector: str, named: str) -> None:
    addresses = ["cast[hero=fox]/portrait[pose=side]", "cast[hero=owl]/portrait[pose=side]#2"]
    assert (select(selector).explain_nothing(addresses).help or "").endswith(
        f"name a step in it, such as `{named}`"
    )


@pytest.mark.parametrize(
    ("selector", "address", "may"),
    [
        ("u[r=b]/d[p=b.s-1]", "u[r=b]/d[p=b.s-?]", True),
        ("u[r=b]/d[p=b.s-1]", "u[r=b]/d[p=?]", True),
        ("u[r=c]/d[p=c.s-1]", "u[r=b]/d[p=?]", False),
        ("u[r=b]/e", "u[r=b]/d[p=?]", False),
        ("u/d", "u[r=b]/d[p=?]", True),
        ("d", "u[r=b]/d[p=?]", False),
    ],
)
def test_what_tasks_to_come_may_be_meant(selector: str, address: str, may: bool) -> None:
    assert select(selector).may_match(address) is may
