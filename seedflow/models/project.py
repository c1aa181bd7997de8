"""Models of a project: a folder with a card for each, `NAME.json`, and what is known beyond it, `NAME.profile.json`.

Everything that is wrong with a file is a diagnostic at its place; a model with a flaw is left out, never half known.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Final, NoReturn

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.models.card import Card, parse_card
from seedflow.models.catalog import Catalog, build_model
from seedflow.models.flaws import Flaw, FlawedError
from seedflow.models.model import Model
from seedflow.models.places import find_place
from seedflow.models.profile import empty_profile, parse_profile

CARD_SUFFIX: Final = ".json"
PROFILE_SUFFIX: Final = ".profile.json"
MOST_BYTES: Final = 1024 * 1024
_MOST_FILES: Final = 500
_MOST_LEVELS: Final = 64


@dataclass(frozen=True, slots=True)
class _File:
    """A file of the folder that could be read: what messages call it, its text and what it says."""

    source: Source
    data: object

    @property
    def name(self) -> str:
        return self.source.name

    def span(self, path: tuple[str | int, ...]) -> Span:
        return Span(self.source, *find_place(self.source.text, path))


def add_project_models(catalog: Catalog, folder: Path, shown: str) -> tuple[Catalog, list[Diagnostic]]:
    """A catalog with the models of a folder besides its own, and what is wrong with the folder's files.

    Args:
        catalog: the models that ship with seedflow; none of them can be replaced.
        folder: where the files are; its own folders are not looked into.
        shown: the folder as messages call it.
    """
    reader = _Reader(folder, shown, catalog)
    models = {model.id: model for model in reader.read_models()}
    joined = MappingProxyType({**catalog.models, **models})
    return Catalog(joined, catalog.default_id), reader.problems


class _Reader:
    def __init__(self, folder: Path, shown: str, shipped: Catalog) -> None:
        self.problems: list[Diagnostic] = []
        self._folder = folder
        self._shown = shown
        self._shipped = shipped
        self._known: dict[str, Span] = {}

    def read_models(self) -> Iterator[Model]:
        names = self._list_names()
        for name in names:
            if name.endswith(PROFILE_SUFFIX):
                card_name = name.removesuffix(PROFILE_SUFFIX) + CARD_SUFFIX
                if card_name not in names:
                    self._report(
                        f"{self._shown}/{name} has no card: there is no {card_name} beside it",
                        None,
                        f"add the model's card as {card_name}, or remove the profile",
                    )
                continue
            profile_name = name.removesuffix(CARD_SUFFIX) + PROFILE_SUFFIX
            model = self._read_model(name, profile_name if profile_name in names else None)
            if model is not None:
                yield model

    def _list_names(self) -> list[str]:
        try:
            names = sorted(
                path.name
                for path in self._folder.iterdir()
                if path.name.endswith(CARD_SUFFIX) and not path.name.startswith(".")
            )
        except OSError as error:
            self._report(
                f"the models' folder {self._shown} cannot be read: {error.strerror}",
                None,
                "make it readable, or take `models` out of the settings",
            )
            return []
        if len(names) > _MOST_FILES:
            self._report(
                f"{self._shown} has {len(names):,} files that end with {CARD_SUFFIX}, and at most {_MOST_FILES} are read",
                None,
                "let `models` name a folder that holds cards and profiles only",
            )
            return []
        return names

    def _read_model(self, name: str, profile_name: str | None) -> Model | None:
        card_file = self._read_file(name)
        profile_file = self._read_file(profile_name) if profile_name is not None else None
        if card_file is None:
            return None
        try:
            card = parse_card(card_file.data, card_file.name)
            _compile(card)
        except FlawedError as error:
            self._report_flaws(error.flaws, card_file, "card")
            return None
        if not self._claim(card, card_file) or (profile_name is not None and profile_file is None):
            return None
        if profile_file is None:
            return build_model(card, empty_profile(card), card_file.name)
        try:
            profile = parse_profile(profile_file.data, card, profile_file.name)
        except FlawedError as error:
            self._report_flaws(error.flaws, profile_file, "profile")
            return None
        return build_model(card, profile, card_file.name)

    def _claim(self, card: Card, file: _File) -> bool:
        """Whether the id is still free. Who reads a recipe must be able to rely on what a model's name means."""
        span = file.span(("model",))
        if self._shipped.find(card.id) is not None:
            self.problems.append(
                Diagnostic(
                    "model-taken",
                    f"`{card.id}` ships with seedflow, and a project's card does not replace it",
                    span,
                    help="remove the file; another price stands under `prices` in the settings",
                )
            )
            return False
        if card.id in self._known:
            self.problems.append(
                Diagnostic(
                    "model-taken",
                    f"`{card.id}` is the model of {self._known[card.id]} already",
                    span,
                    help="keep one of the two files",
                )
            )
            return False
        self._known[card.id] = span
        return True

    def _read_file(self, name: str) -> _File | None:
        path, shown = self._folder / name, f"{self._shown}/{name}"
        try:
            if not path.is_file():
                self._report(f"{shown} is not a file", None, "remove it, or give it another name")
                return None
            with path.open("rb") as file:
                raw = file.read(MOST_BYTES + 1)
        except OSError as error:
            self._report(f"{shown} cannot be read: {error.strerror}", None, "make it readable, or remove it")
            return None
        if len(raw) > MOST_BYTES:
            self._report(f"{shown} is larger than 1 MiB", None, "a card holds two JSON Schemas and no more")
            return None
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError:
            self._report(f"{shown} is not UTF-8", None, "save it as UTF-8")
            return None
        source = Source(shown, text)
        try:
            data = json.loads(text, object_pairs_hook=_build_object, parse_constant=_refuse_constant)
            if not _is_shallow(data):
                raise RecursionError
            return _File(source, data)
        except json.JSONDecodeError as error:
            end = min(error.pos + 1, max(error.pos, len(text)))
            what = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
            self._report(what, Span(source, error.pos, end), "correct it; JSON has no comments")
        except (ValueError, RecursionError) as error:
            reason = (
                f"it is nested more than {_MOST_LEVELS} levels deep"
                if isinstance(error, RecursionError)
                else str(error)
            )
            self._report(f"{shown} cannot be used: {reason}", None, "correct it")
        return None

    def _report_flaws(self, flaws: tuple[Flaw, ...], file: _File, what: str) -> None:
        for flaw in flaws:
            place = ".".join(map(str, flaw.path))
            message = f"`{place}`: {flaw.message}" if place else f"the {what} cannot be used: {flaw.message}"
            self._report(message, file.span(flaw.path), f"correct the {what}")

    def _report(self, message: str, span: Span | None, advice: str) -> None:
        self.problems.append(Diagnostic("unusable-model", message, span, help=advice))


def _compile(card: Card) -> None:
    """Compile both schemas now, while it is known which file they are of.

    Raises:
        FlawedError: one of them is not a JSON Schema.
    """
    _ = card.input_validator, card.output_validator


def _is_shallow(data: object) -> bool:
    """Whether lists and objects are nested at most 64 levels deep, as everywhere."""
    level = [data]
    for _ in range(_MOST_LEVELS + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False


def _build_object(pairs: list[tuple[str, object]]) -> Mapping[str, object]:
    found: dict[str, object] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"the key {name!r} stands there twice in one object")
        found[name] = value
    return found


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")
