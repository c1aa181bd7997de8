"""`python -m seedflow.emulator`: an emulator in its own process; its first line of output is JSON for whoever started it."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path

from seedflow.emulator.options import (
    DEFAULT_ACCOUNT,
    DEFAULT_TOKEN,
    LOOPBACK,
    EmulatorOptions,
    PictureKind,
    SetSize,
    parse_latency,
    parse_serve,
)
from seedflow.emulator.server import Emulator, serve
from seedflow.errors import ExitCode, UsageError
from seedflow.money import parse_usd


def main(arguments: Sequence[str] | None = None) -> int:
    """Run until a signal; returns the exit code."""
    try:
        serve(parse_options(arguments), _announce)
    except UsageError as problem:
        help_line = f"\nhelp: {problem.help}" if problem.help else ""
        sys.stderr.write(f"error: {problem.message}{help_line}\n")
        return problem.exit_code
    return ExitCode.DONE


def parse_options(arguments: Sequence[str] | None = None) -> EmulatorOptions:
    """Read a command line; `docs/reference/emulator.md` describes it.

    Raises:
        UsageError: an option cannot be carried out as given.
    """
    given = _build_parser().parse_args(arguments)
    return EmulatorOptions(
        host=given.host,
        port=given.port,
        account=given.account,
        token=given.token,
        seed=given.seed,
        sets=given.sets,
        pictures=given.pictures,
        picture_bytes=given.picture_bytes,
        expire_s=given.expire_s,
        latency=parse_latency(given.latency_ms),
        log=not given.no_log,
        log_delay_s=given.log_delay_s,
        serve=parse_serve(given.serve),
        bill_file=given.bill_file,
        price_usd=_parse_price(given.price),
        body_limit_bytes=given.body_limit_bytes,
    )


def _parse_price(text: str) -> Decimal:
    try:
        return parse_usd(text)
    except ValueError as problem:
        raise UsageError(f"--price: {problem}") from None


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m seedflow.emulator", description=__doc__)
    defaults = EmulatorOptions()
    add = parser.add_argument
    add("--host", default=LOOPBACK[0])
    add("--port", type=int, default=0)
    add("--account", default=DEFAULT_ACCOUNT)
    add("--token", default=DEFAULT_TOKEN)
    add("--seed", type=int, default=0)
    add("--sets", type=SetSize, default=SetSize.MAX, choices=list(SetSize))
    add("--pictures", type=PictureKind, default=PictureKind.FULL, choices=list(PictureKind))
    add("--picture-bytes", type=int, default=0)
    add("--expire-s", type=float, default=defaults.expire_s)
    add("--latency-ms", default="0", metavar="MS|MIN..MAX")
    add("--no-log", action="store_true")
    add("--log-delay-s", type=float, default=0.0)
    add("--serve", action="append", default=[], metavar="URL=FILE")
    add("--bill-file", type=Path)
    add("--price", default=str(defaults.price_usd), metavar="USD")
    add("--body-limit-bytes", type=int, default=defaults.body_limit_bytes)
    return parser


def _announce(emulator: Emulator) -> None:
    ready = {"origin": emulator.origin, "base_url": emulator.base_url, "env": emulator.env}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
