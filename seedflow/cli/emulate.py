"""`seedflow emulate`: a server on this machine that speaks the provider's contract."""

from __future__ import annotations

import json
import sys
from decimal import Decimal
from pathlib import Path

import click

from seedflow.cli.dollars import Dollars
from seedflow.emulator.options import EmulatorOptions, PictureKind, SetSize, parse_latency, parse_serve
from seedflow.emulator.server import Emulator
from seedflow.emulator.server import serve as run_server
from seedflow.errors import ExitCode


@click.command(
    "emulate",
    epilog="\b\nExamples:\n  seedflow emulate --port 8787\n"
    "  seedflow emulate --port 8787 --sets random --latency-ms 500..3000\n"
    "  seedflow emulate --port 8787 --serve https://example.com/cat.jpg=cat.jpg",
)
@click.option("--port", type=int, default=0, show_default=True, help="Port to listen on; 0 picks a free one.")
@click.option("--host", default="127.0.0.1", show_default=True, help="Loopback address to listen on.")
@click.option("--account", metavar="ID", help="The only account that exists here.")
@click.option("--token", metavar="TOKEN", help="The only token that opens it.")
@click.option(
    "--seed", type=int, default=0, show_default=True, help="Pictures and random choices are functions of it."
)
@click.option(
    "--sets",
    type=click.Choice(["min", "max", "random"]),
    default="max",
    show_default=True,
    help="How many images a set gets.",
)
@click.option(
    "--pictures",
    type=click.Choice(["full", "tiny"]),
    default="full",
    show_default=True,
    help="How pictures are drawn.",
)
@click.option("--picture-bytes", type=int, default=0, metavar="N", help="Pad tiny pictures to this size.")
@click.option("--expire-s", type=float, metavar="S", help="Seconds until an image URL dies.")
@click.option(
    "--latency-ms", default="0", show_default=True, metavar="MS|MIN..MAX", help="How long a model takes."
)
@click.option("--no-log", is_flag=True, help="Switch the gateway's log off.")
@click.option(
    "--log-delay-s", type=float, default=0.0, metavar="S", help="Seconds until a call shows in the log."
)
@click.option("--serve", multiple=True, metavar="URL=FILE", help="Let a file stand in for a foreign address.")
@click.option(
    "--bill-file",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Append every billed call to a file.",
)
@click.option("--price", type=Dollars(), metavar="USD", help="Price of an image for models that have none.")
@click.option("--body-limit-bytes", type=int, metavar="N", help="The largest request body.")
@click.option("--json", "as_json", is_flag=True, help="Say where it listens as one JSON line.")
def command(
    port: int,
    host: str,
    account: str | None,
    token: str | None,
    seed: int,
    sets: str,
    pictures: str,
    picture_bytes: int,
    expire_s: float | None,
    latency_ms: str,
    no_log: bool,
    log_delay_s: float,
    serve: tuple[str, ...],
    bill_file: Path | None,
    price: Decimal | None,
    body_limit_bytes: int | None,
    as_json: bool,
) -> int:
    """Serve an emulator of the provider on this machine. It bills nobody; it shows what would be billed.

    It validates requests, fetches every reference itself, refuses dead links, and counts at /_emulator/bill.
    """
    given = {
        "account": account,
        "token": token,
        "expire_s": expire_s,
        "price_usd": price,
        "body_limit_bytes": body_limit_bytes,
    }
    options = EmulatorOptions(
        host=host,
        port=port,
        seed=seed,
        sets=SetSize(sets),
        pictures=PictureKind(pictures),
        picture_bytes=picture_bytes,
        latency=parse_latency(latency_ms),
        log=not no_log,
        log_delay_s=log_delay_s,
        serve=parse_serve(serve),
        bill_file=bill_file,
        **{name: value for name, value in given.items() if value is not None},  # type: ignore[arg-type]  # names match the types
    )

    def announce(emulator: Emulator) -> None:
        if as_json:
            line = json.dumps(
                {"origin": emulator.origin, "base_url": emulator.base_url, "env": dict(emulator.env)}
            )
            sys.stdout.write(f"{line}\n")
        else:
            exports = "\n".join(f"  export {name}={value}" for name, value in emulator.env.items())
            sys.stdout.write(
                f"The emulator listens on {emulator.origin} until Ctrl-C. In another terminal:\n\n{exports}\n\n"
                f"  seedflow run storybook --max-cost 1\n\nWhat it would have billed: {emulator.origin}/_emulator/bill\n"
            )
        sys.stdout.flush()

    run_server(options, announce)
    return ExitCode.DONE
