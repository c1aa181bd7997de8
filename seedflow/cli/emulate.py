"""`seedflow emulate`: a server on this machine that speaks the provider's contract."""

from __future__ import annotations

import gc
import json
import sys
from pathlib import Path
from typing import Any

import click

from seedflow.cli.dollars import Dollars
from seedflow.cli.help import Command
from seedflow.cli.session import start
from seedflow.emulator.options import EmulatorOptions, PictureKind, SetSize, parse_latency, parse_serve
from seedflow.emulator.rates import ServiceLimits, parse_rate
from seedflow.emulator.server import Emulator, serve
from seedflow.errors import ExitCode
from seedflow.pipeline.written_file import refuse_as_file

DEFAULTS = EmulatorOptions()


@click.command(
    "emulate",
    cls=Command,
    examples=(
        ("seedflow emulate --port 8787", ""),
        ("seedflow emulate --port 8787 --sets random --latency-ms 500..3000", ""),
        ("seedflow emulate --port 8787 --faults storm.yaml", ""),
        ("seedflow emulate --port 8787 --gateway-limit 200/60 --api-limit 1200/300/300", ""),
        ("seedflow emulate --port 8787 --serve https://example.com/cat.jpg=cat.jpg", ""),
    ),
)
@click.option(
    "--port",
    type=int,
    metavar="N",
    default=DEFAULTS.port,
    show_default=True,
    help="Port to listen on; 0 picks a free one.",
)
@click.option(
    "--host",
    metavar="ADDRESS",
    default=DEFAULTS.host,
    show_default=True,
    help="Loopback address to listen on.",
)
@click.option("--account", metavar="ID", default=DEFAULTS.account, help="The only account that exists here.")
@click.option("--token", metavar="TOKEN", default=DEFAULTS.token, help="The only token that opens it.")
@click.option(
    "--seed",
    type=int,
    metavar="N",
    default=DEFAULTS.seed,
    show_default=True,
    help="Pictures and random choices are functions of it.",
)
@click.option(
    "--sets",
    type=click.Choice([size.value for size in SetSize]),
    default=DEFAULTS.sets.value,
    show_default=True,
    help="How many images a set gets.",
)
@click.option(
    "--pictures",
    type=click.Choice([kind.value for kind in PictureKind]),
    default=DEFAULTS.pictures.value,
    show_default=True,
    help="How pictures are drawn.",
)
@click.option(
    "--picture-bytes",
    type=int,
    metavar="N",
    default=DEFAULTS.picture_bytes,
    help="Pad tiny pictures to this size.",
)
@click.option(
    "--expire-s",
    type=float,
    metavar="S",
    default=DEFAULTS.expire_s,
    show_default=True,
    help="Seconds until an image URL dies.",
)
@click.option(
    "--latency-ms", metavar="MS|MIN..MAX", default="0", show_default=True, help="How long a model takes."
)
@click.option("--no-log", is_flag=True, help="Switch the gateway's log off.")
@click.option(
    "--log-delay-s",
    type=float,
    metavar="S",
    default=DEFAULTS.log_delay_s,
    help="Seconds until a call shows in the log.",
)
@click.option("--serve", multiple=True, metavar="URL=FILE", help="Let a file stand in for a foreign address.")
@click.option(
    "--fetch-from",
    metavar="ORIGIN",
    help="Really fetch references from this address on this machine, such as a bucket's.",
)
@click.option("--no-data-uris", is_flag=True, help="Refuse references that are data URIs.")
@click.option(
    "--data-uri-max-bytes", type=int, metavar="N", help="Refuse data URIs of larger pictures than this."
)
@click.option("--log-without-bodies", is_flag=True, help="Let the gateway's log keep no answers.")
@click.option(
    "--bill-file", type=click.Path(path_type=Path), metavar="FILE", help="Append every billed call to a file."
)
@click.option(
    "--price",
    type=Dollars(),
    metavar="USD",
    default=str(DEFAULTS.price_usd),
    show_default=True,
    help="Price of an image, for models whose price is not known.",
)
@click.option(
    "--body-limit-bytes",
    type=int,
    metavar="N",
    default=DEFAULTS.body_limit_bytes,
    show_default=True,
    help="The largest request body.",
)
@click.option(
    "--faults",
    type=click.Path(path_type=Path),
    metavar="FILE",
    help="What goes wrong and when, in YAML or JSON.",
)
@click.option("--gateway-limit", metavar="N/S", help="At most N calls through a gateway in S seconds.")
@click.option(
    "--api-limit",
    metavar="N/S[/BLOCK]",
    help="At most N requests to the whole API in S seconds, else BLOCK seconds of nothing.",
)
@click.option("--rpm-limit", metavar="N/S", help="At most N calls at the model's maker in S seconds.")
@click.option("--ipm-limit", metavar="N/S", help="At most N images at the model's maker in S seconds.")
@click.option("--spend-limit", type=Dollars(), metavar="USD", help="Refuse calls once so much was billed.")
@click.option("--credit", type=Dollars(), metavar="USD", help="What the account has to spend.")
@click.option("--no-retry-after", is_flag=True, help="Let refusals not say how long to wait.")
@click.option("--json", "as_json", is_flag=True, help="Say where it listens as one JSON line.")
def command(*, as_json: bool, **given: Any) -> int:
    """Serve an emulator of the provider on this machine. It bills nobody; it shows what would be billed.

    It has the models that ship with seedflow and those of the project in which it is started.

    It validates requests, fetches every reference itself, refuses dead links, and counts at /_emulator/bill.
    """
    options = read_options(**given)
    session = start()
    if options.bill_file is not None:
        refuse_as_file(options.bill_file, "--bill-file", session)
    catalog = session.catalog
    gc.freeze()
    gc.enable()
    serve(options, _announce_as_json if as_json else _announce, catalog)
    return ExitCode.DONE


