"""Models of a project: a folder with a card for each, `NAME.json`, and what is known beyond it, `NAME.profile.json`.

Everything that is wrong with a file is a diagnostic at its place; a model with a flaw is left out, never half known.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Final

from seedflow.diagnostics import Diagnostic, Span
from seedflow.models.card import REFERENCES, Card, find_card_flaws, read_sound_parts
from seedflow.models.catalog import Catalog, build_model
from seedflow.models.files import ModelFile, read_model_file, unusable
from seedflow.models.flaws import Flaw
from seedflow.models.model import Model
from seedflow.models.profile import empty_profile, find_open_roles, find_profile_flaws, parse_profile
from seedflow.models.shape import find_schema_flaws

CARD_SUFFIX: Final = ".json"
PROFILE_SUFFIX: Final = ".profile.json"
_MOST_FILES: Final = 500


def add_project_models(
    catalog: Catalog, folder: Path, shown: str, within: Path | None = None
) -> tuple[Catalog, list[Diagnostic]]:
    """A catalog with the models of a folder besides its own, and what is wrong with the folder's files.

    Args:
        catalog: the models that ship with seedflow; none of them can be replaced.
        folder: where the files are; its own folders are not looked into.
        shown: the folder as messages call it.
        within: the project, out of which no link among the files may lead; None where the user's own settings name
            the folder, so that links are the user's as well.
    """
    reader = _Reader(folder, shown, catalog, within)
    models = {model.id: model for model in reader.read_models()}
    joined = MappingProxyType({**catalog.models, **models})
    return Catalog(joined, catalog.default_id), reader.problems


class _Reader:
    def __init__(self, folder: Path, shown: str, shipped: Catalog, within: Path | None) -> None:
        self.problems: list[Diagnostic] = []
        self._folder = folder
        self._shown = shown
        self._shipped = shipped
        self._within = within
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
        said = None if profile_file is None else profile_file.data
        flaws = [] if card_file is None else _find_card_flaws(card_file.data)
        card = None if card_file is None else read_sound_parts(card_file.data, flaws)
        if card_file is not None and card is not None and not flaws:
            if not self._claim(card, card_file):
                return None
            if profile_name is None or profile_file is not None:
                flaws = find_open_roles(card, said)
        wrong = [] if profile_file is None else find_profile_flaws(said, card)
        if card_file is not None:
            self._report_flaws(flaws, card_file, "card")
        if profile_file is not None:
            self._report_flaws(wrong, profile_file, "profile")
        unread = profile_name is not None and profile_file is None
        if card_file is None or card is None or flaws or wrong or unread:
            return None
        profile = (
            empty_profile(card) if profile_file is None else parse_profile(said, card, profile_file.name)
        )
        return build_model(card, profile, card_file.name)

    def _claim(self, card: Card, file: ModelFile) -> bool:
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

    def _read_file(self, name: str) -> ModelFile | None:
        found = read_model_file(self._folder / name, f"{self._shown}/{name}", self._within)
        if isinstance(found, ModelFile):
            return found
        self.problems.extend(found)
        return None

    def _report_flaws(self, flaws: Sequence[Flaw], file: ModelFile, what: str) -> None:
        for flaw in flaws:
            place = ".".join(map(str, flaw.path))
            message = f"`{place}`: {flaw.message}" if place else f"the {what} cannot be used: {flaw.message}"
            self._report(message, file.span(flaw.path), flaw.help or f"correct the {what}")

    def _report(self, message: str, span: Span | None, advice: str) -> None:
        self.problems.append(unusable(message, span, advice))


def _find_card_flaws(data: object) -> list[Flaw]:
    """What is wrong with a card: first as a card, then both schemas as such, each flaw at its key."""
    flaws = list(find_card_flaws(data))
    if not isinstance(data, dict):
        return flaws
    told = {flaw.path for flaw in flaws}
    # To compile a schema that points elsewhere would be to look there.
    pointing = {path[0] for path in told if path[-1:] and path[-1] in REFERENCES}
    for part in ("input", "output"):
        if isinstance(schema := data.get(part), dict) and part not in pointing:
            flaws += (flaw for flaw in find_schema_flaws(schema, (part,)) if flaw.path not in told)
    return flaws
