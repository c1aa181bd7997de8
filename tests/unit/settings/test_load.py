"""Layers: the command line before the environment before the project before the user before the defaults."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from seedflow.diagnostics import Severity
from seedflow.errors import UsageError
from seedflow.providers.options import DEFAULT_BASE_URL
from seedflow.providers.secrets import Secret
from seedflow.settings.origin import Layer
from seedflow.store.base import Budget

BOTH = {"CLOUDFLARE_ACCOUNT_ID": "account-1", "CLOUDFLARE_API_TOKEN": "token-123456"}
LOOPBACK = {"SEEDFLOW_CLOUDFLARE_BASE_URL": "http://127.0.0.1:8787/client/v4/"}


def test_defaults(home):
    settings = home.load()
    assert settings.diagnostics == ()
    assert settings.folder == home.project
    assert settings.project_file is None
    assert settings.state_folder == home.project / ".seedflow"
    assert settings.outputs_folder == home.project / "outputs"
    assert (settings.provider, settings.cloudflare) == ("sketch", None)
    assert settings.base_url.url == DEFAULT_BASE_URL
    assert (settings.connect_timeout_s, settings.read_timeout_s, settings.total_timeout_s) == (10, 600, 900)
    assert (settings.concurrency, settings.references, settings.budgets, dict(settings.prices)) == (
        16,
        "auto",
        (),
        {},
    )
    assert {row.origin.layer for row in settings.list_rows()} == {Layer.DEFAULT}


def test_every_key_of_a_project(home):
    home.write_project(
        """\
provider:
  name: cloudflare
  gateway: my-gateway
  concurrency: 4
  timeouts: {connect_s: 5, read_s: 300.5, total_s: 1000, log_s: 90}
references: data
budget: {run_usd: 1.50, step_usd: 0.5, day_usd: $10, project_usd: "100"}
prices:
  bytedance/seedream-4.5: 0.03
  other/model: 0.125
outputs:
  folder: pictures/final
