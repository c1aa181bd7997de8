"""The catalog: every model that seedflow knows, read from the cards and profiles that ship beside this file.

Models of a project are added by `project.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from pathlib import Path
from types import MappingProxyType

from seedflow.diagnostics.suggest import find_near
from seedflow.errors import CatalogError
from seedflow.models.card import Card, parse_card
from seedflow.models.flaws import FlawedError
from seedflow.models.model import SHIPPED, Model
from seedflow.models.profile import Price, Profile, empty_profile, find_open_roles, parse_profile

DEFAULT_MODEL = "bytedance/seedream-4.5"
"""The model of steps that name none; the only model that code names."""

_HERE = Path(__file__).parent


@dataclass(frozen=True, eq=False)
class Catalog:
    """Models by id."""

    models: Mapping[str, Model]
    default_id: str

    @property
    def ids(self) -> tuple[str, ...]:
        """The ids of all models, sorted."""
        return tuple(sorted(self.models))

    @cached_property
    def reference_fields(self) -> frozenset[str]:
        """The names under which models take images."""
        return frozenset(
            model.references_field for model in self.models.values() if model.references_field is not None
        )

    @cached_property
    def parameters(self) -> frozenset[str]:
        """The names of all parameters that some model has."""
        return frozenset(name for model in self.models.values() for name in model.parameters)

    @property
    def sorted_models(self) -> tuple[Model, ...]:
        """All models, sorted by id."""
        return tuple(self.models[name] for name in self.ids)

    def find(self, id: str) -> Model | None:  # noqa: A002 - the word of the wire and of every message
        """The model of an id, or None."""
        return self.models.get(id)

    def suggest(self, name: str) -> tuple[str, ...]:
        """The ids that somebody may have meant who wrote one that is not there: near ones, and those of that name or its start."""
        short = {one.rpartition("/")[2]: one for one in self.ids}
        near = find_near(name, self.ids) or short.get(find_near(name, short) or "")
        wanted = name.casefold().rpartition("/")[2]
        alike = [one for last, one in short.items() if wanted and last.casefold().startswith(wanted)]
        return tuple(alike) or ((near,) if near is not None else ())

    def advise(self, name: str) -> str:
        """The help for an id that is not there."""
        meant = self.suggest(name)
        if not meant:
            return f"its models are {', '.join(self.ids)}"
        quoted = [f"`{one}`" for one in meant]
        return f"did you mean {' or '.join(quoted)}?"

    def with_prices(self, prices: Mapping[str, Decimal], source: str = "settings") -> Catalog:
        """A catalog in which some models have another price per image; ids that are not in it are passed over.

        Args:
            prices: dollars for each image by model id, as `prices:` of settings says.
            source: where they were said, for people to read.
        """
        models = {
            name: replace(model, price=Price(prices[name], source)) if name in prices else model
            for name, model in self.models.items()
        }
        return Catalog(MappingProxyType(models), self.default_id)


def load_catalog(prices: Mapping[str, Decimal] | None = None) -> Catalog:
    """The catalog that ships with seedflow, with a project's own prices if it has any.

    Raises:
        CatalogError: a card or profile of it is broken.
    """
    catalog = build_catalog(_read_folder(_HERE / "cards"), _read_folder(_HERE / "profiles"), DEFAULT_MODEL)
    return catalog.with_prices(prices) if prices else catalog


def build_catalog(
    cards: Iterable[tuple[str, object]], profiles: Iterable[tuple[str, object]], default_id: str
) -> Catalog:
    """A catalog of cards and profiles, each with the name that messages call it; a profile is optional.

    Raises:
        CatalogError: one of them is broken, two are of one model, or a profile has no card.
    """
    by_id: dict[str, tuple[str, Card]] = {}
    for name, data in cards:
        card = parse_card(data, name)
        if card.id in by_id:
            raise CatalogError(f"card {name}: there is another card of {card.id}")
        by_id[card.id] = name, card
    known: dict[str, tuple[str, object]] = {}
    for name, data in profiles:
        model = data.get("model") if isinstance(data, dict) else None
        if not isinstance(model, str) or model not in by_id:
            raise CatalogError(f"profile {name}: there is no card of {model!r}")
        if model in known:
            raise CatalogError(f"profile {name}: there is another profile of {model}")
        known[model] = name, data
    if default_id not in by_id:
        raise CatalogError(f"the default model {default_id} has no card")
    models = {model: _join(*by_id[model], known.get(model)) for model in by_id}
    return Catalog(MappingProxyType(models), default_id)


def _join(card_name: str, card: Card, known: tuple[str, object] | None) -> Model:
    profile = empty_profile(card) if known is None else parse_profile(known[1], card, known[0])
    flaws = list(find_open_roles(card, None if known is None else known[1]))
    if flaws:
        raise FlawedError(f"card {card_name}", flaws)
    return build_model(card, profile)


def build_model(card: Card, profile: Profile, origin: str = SHIPPED) -> Model:
    """A model of its card and profile. The price of the profile counts before that of the card."""
    on_card = None if card.price_usd is None else Price(card.price_usd, "the model's card")
    return Model(card, profile, profile.price or on_card, origin)


def _read_folder(folder: Path) -> Iterator[tuple[str, object]]:
    for path in sorted(folder.glob("*.json")):
        try:
            yield path.name, json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise CatalogError(f"{folder.name}/{path.name} cannot be read: {error}") from error
