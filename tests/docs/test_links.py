"""Links lead somewhere: pages, headings, and pictures."""

from __future__ import annotations

import pytest

from tests.docs.pages import DOCS, PAGES, ROOT, Link, read_page

LINKS = [
    link
    for page in PAGES
    for link in page.links
    if not link.target.startswith(("https://", "http://", "mailto:"))
]


@pytest.mark.parametrize("link", LINKS, ids=[link.id for link in LINKS])
def test_a_link_leads_to_something_that_is_there(link: Link) -> None:
    path, _, anchor = link.target.partition("#")
    target = (link.page.path.parent / path).resolve() if path else link.page.path
    assert target.is_relative_to(ROOT), f"{link.id} leads out of the repository"
    assert target.is_file(), f"{link.id}: there is no {target.relative_to(ROOT)}"
    if anchor:
        assert anchor in read_page(target).anchors, f"{link.id}: {target.name} has no heading for #{anchor}"


def test_every_page_can_be_reached_from_the_readme() -> None:
    reached = {ROOT / "README.md"}
    waiting = list(reached)
    while waiting:
        page = read_page(waiting.pop())
        for link in page.links:
            target = (page.path.parent / link.target.partition("#")[0]).resolve()
            if target.suffix == ".md" and target not in reached and target.is_file():
                reached.add(target)
                waiting.append(target)
    assert {page.name for page in PAGES if page.path not in reached} == set()


def test_links_that_leave_are_few_and_secure() -> None:
    leaving = {link.target for page in PAGES for link in page.links} - {link.target for link in LINKS}
    assert all(target.startswith("https://") for target in leaving)
    assert DOCS.is_dir()
