"""The kinds of step and the options that go with each: the table of the language, and a step's one kind."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic, Related
from seedflow.recipe.leaves import is_nothing, quote
from seedflow.text.nodes import Entry, Mapping

_FOR_ALL = frozenset({"for_each", "when", "needs", "description", "tags", "was"})

OPTIONS_BY_KIND = {
    "generate": _FOR_ALL | {"takes", "expect", "iterate"},
    "transform": _FOR_ALL,
    "choose": _FOR_ALL,
    "recipe": _FOR_ALL | {"with"},
}
"""The options that a step of each kind may have."""

_ALL_OPTIONS = frozenset[str]().union(*OPTIONS_BY_KIND.values())


def check_kinds(steps: Mapping) -> Iterator[tuple[str, str | None, Diagnostic]]:
    """Names of steps, and what is wrong with their kinds: none, several, or an option, which is named, that does not go with the kind."""
    for entry in steps:
        if isinstance(entry.value, Mapping) and not entry.key.value.startswith("x-"):
            found = list(_check_step(entry, entry.value))
            yield from ((entry.key.value, None, one) for one in found)
            if not found:
                for option, wrong in _check_options(entry.value):
                    yield entry.key.value, option, wrong


def _check_step(step: Entry, block: Mapping) -> Iterator[Diagnostic]:
    named = [entry for entry in block if entry.key.value in OPTIONS_BY_KIND]
    kinds = [entry for entry in named if not is_nothing(entry.value)]
    if named and not kinds:
        kind = named[0].key.value
        yield Diagnostic(
            "no-kind",
            f"step {quote(step.key.value)} says nothing to do: nothing stands behind `{kind}`",
            named[0].key.span,
            help=f"write behind `{kind}` what to do, or take the step out",
        )
        return
    if not kinds:
        yield Diagnostic(
            "no-kind",
            f"step {quote(step.key.value)} says nothing to do; expected `generate` or `recipe`",
            step.key.span,
            help="add `generate:` with the parameters of the model, or `recipe:` with what to use",
        )
        return
    first, *others = kinds
    for other in others:
        yield Diagnostic(
            "several-kinds",
            f"step {quote(step.key.value)} is both `{first.key.value}` and `{other.key.value}`; a step has exactly one kind",
            other.key.span,
            help="make two steps of it",
            related=(Related(first.key.span, "the first kind stands here"),),
        )


def _check_options(block: Mapping) -> Iterator[tuple[str, Diagnostic]]:
    """The options of a step of one kind that do not go with it."""
    kind = next(
        entry.key.value
        for entry in block
        if entry.key.value in OPTIONS_BY_KIND and not is_nothing(entry.value)
    )
    for entry in block:
        option = entry.key.value
        if option in _ALL_OPTIONS and option not in OPTIONS_BY_KIND[kind] and not is_nothing(entry.value):
            homes = [f"`{name}`" for name, options in OPTIONS_BY_KIND.items() if option in options]
            yield (
                option,
                Diagnostic(
                    "option-not-for-kind",
                    f"`{option}` does not go with `{kind}`, only with {' and '.join(homes)}",
                    entry.key.span,
                    help=f"take `{option}` out",
                ),
            )
