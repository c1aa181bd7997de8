"""One rendering: the values in scope, the work that is left, and how values become text."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Final

from seedflow.recipe.references import StepReference
from seedflow.recipe.templating.limits import (
    MAX_CALLS,
    MAX_ITEMS,
    MAX_NESTING,
    MAX_TEXT_CHARACTERS,
    MAX_WORK,
)
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.views import View, is_absent

_NOTHING: Final[Mapping[str, object]] = MappingProxyType({})
_LARGEST_WITHOUT_EXPONENT: Final = 1e16
_WRITTEN_DIGITS: Final = 15
_MAX_PRINTED_BITS: Final = 1_000


class Missing:
    """The value of a look-up that found nothing; only `default` and `is defined` accept it."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "MISSING"


MISSING: Final = Missing()


def _refuse_steps(mention: StepReference) -> object:
    raise Refusal(
        code="template-undefined",
        message=f"the results of step `{mention.step}` are not there to be looked at",
        help="use inputs and values here",
    )


@dataclass(frozen=True, slots=True)
class Scope:
    """The values that a template may look at: plain data and views.

    `resolve` gives the value of a step mention: a list of image views, one image view, a task view and so on; what it
    raises passes through. `ref` is there in prompts with named references, `image` in an output's `file`, `prev` in a step with
    `iterate`. `inputs` and `values` may be lazy: what their `get` raises passes through.
    """

    inputs: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    values: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    each: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    recipe: Mapping[str, object] = field(default_factory=lambda: _NOTHING)
    ref: Mapping[str, View] | None = None
    resolve: Callable[[StepReference], object] = _refuse_steps
    image: View | None = None
    prev: View | None = None

    def root(self, name: str) -> Mapping[str, object]:
        """What stands behind `inputs`, `values`, `each`, `recipe` or `ref`."""
        found: Mapping[str, object] | None = getattr(self, name)
        return _NOTHING if found is None else found


class Rendering:
    """The state of one rendering.

    `slots` are the variables of the text that is being written, which is the template itself or a file that it includes;
    `work` is what may still be spent, `calls` how many macros and files are being written within each other. Collections of
    which all was skipped are empty as long as it `goes_on`, since there is something else beside them.
    """

    __slots__ = ("calls", "finish", "goes_on", "printed", "scope", "slots", "work")

    def __init__(self, scope: Scope, slots: int, finish: Callable[[str], str] | None) -> None:
        self.scope = scope
        self.slots: list[object] = [MISSING] * slots
        self.finish = finish
        self.printed = 0
        self.work = MAX_WORK
        self.calls = 0
        self.goes_on = False

    def spend(self, work: int) -> None:
        """Pay for work before doing it.

        Raises:
            Refusal: there is not that much left.
        """
        self.work -= work
        if self.work < 0:
            raise Refusal(
                code="template-cost",
                message="this template does too much work",
                help="loop over fewer items, or prepare parts of the text under `values:`",
            )

    def begin_call(self, work: int) -> None:
        """Pay for a macro or file before it is written; whoever did so calls `end_call` afterwards.

        Raises:
            Refusal: too many are being written within each other, or too much work.
        """
        if self.calls >= MAX_CALLS:
            raise Refusal(
                code="template-too-deep",
                message=f"more than {MAX_CALLS} macros and files are written within each other",
                help="call fewer macros from other macros",
            )
        self.spend(work)
        self.calls += 1

    def end_call(self) -> None:
        """The macro or file is written."""
        self.calls -= 1

    def check_length(self, characters: int) -> None:
        """Pay for a text of that length before it is made.

        Raises:
            Refusal: it is too long, or too much work.
        """
        if characters > MAX_TEXT_CHARACTERS:
            raise Refusal(
                code="template-cost",
                message=f"this makes a text of more than {MAX_TEXT_CHARACTERS:,} characters",
                help="make the text shorter",
            )
        self.spend(characters >> 3)

    def check_items(self, items: int) -> None:
        """Pay for a list of that length before it is made.

        Raises:
            Refusal: it is too long, or too much work.
        """
        if items > MAX_ITEMS:
            raise Refusal(
                code="template-cost",
                message=f"this makes a list of more than {MAX_ITEMS:,} items",
                help="make the list shorter",
            )
        self.spend(items)

    def weigh(self, value: object, depth: int = 0) -> None:
        """Pay for every item in a value, at every level: lists that hold lists twice grow with each round.

        Raises:
            Refusal: it is too large or too deep.
        """
        items = (
            value.values()
            if isinstance(value, Mapping)
            else value
            if isinstance(value, list | tuple)
            else None
        )
        if items is None:
            return
        if depth >= MAX_NESTING:
            raise Refusal(
                code="template-cost",
                message=f"lists stand more than {MAX_NESTING} deep in each other",
                help="make the list flat",
            )
        self.spend(len(items))
        for item in items:
            self.weigh(item, depth + 1)

    def print_value(self, value: object, out: list[str]) -> None:
        """Add a value to the rendered text.

        Raises:
            Refusal: it has no text, or there is too much of it.
        """
        text = value if type(value) is str else to_text(value)
        self.add_text(self.finish(text) if self.finish is not None else text, out)

    def add_text(self, text: str, out: list[str]) -> None:
        """Add text as it is; stops as soon as there is too much of it.

        Raises:
            Refusal: there is too much of it.
        """
        self.printed += len(text)
        if self.printed > MAX_TEXT_CHARACTERS:
            self.check_length(self.printed)
        self.spend(len(text) >> 3)
        out.append(text)


