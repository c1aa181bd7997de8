"""The pages of the documentation, taken apart: headings, links, and fences with the marks that stand before them.

A mark is an HTML comment on a line of its own right before a fence; readers do not see it. Several may stand there.

    part of: steps          the fence is a part of a recipe, and stands in this place of it (see `recipes.HOSTS`)
    causes: unknown-step    checking or planning the recipe says exactly this code
    file: fox.yaml          the fence is a file of the page's folder
    asks                    what the recipe before it asks: lines of ADDRESS, two spaces, PROMPT
    sends                   what the recipe before it sends beside the prompt: lines of ADDRESS, two spaces, KEY: VALUE, …
    publishes               the files that the recipe before it publishes, one a line
    exits: 1                the commands end with this code
    stops: SIGINT after X   the last command gets this signal once it has printed X
    faults                  the fence is a file of faults for the emulator
    needs an account        never run
    with its files          the recipe needs other files of its page; the commands of the page run it
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
DIAGNOSTICS = DOCS / "reference" / "diagnostics"

_FENCE = re.compile(
    r"^(?P<ticks>```+)(?P<language>[^\n`]*)\n(?P<text>.*?)^(?P=ticks)[ \t]*$", re.MULTILINE | re.DOTALL
)
_MARKS = re.compile(r"(?:^<!--[^\n]*-->\n+)+\Z", re.MULTILINE)
_MARK = re.compile(r"<!--\s*(.*?)\s*-->")
_LINK = re.compile(r"(?P<picture>!?)\[(?:[^\[\]]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)\)")


@dataclass(frozen=True)
class Fence:
    """One fenced block: `line` is that of its first ticks, `section` the heading above it."""

    page: Page
    line: int
    language: str
    text: str
    marks: dict[str, str]
    section: str

    @property
    def id(self) -> str:
        """`tutorial.md:12`, as an editor opens it."""
        return f"{self.page.name}:{self.line}"


@dataclass(frozen=True)
class Link:
    """One link: `target` as written."""

    page: Page
    line: int
    target: str
    is_picture: bool

    @property
    def id(self) -> str:
        """Where it stands and where it leads."""
        return f"{self.page.name}:{self.line}:{self.target}"


class Page:
    """One Markdown file. `name` is its path below the repository."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.text = path.read_text(encoding="utf-8")
        self.fences = list(self._find_fences())
        self.prose = _FENCE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), self.text)

    def __repr__(self) -> str:
        return f"Page({self.name})"

    @cached_property
    def anchors(self) -> set[str]:
        """The anchors that GitHub makes of the headings."""
        found: dict[str, int] = {}
        anchors = set()
        for heading in re.findall(r"^#{1,6} +(.+?) *#*$", self.prose, re.MULTILINE):
            text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
            plain = re.sub(r"[^\w\- ]", "", text.lower()).replace(" ", "-")
            count = found.get(plain, 0)
            found[plain] = count + 1
            anchors.add(plain if count == 0 else f"{plain}-{count}")
        return anchors

    @cached_property
    def links(self) -> list[Link]:
        """Every link and picture outside of fences and inline code."""
        prose = re.sub(r"`[^`\n]*`", lambda found: " " * len(found.group()), self.prose)
        return [
            Link(self, self.prose.count("\n", 0, found.start()) + 1, found["target"], bool(found["picture"]))
            for found in _LINK.finditer(prose)
        ]

    def section(self, title: str) -> str:
        """The text below a heading, up to the next heading of its rank or a higher one."""
        found = re.search(rf"^(#+) {re.escape(title)}$", self.prose, re.MULTILINE)
        assert found is not None, f"{self.name} has no section {title!r}"
        rest = self.text[found.end() :]
        end = re.search(rf"^#{{1,{len(found[1])}}} ", self.prose[found.end() :], re.MULTILINE)
        return rest if end is None else rest[: end.start()]

    def rows(self, title: str) -> list[list[str]]:
        """The cells of the tables of a section, without their heads."""
        lines = [line for line in self.section(title).splitlines() if line.startswith("|")]
        rows = [[cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]] for line in lines]
        rules = [number for number, row in enumerate(rows) if set("".join(row)) <= set("-: ")]
        heads = {number - 1 for number in rules}
        return [row for number, row in enumerate(rows) if number not in heads and number not in rules]

    def _find_fences(self) -> list[Fence]:
        found: list[Fence] = []
        heading, prose_from = "", 0
        for fence in _FENCE.finditer(self.text):
            before = self.text[: fence.start()]
            marks: dict[str, str] = {}
            standing = _MARKS.search(before)
            if standing is not None:
                for mark in _MARK.findall(standing.group()):
                    key, _, value = mark.partition(":")
                    marks[key.strip()] = value.strip()
            headings = re.findall(r"^#{1,6} (.+)$", self.text[prose_from : fence.start()], re.MULTILINE)
            heading, prose_from = headings[-1] if headings else heading, fence.end()
            found.append(
                Fence(
                    self,
                    before.count("\n") + 1,
                    fence["language"].strip(),
                    fence["text"],
                    marks,
                    heading,
                )
            )
        return found


@cache
def read_page(path: Path) -> Page:
    """The page of a file; it is taken apart once."""
    return Page(path)


PAGES = [read_page(path) for path in [ROOT / "README.md", *sorted(DOCS.rglob("*.md"))]]


def get_page(name: str) -> Page:
    """The page of a path below the repository."""
    return next(page for page in PAGES if page.name == name)
