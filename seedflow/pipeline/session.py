"""What all recipes of one invocation share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.errors import UsageError
from seedflow.models.catalog import Catalog, load_catalog
from seedflow.models.project import add_project_models
from seedflow.pipeline.prices import set_prices
from seedflow.providers.registry import ProviderFacts, describe_provider
from seedflow.settings.load import shorten_path
from seedflow.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """Settings and catalog. `folder` is where paths on the command line start.

    `model_problems` is what is wrong with the model files of the project, and with prices; a model with an error is not in
    the catalog. Of the prices in the settings, those are left that count.
    """

    settings: Settings
    catalog: Catalog
    folder: Path
    model_problems: tuple[Diagnostic, ...] = ()

    @property
    def provider(self) -> ProviderFacts:
        """Who would be asked.

        Raises:
            UsageError: the settings do not say enough to ask anybody.
        """
        return describe_provider(self.settings.provider, cloudflare=self.settings.cloudflare)


def open_session(settings: Settings, folder: Path) -> Session:
    """A session with the shipped catalog, the models of the settings' folder, and the settings' prices."""
    catalog, problems = load_catalog(), list[Diagnostic]()
    if settings.models_folder is not None:
        shown = shorten_path(settings.models_folder, folder)
        within = None if settings.trusts_models else settings.folder
        catalog, problems = add_project_models(catalog, settings.models_folder, shown, within)
    settings, catalog, low = set_prices(settings, catalog)
    if has_errors(problems):
        low = [
            one for one in low if one.code != "price-of-no-model"
        ]  # the model may be the one that is broken
    return Session(settings, catalog, folder, (*problems, *low))


def refuse_broken_models(session: Session) -> None:
    """Stop where a model file has errors or cannot be found: half a catalog would call good recipes wrong, and wrong ones good.

    Raises:
        UsageError: one has, or `models` in the settings names no folder.
    """
    if session.settings.models_unknown:
        raise UsageError(
            "`models` in the settings names no folder, so the project's models are not known and nothing is done",
            help="correct it, or take it out of the settings",
        )
    if has_errors(session.model_problems):
        raise UsageError(
            "the project's model files have errors, so nothing is done",
            help="correct them, or take `models` out of the settings",
        )
