"""The rules of a profile: a closed set of kinds, each a few lines, over parameters that the data names."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Literal, TypeAlias, assert_never

from seedflow.diagnostics import Severity
from seedflow.images.header import MAX_PIXELS
from seedflow.models.explain import describe
from seedflow.models.problem import Problem
from seedflow.models.written import LONGEST_SIDE_PX, is_too_large, read_pixels


class RuleKind(StrEnum):
    """What a rule looks at."""

    MOST_ITEMS = "most-items"
    """A list has at most `limit` items."""
    LEAST_ITEMS = "least-items"
    """A list has at least `limit` items, when other parameters have the values of `when`."""
    MOST_WORDS = "most-words"
    """A text has at most `limit` words."""
    MOST_CHARACTERS = "most-characters"
    """A text has at most `limit` characters."""
    MOST_ITEMS_AND_IMAGES = "most-items-and-images"
    """The items of a list and the images of a set (two or more) are at most `limit` together."""
    ONE_OF = "one-of"
    """A text is one of `options`, or pixels where they may be written."""
    LEAST_PIXELS = "least-pixels"
    """Pixels that are written as a text are at least `limit` in all."""
    MOST_PIXELS = "most-pixels"
    """Pixels that are written as a text are at most `limit` in all."""
    ONLY_WITH = "only-with"
    """A parameter does something only when other parameters have the values of `needs`."""
    EXPECTS = "expects"
    """A parameter should be there when other parameters have the values of `when`."""


_TextKind: TypeAlias = Literal[
    RuleKind.MOST_WORDS,
    RuleKind.MOST_CHARACTERS,
    RuleKind.ONE_OF,
    RuleKind.LEAST_PIXELS,
    RuleKind.MOST_PIXELS,
]


@dataclass(frozen=True, slots=True)
class Rule:
    """One fact about a model as data.

    `message` and `help` may use `{count}`, `{limit}` and `{excess}` where something is counted, `{value}` (a text as it was
    given) where pixels or options are judged, and for `most-items-and-images` `{items}` and `{images}`. `or_pixels` says that `one-of` takes WIDTHxHEIGHT besides.
    `sureness` is D (official), L (recorded live), 3 (third parties) or I (inference).
    """

    kind: RuleKind
    parameter: str
    severity: Severity
    message: str
    help: str | None
    limit: int
    options: tuple[str, ...]
    or_pixels: bool
    when: Mapping[str, object]
    needs: Mapping[str, object]
    sureness: str
    source: str


@dataclass(frozen=True, slots=True)
class Judged:
    """An input as rules see it.

    `unknown` parameters are absent from `params` but will be there; when `partial`, any other may still come.
    `most_images` is how many images are asked for at most, or None when that is not settled.
    """

    params: Mapping[str, object]
    unknown: Collection[str]
    partial: bool
    most_images: int | None

    def lacks(self, name: str) -> bool:
        """Whether a parameter is absent for certain."""
        return not self.partial and name not in self.params and name not in self.unknown

    def agrees(self, values: Mapping[str, object]) -> bool:
        """Whether parameters are known to have these values."""
        return all(name in self.params and self.params[name] == value for name, value in values.items())

    def differs(self, values: Mapping[str, object]) -> bool:
        """Whether one of these parameters is known to be absent or to have another value."""
        return any(
            self.lacks(name) or (name in self.params and self.params[name] != value)
            for name, value in values.items()
        )


def apply_rules(rules: Sequence[Rule], judged: Judged) -> list[Problem]:
    """The problems that the rules find, a warning left out where an error says the same more strictly."""
    problems = [found for rule in rules for found in _apply(rule, judged)]
    if len(problems) < 2:
        return problems
    refused = {(found.code, found.path) for found in problems if found.severity is Severity.ERROR}
    return [
        found
        for found in problems
        if found.severity is Severity.ERROR or (found.code, found.path) not in refused
    ]


def _apply(rule: Rule, judged: Judged) -> Iterator[Problem]:
    if rule.when and not judged.agrees(rule.when):
        return
    name = rule.parameter
    value = judged.params.get(name)
    match rule.kind:
        case RuleKind.MOST_ITEMS:
            if isinstance(value, (list, tuple)) and len(value) > rule.limit:
                yield _problem(rule, (name,), code="too-many-values", count=len(value))
        case RuleKind.LEAST_ITEMS:
            count = len(value) if isinstance(value, (list, tuple)) else 0
            if count < rule.limit and (name in judged.params or judged.lacks(name)):
                yield _problem(rule, (next(iter(rule.when)),), code="too-few-values", count=count)
        case RuleKind.MOST_ITEMS_AND_IMAGES:
            items, images = value if isinstance(value, (list, tuple)) else (), judged.most_images
            if items and images is not None and images > 1 and len(items) + images > rule.limit:
                count = len(items) + images
                yield _problem(
                    rule, (name,), code="too-many-together", count=count, items=len(items), images=images
                )
        case RuleKind.ONLY_WITH:
            if name in judged.params and judged.differs(rule.needs):
                yield _problem(rule, (name,), code="no-effect")
        case RuleKind.EXPECTS:
            if judged.lacks(name):
                yield _problem(rule, (next(iter(rule.when)),), code="parameter-expected")
        case _:
            if isinstance(value, str):
                yield from _apply_to_text(rule, rule.kind, value)


def _apply_to_text(rule: Rule, kind: _TextKind, text: str) -> Iterator[Problem]:
    path = (rule.parameter,)
    match kind:
        case RuleKind.MOST_WORDS:
            # A word and its space take two characters, so most prompts need no splitting.
            if len(text) >= 2 * rule.limit and (count := len(text.split())) > rule.limit:
                yield _problem(rule, path, code="long-text", count=count)
        case RuleKind.MOST_CHARACTERS:
            if len(text) > rule.limit:
                yield _problem(rule, path, code="long-text", count=len(text))
        case RuleKind.ONE_OF:
            if not _is_one_of(text, rule):
                near = _find_option(text, rule)
                found = _problem(rule, path, code="wrong-value", value=text)
                if rule.or_pixels and is_too_large(text):
                    help_ = f"ask for fewer pixels: a picture has {MAX_PIXELS:,} at most, and {LONGEST_SIDE_PX:,} along a side"
                    found = replace(found, help=help_)
                yield found if near is None else replace(found, help=f"did you mean `{near}`?")
        case RuleKind.LEAST_PIXELS | RuleKind.MOST_PIXELS:
            written = read_pixels(text)
            count = 0 if written is None else written[0] * written[1]
            wrong = count < rule.limit if kind is RuleKind.LEAST_PIXELS else count > rule.limit
            if written is not None and wrong:
                yield _problem(rule, path, code="out-of-range", count=count, value=text)
        case _:
            assert_never(kind)


def _is_one_of(text: str, rule: Rule) -> bool:
    return text in rule.options or (rule.or_pixels and read_pixels(text) is not None)


def _find_option(text: str, rule: Rule) -> str | None:
    """What may have been meant: an option in other letters, or pixels with another sign between them."""
    folded = {option.casefold(): option for option in rule.options}
    plain = text.strip().casefold().replace(" ", "")
    if plain in folded:
        return folded[plain]
    others = (plain.replace(sign, "x") for sign in "x*×")
    return next((other for other in others if rule.or_pixels and read_pixels(other) is not None), None)


def _problem(
    rule: Rule,
    path: tuple[str, ...],
    *,
    code: str,
    count: int = 0,
    items: int = 0,
    images: int = 0,
    value: str = "",
) -> Problem:
    facts = {
        "value": describe(value),
        "count": f"{count:,}" if count >= 10_000 else count,
        "limit": f"{rule.limit:,}" if rule.limit >= 10_000 else rule.limit,
        "excess": abs(count - rule.limit),
        "items": items,
        "images": images,
    }
    return Problem(
        path,
        rule.message.format_map(facts),
        rule.severity,
        code,
        rule.help.format_map(facts) if rule.help is not None else None,
    )
