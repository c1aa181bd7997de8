"""Every section of the page on tables has an example, and the recipe with its files causes its code (`tables.md`)."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.pages import Fence, get_page
from tests.docs.recipes import make_example, spell

PAGE = get_page("docs/reference/diagnostics/tables.md")
NOT_CAUSED = {"too-many-files"}
"""Their examples need more files than a test should make; held in tests/unit/recipe."""
EXAMPLES = [fence for fence in PAGE.fences if fence.language == "yaml" and fence.section not in NOT_CAUSED]


@pytest.mark.parametrize("fence", EXAMPLES, ids=[fence.section for fence in EXAMPLES])
def test_the_example_causes_its_code_and_no_other(fence: Fence, tmp_path: Path) -> None:
    for other in PAGE.fences:
        if other.section == fence.section and "file" in other.marks:
            (tmp_path / other.marks["file"]).write_text(other.text, encoding="utf-8")
    example = make_example(fence.text, tmp_path)
    found = example.check() or example.plan().diagnostics
    assert [one.code for one in found] == [fence.section], spell(found)
