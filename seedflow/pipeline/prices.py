"""Prices of the settings into the catalog: those that count, and what is said of the others."""

from __future__ import annotations

from types import MappingProxyType

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.models.catalog import Catalog
from seedflow.models.model import SHIPPED, Model
from seedflow.money import format_usd
from seedflow.settings.model import Settings
from seedflow.settings.origin import Layer
from seedflow.settings.prices import SetPrice, explain_lower


def set_prices(settings: Settings, catalog: Catalog) -> tuple[Settings, Catalog, list[Diagnostic]]:
    """The settings with the prices that count, a catalog that has them, and a warning for each other.

    A project's price never goes below one that the catalog vouches for, or the user: a project may have been cloned from somebody
    else, and budgets and consent go by prices. A price of no model is passed over.
    """
    taken, problems = dict(settings.prices), list[Diagnostic]()
    for name, price in settings.prices.items():
        model = catalog.find(name)
        if model is None:
            problems.extend(_doubt(name, price, catalog))
        elif _is_too_low(price, model, settings) and model.price is not None:
            del taken[name]
            than = f"the {format_usd(model.price.usd)} of {_name_source(model)}"
            problems.append(explain_lower(name, price, than))
    settings = settings.with_prices(MappingProxyType(taken))
    return settings, catalog.with_prices({name: price.usd for name, price in taken.items()}), problems


def _is_too_low(price: SetPrice, model: Model, settings: Settings) -> bool:
    """Whether a project alone says less than is known. What its own card says is its own word as well."""
    vouched = model.origin == SHIPPED or settings.trusts_models
    return vouched and not price.own and model.price is not None and price.usd < model.price.usd


def _name_source(model: Model) -> str:
    return "seedflow's catalog" if model.origin == SHIPPED else model.origin


def _doubt(name: str, price: SetPrice, catalog: Catalog) -> list[Diagnostic]:
    """A price of a model that there is not. The user's own file may name models of other projects, unless it is a slip."""
    meant = catalog.suggest(name)
    if price.origin.layer is Layer.USER and not meant:
        return []
    return [
        Diagnostic(
            "price-of-no-model",
            f"there is no model `{name}` that this price could be of",
            price.key,
            severity=Severity.WARNING,
            help=catalog.advise(name),
        )
    ]
