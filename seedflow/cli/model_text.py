"""A model as `models` and `doctor` show it: the same data for people and as JSON."""

from __future__ import annotations

from seedflow.models.model import Model
from seedflow.money import format_usd, to_json_usd
from seedflow.pipeline.session import Session
from seedflow.settings.model import Settings

NO_PRICE = "no price known; refused where it costs money until prices: has one"


def describe_model(model: Model, session: Session) -> dict[str, object]:
    """Everything that is known of a model in short, as plain data."""
    price = model.price
    found: dict[str, object] = {
        "id": model.id,
        "default": model.id == session.catalog.default_id,
        "origin": model.origin,
        "price_usd": None if price is None else to_json_usd(price.usd),
        "price_source": None if price is None else spell_source(model, session.settings),
    }
    if price is not None and price.by is not None:
        found["price_by"] = price.by
        found["prices_usd"] = {value: to_json_usd(usd) for value, usd in price.usd_by_value.items()}
    return {
        **found,
        "references": None
        if model.references_field is None
        else {"parameter": model.references_field, "at_most": model.max_references},
        "images": list(model.image_bounds({}, unknown=tuple(model.parameters))),
        "formats": [found.value for found in model.output_formats],
        "parameters": list(model.parameters),
        "required": list(model.required),
        "profile": model.profile.version or None,
    }


def spell_price(model: Model, session: Session) -> str:
    """What an image costs and who says so."""
    if model.price is None:
        return NO_PRICE
    return f"{spell_amount(model)} an image; {spell_source(model, session.settings)}"


def spell_amount(model: Model) -> str:
    """Dollars for an image: one amount, or the span of those that a parameter decides."""
    price = model.price
    if price is None:
        return "no price"
    if price.by is None or price.least_usd == price.usd:
        return format_usd(price.usd)
    return f"{format_usd(price.least_usd)}–{format_usd(price.usd).lstrip('$')} by {price.by}"


def spell_references(model: Model) -> str:
    """The parameter that takes images, and how many."""
    if model.references_field is None:
        return "takes no references"
    most = model.max_references
    limit = "any number of" if most is None else f"at most {most}"
    return f"{limit} reference{'' if most == 1 else 's'} in {model.references_field}"


def spell_images(model: Model) -> str:
    """How many images a request may give."""
    _, most = model.image_bounds({}, unknown=tuple(model.parameters))
    return "one image a request" if most == 1 else f"sets of up to {most} images"


def spell_source(model: Model, settings: Settings) -> str:
    """Who says a price: the settings with the place in them, the model's card, or what its profile names."""
    origin = settings.origins.get(f"prices.{model.id}")
    if origin is not None:
        return f"from {origin}"
    if model.price is None:
        return ""
    as_of = f", as of {model.price.as_of}" if model.price.as_of else ""
    return f"{model.price.source}{as_of}"
