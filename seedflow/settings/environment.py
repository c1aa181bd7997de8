"""The environment's variables that seedflow knows, checked. Nothing else in the house reads them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from seedflow.errors import UsageError
from seedflow.providers.options import parse_base_url
from seedflow.providers.upload import parse_endpoint, read_bucket
from seedflow.settings.keys import read_key_id, read_name, read_region, read_token
from seedflow.settings.origin import Found, Layer, Origin
from seedflow.text.files import is_file

HOME_VARIABLE: Final = "SEEDFLOW_HOME"
CERTIFICATES_VARIABLE: Final = "SSL_CERT_FILE"

_VARIABLES: Final[Mapping[str, tuple[str, Callable[[str], object]]]] = {
    "CLOUDFLARE_ACCOUNT_ID": ("provider.account_id", read_name),
    "CLOUDFLARE_API_TOKEN": ("provider.api_token", read_token),
    "CLOUDFLARE_GATEWAY_ID": ("provider.gateway", read_name),
    "SEEDFLOW_CLOUDFLARE_BASE_URL": ("provider.base_url", parse_base_url),
    "SEEDFLOW_UPLOAD_ENDPOINT": ("upload.endpoint", parse_endpoint),
    "SEEDFLOW_UPLOAD_BUCKET": ("upload.bucket", read_bucket),
    "SEEDFLOW_UPLOAD_REGION": ("upload.region", read_region),
    "SEEDFLOW_UPLOAD_ACCESS_KEY_ID": ("upload.access_key_id", read_key_id),
    "SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY": ("upload.secret_access_key", read_token),
}


def read_environment(environment: Mapping[str, str], folder: Path) -> dict[str, Found]:
    """Values by dotted path. A variable that is empty counts as not set.

    Args:
        environment: names to values.
        folder: where relative paths in it start.

    Raises:
        UsageError: a variable is not what it should be; a token is never shown.
    """
    found: dict[str, Found] = {}
    for variable, (path, read) in _VARIABLES.items():
        text = environment.get(variable, "").strip()
        if text:
            try:
                found[path] = Found(read(text), Origin(Layer.ENVIRONMENT, variable))
            except ValueError as error:
                raise UsageError(
                    f"the variable {variable} cannot be used: {error}",
                    help=f"set {variable} anew, or unset it",
                ) from None
    home = environment.get(HOME_VARIABLE, "").strip()
    if home:
        found["state.folder"] = Found(
            _place(folder, home, HOME_VARIABLE), Origin(Layer.ENVIRONMENT, HOME_VARIABLE)
        )
    certificates = environment.get(CERTIFICATES_VARIABLE, "").strip()
    if certificates:
        ca_file = _place(folder, certificates, CERTIFICATES_VARIABLE)
        if not is_file(ca_file):
            raise UsageError(
                f"the variable {CERTIFICATES_VARIABLE} names a file of certificates that is not there",
                help=f"set {CERTIFICATES_VARIABLE} anew, or unset it",
            )
        found["provider.ca_file"] = Found(ca_file, Origin(Layer.ENVIRONMENT, CERTIFICATES_VARIABLE))
    return found


def _place(folder: Path, text: str, variable: str) -> Path:
    try:
        return folder / Path(text).expanduser()
    except RuntimeError:
        raise UsageError(
            f"the variable {variable} names a home that is not known: {text!r}",
            help=f"write the whole path into {variable}",
        ) from None