def to_text(value: object) -> str:
    """The text of a scalar: booleans as `true` and `false`, numbers in their shortest form, fractions with 15 digits at most.

    Raises:
        Refusal: it is not a scalar.
    """
    match value:
        case str():
            return value
        case bool():
            return "true" if value else "false"
        case int():
            return _integer_text(value)
        case float():
            return _float_text(value)
        case View(kind="reference"):
            return _reference_text(value)
        case _:
            raise _refuse_text(value)


def is_true(value: object) -> bool:
    """Whether a test holds: not for false, 0, empty text, empty lists, none and a reference that is absent."""
    return not is_absent(value) if isinstance(value, View) else bool(value)


def describe(value: object) -> str:
    """What a value is, in the words of the language, with its article."""
    match value:
        case None:
            return "none"
        case bool():
            return "a boolean"
        case int() | float():
            return "a number"
        case str():
            return "text"
        case Mapping():
            return "a record"
        case View():
            return "an image" if value.kind == "image" else f"a {value.kind}"
        case list() | tuple():
            return "a list"
        case _:
            return "missing"


def _integer_text(value: int) -> str:
    if value.bit_length() > _MAX_PRINTED_BITS:
        raise Refusal(
            code="template-number",
            message="this number is too large to be written",
            help="use a smaller number",
        )
    return str(value)


def _float_text(value: float) -> str:
    if not math.isfinite(value):
        raise Refusal(
            code="template-number", message="this is not a finite number", help="use a finite number"
        )
    if value.is_integer() and abs(value) < _LARGEST_WITHOUT_EXPONENT:
        return str(int(value))
    # Arithmetic of binary fractions is off in the 16th digit: a price of 19.95 * 3 is meant to be read as 59.85.
    return f"{value:.{_WRITTEN_DIGITS}g}" if abs(value) < _LARGEST_WITHOUT_EXPONENT / 10 else repr(value)


def _reference_text(view: View) -> str:
    text = view.attributes.get("text")
    if isinstance(text, str):
        return text
    if view.missing and "text" in view.missing:
        raise Refusal(
            code="template-not-known",
            message=f"how to call this reference is not known: {view.missing['text']}",
        )
    raise Refusal(
        code="template-absent-reference",
        message="this reference is absent, so there is nothing to print",
        help="put it into a test: `{% if ref.NAME %}…{% endif %}`",
    )


def _refuse_text(value: object) -> Refusal:
    if value is None:
        return Refusal(
            code="template-none-in-text",
            message="this is none, which has no text",
            help='test it first, `{% if … %}…{% endif %}`, or give a text to use instead, `… | default("")`',
        )
    return Refusal(
        code="template-not-text",
        message=f"this is {describe(value)}, which has no text",
        help=_TEXT_HELP.get(describe(value), "print a single value"),
    )


_TEXT_HELP: Final = {
    "a list": 'join its items, `… | join(", ")`; for images, name them under the references field and print `{{ ref.NAME }}`',
    "a record": "print one of its columns, `….COLUMN`",
    "an image": "name it under the references field and print `{{ ref.NAME }}`",
    "a task": "print one of its attributes, such as `….key`",
}
