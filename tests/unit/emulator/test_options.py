"""Options: what a command line may say, and what it is told otherwise."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

import click
import pytest

from seedflow.cli.emulate import command, read_options
from seedflow.emulator.options import (
    EmulatorOptions,
    Latency,
    PictureKind,
    SetSize,
    parse_latency,
    parse_serve,
)
from seedflow.emulator.rates import Rate, ServiceLimits
from seedflow.errors import UsageError


def parse_options(words: Sequence[str]) -> EmulatorOptions:
    """What `seedflow emulate WORDS` would start with."""
    with command.make_context("emulate", list(words)) as context:
        return read_options(**{name: value for name, value in context.params.items() if name != "as_json"})


@pytest.mark.parametrize(
    ("text", "latency"),
    [
        ("0", Latency(0, 0)),
        ("250", Latency(0.25, 0.25)),
        ("100..400", Latency(0.1, 0.4)),
        ("0.5", Latency(0.0005, 0.0005)),
    ],
)
def test_a_latency_is_milliseconds_or_a_range(text, latency):
    assert parse_latency(text) == latency


@pytest.mark.parametrize("text", ["", "fast", "1..", "..5", "1..2..3", "1-2"])
def test_another_latency_is_refused(text):
    with pytest.raises(UsageError, match="is not a latency"):
        parse_latency(text)


def test_a_served_url_may_hold_an_equals_sign(tmp_path):
    file = tmp_path / "a.png"
    file.touch()
    assert parse_serve([f"https://h/a?x=1&y=2={file}", f"http://h/b={file}"]) == {
        "https://h/a?x=1&y=2": file,
        "http://h/b": file,
    }


@pytest.mark.parametrize(
    "item",
    ["a.png", "=a.png", "https://h/a", "https://h/a=", "ftp://h/a=x", "https:///a=x", "http://[::1=x"],
)
def test_what_is_not_url_and_file_is_refused(item):
    with pytest.raises(UsageError, match="is not URL=FILE"):
        parse_serve([item])


def test_a_served_file_must_be_there(tmp_path):
    with pytest.raises(UsageError, match="there is no file"):
        parse_serve([f"https://h/a={tmp_path / 'no.png'}"])


@pytest.mark.parametrize(
    "given",
    [
        {"host": "0.0.0.0"},
        {"host": "localhost"},
        {"port": -1},
        {"port": 65_536},
        {"token": ""},
        {"token": "two words"},
        {"account": "a/b"},
        {"expire_s": -1.0},
        {"log_delay_s": -0.1},
        {"picture_bytes": -1},
        {"latency": Latency(-1.0, 1.0)},
        {"latency": Latency(0.4, 0.1)},
        {"latency": Latency(float("nan"), float("nan"))},
        {"expire_s": float("nan")},
        {"body_limit_bytes": 0},
    ],
    ids=str,
)
def test_options_that_cannot_be_carried_out_are_usage_errors(given):
    with pytest.raises(UsageError):
        EmulatorOptions(**given)


def test_a_command_line_reaches_every_option(tmp_path):
    file = tmp_path / "a.png"
    file.touch()
    options = parse_options(
        [
            *("--host", "::1"),
            *("--port", "8787"),
            *("--account", "a1"),
            *("--token", "t1"),
            *("--seed", "7"),
            *("--sets", "random"),
            *("--pictures", "tiny"),
            *("--picture-bytes", "300000"),
            *("--expire-s", "5"),
            *("--latency-ms", "100..200"),
            "--no-log",
            *("--log-delay-s", "2"),
            *("--serve", f"https://h/a={file}"),
            *("--bill-file", str(tmp_path / "bill")),
            *("--price", "$0.05"),
            *("--body-limit-bytes", "1000"),
            *("--gateway-limit", "200/60"),
            *("--api-limit", "1200/300/300"),
            *("--rpm-limit", "5/0.5"),
            *("--ipm-limit", "9/60"),
            *("--spend-limit", "3"),
            *("--credit", "$4"),
            "--no-retry-after",
            *("--faults", "storm.yaml"),
        ]
    )
    assert options == EmulatorOptions(
        host="::1",
        port=8787,
        account="a1",
        token="t1",
        seed=7,
        sets=SetSize.RANDOM,
        pictures=PictureKind.TINY,
        picture_bytes=300_000,
        expire_s=5.0,
        latency=Latency(0.1, 0.2),
        log=False,
        log_delay_s=2.0,
        serve={"https://h/a": Path(file)},
        bill_file=tmp_path / "bill",
        price_usd=Decimal("0.05"),
        body_limit_bytes=1000,
        faults=Path("storm.yaml"),
        limits=ServiceLimits(
            gateway=Rate(200, 60.0),
            api=Rate(1200, 300.0, 300.0),
            upstream_calls=Rate(5, 0.5),
            upstream_images=Rate(9, 60.0),
            spend_usd=Decimal(3),
            credit_usd=Decimal(4),
            tells_wait=False,
        ),
    )


def test_no_command_line_means_the_defaults():
    assert parse_options([]) == EmulatorOptions()


def test_a_wrong_price_is_a_usage_error():
    with pytest.raises(click.BadParameter, match="not an amount of dollars"):
        parse_options(["--price", "cheap"])
