"""The settings of one invocation, settled, each with its origin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from seedflow.diagnostics import Diagnostic, has_errors
from seedflow.errors import UsageError
from seedflow.money import format_usd
from seedflow.providers.options import GATEWAY_PACE, BaseUrl, CloudflareOptions, Pace
from seedflow.providers.secrets import HIDDEN, Secret
from seedflow.providers.upload import UploadOptions
from seedflow.settings.origin import DEFAULT, Layer, Origin, Row
from seedflow.settings.prices import SetPrice
from seedflow.store.base import Budget

_ACCOUNT = "CLOUDFLARE_ACCOUNT_ID"
_TOKEN = "CLOUDFLARE_API_TOKEN"  # noqa: S105 - the variable's name


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that is not in a recipe.

    Where a file has errors, the values that it should have given are missing here, and `diagnostics` says why; nothing
    may be paid then (`cloudflare` refuses).

    Attributes:
        folder: the project's folder.
        project_file: its `seedflow.yaml`, or None.
        user_file: where the user's own settings stand or would stand.
        state_folder: where the ledger and the pictures are kept.
        outputs_folder: where outputs are published, each recipe below it.
        models_folder: where cards and profiles of further models are, or None.
        models_unknown: whether there should be such a folder, and what stands in the settings for it cannot be used.
        provider_name: the provider that somebody chose, or None.
        account_id: Cloudflare's id of the account that pays.
        api_token: its token.
        gateway: id of the AI Gateway.
        base_url: where the API is.
        connect_timeout_s, read_timeout_s, total_timeout_s, log_timeout_s: see `CloudflareOptions`.
        concurrency: calls in flight at once, at most.
        calls_per_minute: calls that may begin within a minute, or None for what the provider lets through.
        references: how earlier results and local files travel: `auto`, `url`, `data` or `upload`.
        upload_endpoint, upload_bucket, upload_region, upload_access_key_id, upload_secret_access_key, upload_prefix,
            upload_link_lifetime_s: see `UploadOptions`; None where nothing is set.
        budgets: upper bounds on money, one for each scope that has any, the smallest that was found.
        prices: by model, before the catalog's own; a session keeps those that count.
        ca_file: certificates to trust instead of the built-in ones.
        origins: where each value came from, by dotted name; what is not in it is a default.
        diagnostics: what is wrong with the files.
    """

    folder: Path
    project_file: Path | None
    user_file: Path
    state_folder: Path
    outputs_folder: Path
    models_folder: Path | None
    models_unknown: bool
    provider_name: str | None
    account_id: str | None
    api_token: Secret | None
    gateway: str | None
    base_url: BaseUrl
    connect_timeout_s: float
    read_timeout_s: float
    total_timeout_s: float
    log_timeout_s: float
    concurrency: int
    calls_per_minute: int | None
    references: str
    upload_endpoint: BaseUrl | None
    upload_bucket: str | None
    upload_region: str
    upload_access_key_id: str | None
    upload_secret_access_key: Secret | None
    upload_prefix: str
    upload_link_lifetime_s: float
    budgets: tuple[Budget, ...]
    prices: Mapping[str, SetPrice]
    ca_file: Path | None
    origins: Mapping[str, Origin]
    diagnostics: tuple[Diagnostic, ...]

    @property
    def provider(self) -> str:
        """Who makes the images: the chosen provider, else `cloudflare` with an account and a token, else `sketch`.

        Raises:
            UsageError: only one of account and token is there; a silent sketch would not be what was meant.
        """
        if self.provider_name is not None:
            return self.provider_name
        if (self.account_id is None) != (self.api_token is None):
            there, missing = (_TOKEN, _ACCOUNT) if self.account_id is None else (_ACCOUNT, _TOKEN)
            raise UsageError(
                f"{there} is set, but {missing} is not; the provider `cloudflare` needs both",
                help=f"set {missing}, or choose `--provider sketch`",
            )
        return "sketch" if self.account_id is None else "cloudflare"

    @property
    def pace(self) -> Pace | None:
        """How many calls may begin within a time; what somebody set, else what a gateway of Cloudflare's lets through."""
        if self.provider_name == "sketch" or (self.provider_name, self.account_id) == (None, None):
            return None
        if self.calls_per_minute is not None:
            return Pace(self.calls_per_minute, 60.0)
        return None if self.base_url.loopback else GATEWAY_PACE

    @property
    def cloudflare(self) -> CloudflareOptions | None:
        """What the Cloudflare adapter may know; None without an account and a token.

        Raises:
            UsageError: a settings file has errors, so that a budget in it might be missing here.
        """
        if self.account_id is None or self.api_token is None:
            return None
        _refuse_errors(self.diagnostics)
        return CloudflareOptions(
            account_id=self.account_id,
            api_token=self.api_token,
            gateway=self.gateway,
            base_url=self.base_url,
            connect_timeout_s=self.connect_timeout_s,
            read_timeout_s=self.read_timeout_s,
            total_timeout_s=self.total_timeout_s,
            log_timeout_s=self.log_timeout_s,
            ca_file=self.ca_file,
        )

    @property
    def trusts_models(self) -> bool:
        """Whether the folder of further models was named by the user, so that its prices are the user's own word."""
        return self.origins.get("models", DEFAULT).layer is Layer.USER

    def with_prices(self, prices: Mapping[str, SetPrice]) -> Settings:
        """The same with these prices alone."""
        gone = {f"prices.{model}" for model in self.prices if model not in prices}
        origins = {name: origin for name, origin in self.origins.items() if name not in gone}
        return replace(self, prices=prices, origins=MappingProxyType(origins))

    @property
    def upload(self) -> UploadOptions | None:
        """The bucket that references may travel by; None where nothing of it is set and `references` does not name it.

        Raises:
            UsageError: a part of it is missing, or the settings have errors.
        """
        there = {
            "SEEDFLOW_UPLOAD_ENDPOINT": self.upload_endpoint,
            "SEEDFLOW_UPLOAD_BUCKET": self.upload_bucket,
            "SEEDFLOW_UPLOAD_ACCESS_KEY_ID": self.upload_access_key_id,
            "SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY": self.upload_secret_access_key,
        }
        missing = [name for name, value in there.items() if value is None]
        if len(missing) == len(there) and self.references != "upload":
            return None
        if (
            self.upload_endpoint is None
            or self.upload_bucket is None
            or self.upload_access_key_id is None
            or self.upload_secret_access_key is None
        ):
            raise UsageError(
                f"references are to be uploaded, and {', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set",
                help=_advise_upload(missing, self.user_file, nothing=len(missing) == len(there)),
            )
        _refuse_errors(self.diagnostics)
        return UploadOptions(
            endpoint=self.upload_endpoint,
            bucket=self.upload_bucket,
            access_key_id=self.upload_access_key_id,
            secret_access_key=self.upload_secret_access_key,
            region=self.upload_region,
            prefix=self.upload_prefix,
            link_lifetime_s=self.upload_link_lifetime_s,
            connect_timeout_s=self.connect_timeout_s,
            ca_file=self.ca_file,
        )

    def list_rows(self) -> tuple[Row, ...]:
        """Every setting as `doctor` shows it; the token only as being there."""
        values: dict[str, object] = {
            "provider.name": self.provider_name,
            "provider.account_id": self.account_id,
            "provider.api_token": None if self.api_token is None else HIDDEN,
            "provider.gateway": self.gateway,
            "provider.base_url": self.base_url.url,
            "provider.ca_file": self.ca_file,
            "provider.concurrency": self.concurrency,
            "provider.calls_per_minute": "as many as come" if self.pace is None else self.pace.calls,
            "provider.timeouts.connect_s": f"{self.connect_timeout_s:g}",
            "provider.timeouts.read_s": f"{self.read_timeout_s:g}",
            "provider.timeouts.total_s": f"{self.total_timeout_s:g}",
            "provider.timeouts.log_s": f"{self.log_timeout_s:g}",
            "references": self.references,
            "upload.endpoint": None if self.upload_endpoint is None else self.upload_endpoint.url,
            "upload.bucket": self.upload_bucket,
            "upload.region": self.upload_region,
            "upload.access_key_id": None if self.upload_access_key_id is None else HIDDEN,
            "upload.secret_access_key": None if self.upload_secret_access_key is None else HIDDEN,
            "upload.prefix": self.upload_prefix,
            "upload.link_lifetime_s": f"{self.upload_link_lifetime_s:g}",
            **{f"budget.{budget.scope}_usd": format_usd(budget.limit_usd) for budget in self.budgets},
            **{f"prices.{model}": format_usd(price.usd) for model, price in self.prices.items()},
            "outputs.folder": self.outputs_folder,
            "models": self.models_folder,
            "state.folder": self.state_folder,
        }
        return tuple(
            Row(name, "not set" if value is None else str(value), self.origins.get(name, DEFAULT))
            for name, value in values.items()
        )


def _refuse_errors(diagnostics: tuple[Diagnostic, ...]) -> None:
    if has_errors(diagnostics):
        raise UsageError(
            "the settings have errors, so nothing that costs money is asked",
            help="correct the settings file",
        )


def _advise_upload(missing: Sequence[str], user_file: Path, *, nothing: bool) -> str:
    """What to set where a bucket is not known in full; with `nothing` of it set, only `references` wants one."""
    keys = [name.removeprefix("SEEDFLOW_UPLOAD_").lower() for name in missing]
    variables = missing[0] if len(missing) == 1 else f"{', '.join(missing[:-1])} and {missing[-1]}"
    in_file = "{" + ", ".join(f"{key}: …" for key in keys) + "}"
    otherwise = ", or write `references: auto`" if nothing else ""
    return f"set {variables} in the environment, or `upload: {in_file}` in {user_file}{otherwise}"
