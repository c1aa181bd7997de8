"""What all recipes of one invocation share."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from seedflow.models.catalog import Catalog, load_catalog
from seedflow.providers.registry import ProviderFacts, describe_provider
from seedflow.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Session:
    """Settings and catalog. `folder` is where paths on the command line start."""

    settings: Settings
    catalog: Catalog
    folder: Path

    @property
    def provider(self) -> ProviderFacts:
        """Who would be asked.

        Raises:
            UsageError: the settings do not say enough to ask anybody.
        """
        return describe_provider(self.settings.provider, cloudflare=self.settings.cloudflare)


def open_session(settings: Settings, folder: Path) -> Session:
    """A session with the shipped catalog and the settings' prices."""
    return Session(settings, load_catalog(settings.prices), folder)