def read_options(
    *,
    sets: str,
    pictures: str,
    latency_ms: str,
    no_log: bool,
    no_data_uris: bool,
    log_without_bodies: bool,
    serve: tuple[str, ...],
    price: Any,
    gateway_limit: str | None,
    api_limit: str | None,
    rpm_limit: str | None,
    ipm_limit: str | None,
    spend_limit: Any,
    credit: Any,
    no_retry_after: bool,
    **others: Any,
) -> EmulatorOptions:
    """The options of a command line, by their names there, as the emulator wants them.

    Raises:
        UsageError: one of them cannot be carried out as given.
    """
    return EmulatorOptions(
        sets=SetSize(sets),
        pictures=PictureKind(pictures),
        latency=parse_latency(latency_ms),
        log=not no_log,
        log_bodies=not log_without_bodies,
        data_uris=not no_data_uris,
        serve=parse_serve(serve),
        price_usd=price,
        limits=ServiceLimits(
            gateway=parse_rate("--gateway-limit", gateway_limit),
            api=parse_rate("--api-limit", api_limit, blocks=True),
            upstream_calls=parse_rate("--rpm-limit", rpm_limit),
            upstream_images=parse_rate("--ipm-limit", ipm_limit),
            spend_usd=spend_limit,
            credit_usd=credit,
            tells_wait=not no_retry_after,
        ),
        **others,
    )


def _announce_as_json(emulator: Emulator) -> None:
    ready = {"origin": emulator.origin, "base_url": emulator.base_url, "env": dict(emulator.env)}
    sys.stdout.write(f"{json.dumps(ready)}\n")
    sys.stdout.flush()


def _announce(emulator: Emulator) -> None:
    exports = "\n".join(f"  export {name}={value}" for name, value in emulator.env.items())
    sys.stdout.write(
        f"The emulator listens on {emulator.origin} until Ctrl-C. In another terminal:\n\n{exports}\n"
        "  seedflow run storybook --max-cost 1\n\n"
        f"What it would have billed: {emulator.origin}/_emulator/bill\n"
    )
    sys.stdout.flush()
