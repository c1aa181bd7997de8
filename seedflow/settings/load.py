"""All layers to one `Settings`: command line before environment before project before user before default."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Final, TypeVar

import platformdirs

from seedflow.errors import UsageError
from seedflow.providers.options import (
    CLOUDFLARE_BASE_URL,
    CONNECT_TIMEOUT_S,
    LOG_TIMEOUT_S,
    READ_TIMEOUT_S,
    TOTAL_TIMEOUT_S,
    BaseUrl,
)
from seedflow.providers.registry import PROVIDERS
from seedflow.providers.secrets import Secret
from seedflow.providers.upload import LINK_LIFETIME_S
from seedflow.settings.environment import read_environment
from seedflow.settings.files import (
    STATE_FOLDER,
    USER_FILE,
    FileValues,
    find_project,
    read_project_file,
    read_user_file,
)
from seedflow.settings.keys import BUDGET_SCOPES
from seedflow.settings.model import Settings
from seedflow.settings.origin import Found, Layer, Origin
from seedflow.settings.prices import settle_prices
from seedflow.store.base import Budget

DEFAULT_CONCURRENCY: Final = 16
DEFAULT_OUTPUTS: Final = "outputs"

T = TypeVar("T")


def load_settings(
    folder: Path,
    *,
    provider: str | None = None,
    environment: Mapping[str, str] | None = None,
    user_file: Path | None = None,
) -> Settings:
    """Read every layer.

    Problems in files are in `Settings.diagnostics`. Budgets combine by the smallest, prices by the highest.

    Args:
        folder: the current folder, where the search for the project starts.
        provider: `--provider`, if it was given.
        environment: instead of the process's own.
        user_file: instead of the user's own `config.yaml`.

    Raises:
        UsageError: the command line or a variable of the environment cannot be used.
    """
    folder = folder.absolute()
    if provider is not None and provider not in PROVIDERS:
        raise UsageError(f"there is no provider `{provider}`", help=f"choose one of: {', '.join(PROVIDERS)}")
    variables = read_environment(os.environ if environment is None else environment, folder)
    project_folder, project_file = find_project(folder)
    project = (
        FileValues()
        if project_file is None
        else read_project_file(project_file, shorten_path(project_file, folder))
    )
    user_path = user_file or platformdirs.user_config_path("seedflow", appauthor=False) / USER_FILE
    user = read_user_file(user_path, str(user_path))
    given = (
        {}
        if provider is None
        else {"provider.name": Found(provider, Origin(Layer.COMMAND_LINE, "--provider"))}
    )
    merged = _Merged((given, variables, project.values, user.values))
    budgets = merged.find_budgets((project.values, user.values))
    prices, low_prices = settle_prices(project.values, user.values)
    merged.origins.update({f"prices.{model}": price.origin for model, price in prices.items()})
    return Settings(
        folder=project_folder,
        project_file=project_file,
        user_file=user_path,
        state_folder=merged.get("state.folder", Path, project_folder / STATE_FOLDER),
        outputs_folder=merged.get("outputs.folder", Path, project_folder / DEFAULT_OUTPUTS),
        models_folder=merged.find("models", Path),
        models_unknown="models" not in merged.origins
        and any("models" in file.unusable for file in (project, user)),
        provider_name=merged.find("provider.name", str),
        account_id=merged.find("provider.account_id", str),
        api_token=merged.find("provider.api_token", Secret),
        gateway=merged.find("provider.gateway", str),
        base_url=merged.get("provider.base_url", BaseUrl, CLOUDFLARE_BASE_URL),
        connect_timeout_s=merged.get("provider.timeouts.connect_s", float, CONNECT_TIMEOUT_S),
        read_timeout_s=merged.get("provider.timeouts.read_s", float, READ_TIMEOUT_S),
        total_timeout_s=merged.get("provider.timeouts.total_s", float, TOTAL_TIMEOUT_S),
        log_timeout_s=merged.get("provider.timeouts.log_s", float, LOG_TIMEOUT_S),
        concurrency=merged.get("provider.concurrency", int, DEFAULT_CONCURRENCY),
        calls_per_minute=merged.find("provider.calls_per_minute", int),
        references=merged.get("references", str, "auto"),
        upload_endpoint=merged.find("upload.endpoint", BaseUrl),
        upload_bucket=merged.find("upload.bucket", str),
        upload_region=merged.get("upload.region", str, "auto"),
        upload_access_key_id=merged.find("upload.access_key_id", str),
        upload_secret_access_key=merged.find("upload.secret_access_key", Secret),
        upload_prefix=merged.get("upload.prefix", str, "seedflow"),
        upload_link_lifetime_s=merged.get("upload.link_lifetime_s", float, LINK_LIFETIME_S),
        budgets=budgets,
        prices=prices,
        ca_file=merged.find("provider.ca_file", Path),
        origins=MappingProxyType(merged.origins),
        diagnostics=(*project.diagnostics, *user.diagnostics, *low_prices),
    )


class _Merged:
    """Values of all layers, the strongest first; remembers where each that was asked for came from."""

    def __init__(self, layers: tuple[Mapping[str, Found], ...]) -> None:
        self._layers = layers
        self.origins: dict[str, Origin] = {}

    def find(self, path: str, kind: type[T]) -> T | None:
        for layer in self._layers:
            found = layer.get(path)
            if found is not None and isinstance(found.value, kind):
                self.origins[path] = found.origin
                return found.value
        return None

    def get(self, path: str, kind: type[T], default: T) -> T:
        found = self.find(path, kind)
        return default if found is None else found

    def find_budgets(self, layers: Iterable[Mapping[str, Found]]) -> tuple[Budget, ...]:
        """One for each scope, the smallest of all layers: nobody's project raises what its user allows."""
        layers = tuple(layers)
        budgets: list[Budget] = []
        for scope in BUDGET_SCOPES:
            path = f"budget.{scope}_usd"
            found = [(layer[path].value, layer[path].origin) for layer in layers if path in layer]
            amounts = [(value, origin) for value, origin in found if isinstance(value, Decimal)]
            if amounts:
                limit_usd, self.origins[path] = min(amounts, key=lambda pair: pair[0])
                budgets.append(Budget(scope, limit_usd, f"{path} ({self.origins[path]})"))
        return tuple(budgets)


def shorten_path(path: Path, folder: Path) -> str:
    """The path as somebody in that folder would type it."""
    try:
        return str(path.relative_to(folder))
    except ValueError:
        return os.path.relpath(path, folder)
