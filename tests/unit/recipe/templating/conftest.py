"""Templates written by hand, and what they see."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import pytest

from seedflow.diagnostics import Source
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import RenderError, Scope, Template, parse_template
from seedflow.recipe.views import View
from seedflow.text.nodes import Scalar

EVERYWHERE = frozenset({"inputs", "values", "steps", "each", "ref", "recipe", "image"})


class Marked(NamedTuple):
    """A problem: its code, the characters it points at, and its words."""

    code: str
    text: str
    message: str
    help: str | None


def scalar(text: str) -> Scalar:
    """A scalar in single quotes, in which every character but the quote stands for itself."""
    written = "'" + text.replace("'", "''") + "'"
    return Scalar(Source("recipe.yaml", written), 0, len(written), text, "'")


def image(number: int, **attributes: object) -> View:
    return View(
        "image",
        {"width": 100 * number, "height": 50, "number": number, "name": f"picture-{number}", **attributes},
    )


def resolve(mention: StepReference) -> object:
    """Every step gives three images."""
    images = [image(1), image(2), image(3)]
    if mention.collection is None:
        return View("task", {"images": images, "key": "scene=lake", "each": {"scene": "lake"}})
    if mention.index is None:
        return images
    if isinstance(mention.index, int):
        return images[mention.index]
    return images[mention.index.start : mention.index.stop : mention.index.step]


SCOPE = Scope(
    inputs={
        "hero": "fox",
        "count": 3,
        "ratio": 2.5,
        "yes": True,
        "none": None,
        "words": ["red", "green", "blue"],
        "numbers": [3, 1, 2],
        "nobody": [],
        "cast": [{"name": "Ann", "age": 40}, {"name": "Bob", "age": 7}],
        "photo": View(
            "image", {"name": "photo.jpg"}, missing={"width": "it is a URL, whose picture is not looked at"}
        ),
        "braces": "{{ inputs.hero }}",
    },
    values={"look": "in ink"},
    each={"scene": {"name": "lake", "season": "winter"}, "number": 2},
    recipe={"name": "storybook"},
    ref={
        "hero": View("reference", {"text": "image 1"}),
        "style": View("reference", {}),
        "later": View("reference", {}, missing={"text": "how many images there are is known after sheet"}),
    },
    resolve=resolve,
    image=image(7, key="scene=lake", each={"scene": "lake"}),
)


@pytest.fixture
def write() -> Callable[[str], Scalar]:
    """Makes a scalar of a text."""
    return scalar


@pytest.fixture
def scope() -> Scope:
    return SCOPE


@pytest.fixture
def parse() -> Callable[..., Template]:
    def parse_clean(text: str, roots: frozenset[str] = EVERYWHERE) -> Template:
        template, diagnostics = parse_template(scalar(text), roots=roots)
        assert diagnostics == [], text
        return template

    return parse_clean


@pytest.fixture
def render(parse: Callable[..., Template]) -> Callable[..., Any]:
    def render_clean(text: str, scope: Scope = SCOPE, *, as_text: bool = False) -> Any:
        return parse(text).render(scope, as_text=as_text)

    return render_clean


@pytest.fixture
def problems() -> Callable[..., list[Marked]]:
    def find(text: str, roots: frozenset[str] = EVERYWHERE) -> list[Marked]:
        _, diagnostics = parse_template(scalar(text), roots=roots)
        found = []
        for one in diagnostics:
            assert one.span is not None
            assert one.span.start < one.span.end
            marked = one.span.source.text[one.span.start : one.span.end].replace("''", "'")
            found.append(Marked(one.code, marked, one.message, one.help))
        return found

    return find


@pytest.fixture
def problem(problems: Callable[..., list[Marked]]) -> Callable[..., Marked]:
    def find(text: str, roots: frozenset[str] = EVERYWHERE) -> Marked:
        (only,) = problems(text, roots)
        return only

    return find


@pytest.fixture
def failure(parse: Callable[..., Template]) -> Callable[..., Marked]:
    """What rendering raises."""

    def find(text: str, scope: Scope = SCOPE, *, as_text: bool = False) -> Marked:
        with pytest.raises(RenderError) as caught:
            parse(text).render(scope, as_text=as_text)
        error = caught.value
        assert 0 <= error.start < error.end <= len(text)
        return Marked(error.code, text[error.start : error.end], error.message, error.help)

    return find
