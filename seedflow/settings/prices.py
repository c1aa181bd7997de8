"""What settings say that a model costs, and whose word counts: no project makes cheaper what its user pays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.money import format_usd
from seedflow.settings.origin import Found, Origin

_PREFIX: Final = "prices."


@dataclass(frozen=True, slots=True)
class SetPrice:
    """USD for an image of a model, and where it was said.

    Attributes:
        usd: the amount.
        origin: the file that says it.
        own: whether it is at least what the user's own settings say, so that it counts whatever else is known.
        key: where the model's name stands.
        span: where the amount stands.
    """

    usd: Decimal
    origin: Origin
    own: bool
    key: Span | None = None
    span: Span | None = None


def settle_prices(
    project: Mapping[str, Found], user: Mapping[str, Found]
) -> tuple[Mapping[str, SetPrice], list[Diagnostic]]:
    """The price of each model that one of the two files names: of both the higher one; and each that was not taken."""
    theirs, prices = _read(project, own=False), _read(user, own=True)
    problems = []
    for model, price in theirs.items():
        mine = prices.get(model)
        if mine is None:
            prices[model] = price
        elif price.usd > mine.usd:
            prices[model] = SetPrice(price.usd, price.origin, own=True, key=price.key, span=price.span)
        elif price.usd < mine.usd:
            problems.append(explain_lower(model, price, f"the {format_usd(mine.usd)} of your own settings"))
    return MappingProxyType(dict(sorted(prices.items()))), problems


def explain_lower(model: str, price: SetPrice, than: str) -> Diagnostic:
    """That a project's price is lower than what counts, and who may say so."""
    return Diagnostic(
        "price-not-taken",
        f"the project says that an image of `{model}` costs {format_usd(price.usd)}, less than {than}; it is not taken, "
        "since budgets and what you are asked go by it",
        price.span,
        severity=Severity.WARNING,
        help=f"if it is right, put `prices: {{{model}: {price.usd:f}}}` into your own config.yaml (`seedflow doctor` says where "
        "that is), else take it out",
    )


def _read(values: Mapping[str, Found], *, own: bool) -> dict[str, SetPrice]:
    return {
        path.removeprefix(_PREFIX): SetPrice(found.value, found.origin, own, found.key, found.span)
        for path, found in values.items()
        if path.startswith(_PREFIX) and isinstance(found.value, Decimal)
    }
