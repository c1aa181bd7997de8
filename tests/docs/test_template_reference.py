"""The template reference tells the truth: its examples run, everything that may be called has one, every code has a section."""

from __future__ import annotations

import json
import re
from inspect import Parameter, signature
from pathlib import Path

import pytest
import yaml

from seedflow.diagnostics import Source
from seedflow.recipe.functions import FILTERS, FORMS, FUNCTIONS, TESTS
from seedflow.recipe.model import MOST_ATTEMPTS, MOST_TAKES
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, Skipped, parse_template
from seedflow.recipe.templating.limits import MAX_DIGITS, MAX_EXPONENT, MAX_SLUGGED_CHARACTERS
from seedflow.recipe.views import View
from seedflow.text.nodes import Scalar

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/reference/templates.md").read_text()
CODES = (ROOT / "docs/reference/diagnostics/template.md").read_text()
EXAMPLES = [
    tuple(line.rsplit(" → ", 1))
    for fence in re.findall(r"```jinja\n(.*?)```", PAGE, re.DOTALL)
    for line in fence.splitlines()
]
VALUES = yaml.safe_load(re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)[0])
FILE = re.compile(r"<!-- file: (.*?) -->\n```text\n(.*?)```", re.DOTALL)


def resolve(mention: StepReference) -> object:
    """The step `sketch` was skipped; of four images of others the last one failed."""
    if mention.step == "sketch":
        raise Skipped("sketch")
    images = [View("image", {"width": 2048, "number": number}) for number in (1, 2, 3)]
    return images[mention.index] if isinstance(mention.index, int) else images


def write_files(text: str, folder: Path) -> PartialFiles:
    """The files that a text shows, in a folder."""
    for name, content in FILE.findall(text):
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(content)
    return PartialFiles(folder, "recipe.yaml")


@pytest.mark.parametrize("example", EXAMPLES, ids=[example[0] for example in EXAMPLES])
def test_every_example_gives_what_it_says(example: tuple[str, str], tmp_path: Path) -> None:
    written, expected = example
    scalar = Scalar(Source("templates.md", written), 0, len(written), written, "|")
    files = write_files(PAGE, tmp_path)
    roots = frozenset({"inputs", "values", "steps", "each", "recipe"})
    template, diagnostics = parse_template(scalar, roots=roots, files=files)
    assert diagnostics == []
    rendered = template.render(Scope(**VALUES, resolve=resolve), as_text=True)
    assert rendered == expected.replace("\\n", "\n")


def test_everything_that_may_be_called_has_an_example() -> None:
    written = "\n".join(example[0] for example in EXAMPLES)
    assert [name for name in FILTERS if not re.search(rf"\| {name}\b", written)] == []
    assert [name for name in (*FUNCTIONS, *FORMS) if not re.search(rf"\b{name}\(", written)] == []
    shown = set(
        re.findall(
            r'\bis (?:not )?(\w+)|(?:select|selectattr\("\w+",|rejectattr\("\w+",)\("([^"]+)"', written
        )
    )
    names = {name for pair in shown for name in pair}
    assert set(TESTS) - names == set()


def test_the_table_of_filters_names_every_argument_and_default() -> None:
    rows = dict(
        re.findall(r"^\| (`[^|]*`) \| (.*?) \|$", PAGE.partition("| filter | arguments |")[2], re.MULTILINE)
    )
    told = {name: cell for names, cell in rows.items() for name in re.findall(r"`(\w+)`", names)}
    for name, callee in FILTERS.items():
        taken = list(signature(callee.apply).parameters.values())[2:]
        assert bool(taken) is (name in told), name
        written = [spell_argument(one) for one in taken if one.kind is not one.VAR_POSITIONAL]
        found = re.findall(r"`([a-z_]+(?:=[^`]*)?)`", told.get(name, ""))
        assert [one for one in found if one in written] == written, name


def spell_argument(argument: Parameter) -> str:
    if argument.default is Parameter.empty:
        return argument.name
    default = "none" if argument.default is None else json.dumps(argument.default)
    return f"{argument.name}={default}"


def codes_in_source() -> set[str]:
    files = [
        *(ROOT / "seedflow/recipe/templating").glob("*.py"),
        ROOT / "seedflow/recipe/template.py",
        ROOT / "seedflow/recipe/functions.py",
        ROOT / "seedflow/recipe/partials.py",
    ]
    return {code for file in files for code in re.findall(r'code="([a-z-]+)"', file.read_text())}


def test_every_code_has_a_section_and_every_section_a_code() -> None:
    sections = set(re.findall(r"^## ([a-z-]+)$", CODES, re.MULTILINE))
    assert codes_in_source() == sections


ROOTS = frozenset({"inputs", "values", "steps", "each", "ref", "recipe"})
RENDERED_WITH = Scope(
    **{**VALUES, "inputs": {**VALUES["inputs"], "style": None, "photo": None}},
    ref={},
)


@pytest.mark.parametrize(
    "code",
    sorted(codes_in_source() - {"template-too-large", "template-not-known", "template-absent-reference"}),
)
def test_the_example_of_each_code_causes_it(code: str, tmp_path: Path) -> None:
    section = CODES.split(f"## {code}\n", 1)[1].split("\n## ", 1)[0]
    (example,) = re.findall(r"```yaml\n(.*?)```", section, re.DOTALL)
    (written,) = yaml.safe_load(example).values()
    scalar = Scalar(Source("recipe.yaml", written), 0, len(written), written, "|")
    files = write_files(section, tmp_path)
    template, diagnostics = parse_template(scalar, roots=ROOTS, files=files)
    if diagnostics:
        assert [one.code for one in diagnostics] == [code]
        return
    with pytest.raises(RenderError) as caught:
        template.render(RENDERED_WITH)
    assert caught.value.code == code


def test_the_limits_of_numbers_are_those_that_hold() -> None:
    recipe = (ROOT / "docs/reference/recipe.md").read_text()
    for page, row, most in (
        (PAGE, "| a number as it is written, dot and exponent included | {} characters,", MAX_DIGITS),
        (PAGE, "| the second number of `**`, in size | {} |", MAX_EXPONENT),
        (PAGE, "| text that `slug` takes | {} characters |", MAX_SLUGGED_CHARACTERS),
        (recipe, "is drawn: a whole number from 1 to {},", MOST_TAKES),
        (recipe, "| `attempts` | a whole number from 1 to {};", MOST_ATTEMPTS),
    ):
        assert row.format(f"{most:,}") in page
