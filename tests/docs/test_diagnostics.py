"""Every code of a diagnostic has exactly one section, every section a code, and the index lists them all."""

from __future__ import annotations

import re

from tests.docs.codes import collect_codes
from tests.docs.pages import DIAGNOSTICS, get_page

INDEX = get_page("docs/reference/diagnostics/README.md")


def sections() -> list[tuple[str, str]]:
    """Page and code of each section."""
    pages = [path.name for path in sorted(DIAGNOSTICS.glob("*.md")) if path.name != "README.md"]
    return [
        (name, code)
        for name in pages
        for code in re.findall(
            r"^## (.+)$", get_page(f"docs/reference/diagnostics/{name}").prose, re.MULTILINE
        )
    ]


def test_the_source_is_searched_in_every_form_in_which_codes_stand_there() -> None:
    codes = collect_codes()
    for code in (
        "cycle",
        "no-such-image",
        "unknown-input",
        "template-cost",
        "yaml-tab",
        "wrong-setting",
        "not-utf8",
        "no-gateway",
    ):
        assert code in codes
    assert len(codes) > 100


def test_every_code_has_exactly_one_section_and_every_section_a_code() -> None:
    assert sorted(code for _, code in sections()) == sorted(collect_codes())


def test_the_index_lists_every_code_once_with_its_page() -> None:
    listed = re.findall(r"^\| \[`([^`]+)`\]\(([^#)]+)#([^)]+)\) \| \S.*\|$", INDEX.text, re.MULTILINE)
    assert all(code == anchor for code, _, anchor in listed)
    assert sorted((page, code) for code, page, _ in listed) == sorted(sections())