x-mine: {anything: [goes]}
"""
    )
    settings = home.load(environment=BOTH)
    assert settings.diagnostics == ()
    assert (settings.provider, settings.gateway, settings.concurrency) == ("cloudflare", "my-gateway", 4)
    assert (settings.connect_timeout_s, settings.read_timeout_s, settings.total_timeout_s) == (5, 300.5, 1000)
    assert settings.log_timeout_s == settings.cloudflare.log_timeout_s == 90
    assert settings.references == "data"
    assert settings.budgets == (
        Budget("run", Decimal("1.50")),
        Budget("step", Decimal("0.5")),
        Budget("day", Decimal(10)),
        Budget("project", Decimal(100)),
    )
    assert {model: price.usd for model, price in settings.prices.items()} == {
        "bytedance/seedream-4.5": Decimal("0.03"),
        "other/model": Decimal("0.125"),
    }
    assert settings.outputs_folder == home.project / "pictures/final"
    options = settings.cloudflare
    assert options is not None
    assert (options.account_id, options.gateway, options.read_timeout_s) == ("account-1", "my-gateway", 300.5)
    assert options.api_token == Secret("token-123456")


def test_layers_in_order(home):
    home.write_user("provider: {name: cloudflare, gateway: of-user, concurrency: 2}\nreferences: url\n")
    assert home.load().gateway == "of-user"
    home.write_project("provider: {name: sketch, gateway: of-project}\n")
    settings = home.load()
    assert (settings.gateway, settings.provider, settings.concurrency) == ("of-project", "sketch", 2)
    environment = {**BOTH, "CLOUDFLARE_GATEWAY_ID": "of-environment"}
    settings = home.load(environment=environment, provider="cloudflare")
    assert (settings.gateway, settings.provider, settings.references) == (
        "of-environment",
        "cloudflare",
        "url",
    )
    origins = {row.name: row.origin for row in settings.list_rows()}
    assert str(origins["provider.name"]) == "command line: --provider"
    assert str(origins["provider.gateway"]) == "environment: CLOUDFLARE_GATEWAY_ID"
    assert origins["references"].layer is Layer.USER
    assert origins["provider.concurrency"].place.endswith("config.yaml:1:61")
    assert origins["provider.timeouts.read_s"].layer is Layer.DEFAULT


@pytest.mark.parametrize(
    ("project", "user", "smallest", "layer"), [("5", "2", "2", Layer.USER), ("1", "2", "1", Layer.PROJECT)]
)
def test_budgets_combine_by_the_smallest(home, project, user, smallest, layer):
    home.write_project(f"budget: {{run_usd: {project}}}\n")
    home.write_user(f"budget: {{run_usd: {user}, day_usd: 7}}\n")
    settings = home.load()
    assert settings.budgets == (Budget("run", Decimal(smallest)), Budget("day", Decimal(7)))
    assert settings.origins["budget.run_usd"].layer is layer


def test_of_two_prices_the_higher_counts(home):
    home.write_project("prices: {a/b: 0.02, c/d: 0.05, e/f: 0.07}\n")
    home.write_user("prices: {a/b: 0.02, c/d: 0.03, g/h: 0}\n")
    settings = home.load()
    assert settings.diagnostics == ()
    assert {model: (price.usd, price.own) for model, price in settings.prices.items()} == {
        "a/b": (Decimal("0.02"), True),
        "c/d": (Decimal("0.05"), True),
        "e/f": (Decimal("0.07"), False),
        "g/h": (Decimal(0), True),
    }
    assert settings.origins["prices.c/d"].layer is Layer.PROJECT
    assert settings.origins["prices.a/b"].layer is Layer.USER


def test_a_project_does_not_lower_a_price_of_its_user(home):
    home.write_project("prices: {a/b: 0}\n")
    home.write_user("prices: {a/b: 0.02}\n")
    settings = home.load()
    assert settings.prices["a/b"].usd == Decimal("0.02")
    assert settings.origins["prices.a/b"].layer is Layer.USER
    (found,) = settings.diagnostics
    assert (found.code, found.severity, str(found.span)) == (
        "price-not-taken",
        Severity.WARNING,
        "seedflow.yaml:1:15",
    )
    assert "less than the $0.02 of your own settings" in found.message
    assert "put `prices: {a/b: 0}` into your own config.yaml" in (found.help or "")


def test_project_file_is_found_upwards(home):
    home.write_project("references: data\n")
    deep = home.project / "a" / "b"
    deep.mkdir(parents=True)
    (deep / ".seedflow").mkdir()
    settings = home.load(folder=deep)
    assert (settings.folder, settings.references) == (home.project, "data")
    assert settings.state_folder == home.project / ".seedflow"


def test_place_in_a_file_above_is_spelled_as_seen_from_here(home):
    home.write_project("references: data\n")
    (home.project / "a").mkdir()
    settings = home.load(folder=home.project / "a")
    assert str(settings.origins["references"]) == "project: ../seedflow.yaml:1:13"


def test_without_a_file_the_nearest_state_marks_the_project(home):
    deep = home.project / "a" / "b"
    deep.mkdir(parents=True)
    (home.project / ".seedflow").mkdir()
    assert home.load(folder=deep).folder == home.project


def test_without_either_the_project_is_here(home):
    deep = home.project / "a"
    deep.mkdir()
    assert home.load(folder=deep).state_folder == deep / ".seedflow"


def test_state_moves_with_its_variable(home, tmp_path):
    assert home.load(environment={"SEEDFLOW_HOME": str(tmp_path / "x")}).state_folder == tmp_path / "x"
    settings = home.load(environment={"SEEDFLOW_HOME": "state"})
    assert settings.state_folder == home.project / "state"
    assert str(settings.origins["state.folder"]) == "environment: SEEDFLOW_HOME"


def test_account_and_token_choose_cloudflare(home):
    assert home.load(environment=BOTH).provider == "cloudflare"
    assert home.load(environment=BOTH, provider="sketch").provider == "sketch"


@pytest.mark.parametrize(
    ("text", "environment", "calls"),
    [
        ("", {}, None),
        ("provider: {name: sketch}\n", BOTH, None),
        ("", BOTH, 200),
        ("", BOTH | LOOPBACK, None),
        ("provider: {calls_per_minute: 7}\n", BOTH | LOOPBACK, 7),
    ],
)
def test_the_pace_of_a_gateway_is_kept_where_there_is_one_and_what_is_drawn_here_waits_for_nobody(
    home, text, environment, calls
):
    home.write_project(text)
    pace = home.load(environment=environment).pace
    assert (None if pace is None else pace.calls) == calls


@pytest.mark.parametrize("there", sorted(BOTH))
def test_only_one_of_account_and_token_is_no_silent_sketch(home, there):
    (missing,) = set(BOTH) - {there}
    settings = home.load(environment={there: "value-1"})
    with pytest.raises(UsageError, match=f"{there} is set, but {missing} is not"):
        _ = settings.provider
    assert home.load(environment={there: "value-1"}, provider="sketch").provider == "sketch"
    home.write_project("provider: {name: sketch}\n")
    assert home.load(environment={there: "value-1"}).provider == "sketch"


def test_account_of_the_user_and_token_of_the_environment_go_together(home):
    home.write_user("provider: {account_id: account-2}\n")
    settings = home.load(environment={"CLOUDFLARE_API_TOKEN": "token-1"})
    assert settings.provider == "cloudflare"
    assert settings.cloudflare is not None
    assert settings.cloudflare.account_id == "account-2"


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_empty_variables_count_as_not_set(home, value):
    names = (
        "CLOUDFLARE_ACCOUNT_ID",
        "CLOUDFLARE_API_TOKEN",
        "SEEDFLOW_CLOUDFLARE_BASE_URL",
        "SEEDFLOW_HOME",
        "SSL_CERT_FILE",
    )
    settings = home.load(environment=dict.fromkeys(names, value))
    assert settings.provider == "sketch"
    assert settings.state_folder == home.project / ".seedflow"


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("CLOUDFLARE_ACCOUNT_ID", "a/b"),
        ("CLOUDFLARE_ACCOUNT_ID", "a" * 65),
        ("CLOUDFLARE_API_TOKEN", "two words-5ecret"),
        ("CLOUDFLARE_API_TOKEN", "line\nend-5ecret"),
        ("CLOUDFLARE_API_TOKEN", "tökén-5ecret"),
        ("CLOUDFLARE_GATEWAY_ID", "../x"),
        ("SEEDFLOW_CLOUDFLARE_BASE_URL", "http://example.com/client/v4"),
        ("SEEDFLOW_CLOUDFLARE_BASE_URL", "https://example.com/"),
        ("SSL_CERT_FILE", "/no/such/file"),
    ],
)
def test_variables_that_cannot_be_used(home, variable, value):
    with pytest.raises(UsageError, match=variable) as caught:
        home.load(environment={variable: value})
    assert "5ecret" not in str(caught.value)


def test_provider_that_does_not_exist(home):
    with pytest.raises(UsageError, match="no provider `clodflare`"):
        home.load(provider="clodflare")


def test_base_url_of_an_emulator(home):
    environment = {**BOTH, "SEEDFLOW_CLOUDFLARE_BASE_URL": "http://127.0.0.1:8787/client/v4/"}
    options = home.load(environment=environment).cloudflare
    assert options is not None
    assert (options.base_url.url, options.base_url.realm) == ("http://127.0.0.1:8787/client/v4", "emulated")


def test_nothing_is_paid_for_with_broken_settings(home):
    """A budget that could not be read might be the one that matters."""
    home.write_project("budget: {run: 1}\n")
    settings = home.load(environment=BOTH)
    with pytest.raises(UsageError, match="the settings have errors"):
        _ = settings.cloudflare


def test_no_row_and_no_repr_shows_the_token(home):
    settings = home.load(environment=BOTH)
    rows = settings.list_rows()
    assert "token-123456" not in repr(settings)
    assert "token-123456" not in repr(rows)
    assert {row.name: row.value for row in rows}["provider.api_token"] == "********"


def test_relative_folder_is_made_absolute(home, monkeypatch):
    monkeypatch.chdir(home.project)
    assert home.load(folder=Path()).folder == home.project


@pytest.mark.parametrize("variable", ["SEEDFLOW_HOME", "SSL_CERT_FILE"])
def test_variable_with_a_home_that_does_not_exist(home, variable):
    with pytest.raises(UsageError, match=variable):
        home.load(environment={variable: "~no-such-user-here/x"})


UPLOAD = {
    "SEEDFLOW_UPLOAD_ENDPOINT": "https://s3.example.com",
    "SEEDFLOW_UPLOAD_BUCKET": "references",
    "SEEDFLOW_UPLOAD_ACCESS_KEY_ID": "KEYID",
    "SEEDFLOW_UPLOAD_SECRET_ACCESS_KEY": "a-secret-of-many-letters",
}


@pytest.mark.parametrize("given", range(len(UPLOAD)))
@pytest.mark.parametrize("references", ["auto", "upload"])
def test_a_bucket_that_is_not_known_in_full_is_told_with_all_that_it_lacks(
    home, given: int, references: str
) -> None:
    home.write_project(f"references: {references}\n")
    there = dict(list(UPLOAD.items())[:given])
    settings = home.load(environment=there)
    if not given and references == "auto":
        assert settings.upload is None
        return
    with pytest.raises(UsageError) as caught:
        _ = settings.upload
    advice = caught.value.help or ""
    for name in UPLOAD:
        key = name.removeprefix("SEEDFLOW_UPLOAD_").lower()
        assert (name in advice, f"{key}: …" in advice) == (name not in there, name not in there)
    assert advice.endswith("or write `references: auto`") == (not given)  # which half a bucket does not help
    assert home.load(environment=UPLOAD).upload is not None


def test_what_a_user_file_lacks_of_a_bucket_may_be_written_there(home) -> None:
    home.write_project("references: upload\n")
    with pytest.raises(UsageError) as caught:
        _ = home.load(environment={}).upload
    assert "`upload: {endpoint: …, bucket: …, access_key_id: …, secret_access_key: …}`" in (
        caught.value.help or ""
    )
    keys = {name.removeprefix("SEEDFLOW_UPLOAD_").lower(): value for name, value in UPLOAD.items()}
    home.write_user("upload: {" + ", ".join(f"{key}: '{value}'" for key, value in keys.items()) + "}\n")
    assert home.load(environment={}).upload is not None
