"""`seedflow doctor`: everything that decides what a run here would do, where it comes from, and what is missing."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from importlib.metadata import version as find_version
from typing import Final

import click
from rich.console import Console
from rich.text import Text

from seedflow import __version__
from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.console import open_console
from seedflow.cli.dollars import Dollars
from seedflow.cli.endpoint_text import describe_record, find_record, list_rows
from seedflow.cli.help import Command
from seedflow.cli.model_text import describe_model, spell_price
from seedflow.cli.probe import run_probe
from seedflow.cli.provider_text import describe_provider, list_missing
from seedflow.cli.session import start
from seedflow.cli.terminal import print_diagnostics, print_json, say
from seedflow.diagnostics import Diagnostic, Severity, has_errors
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode, SeedflowError, UsageError
from seedflow.models.model import SHIPPED, Model
from seedflow.pipeline.out_folder import find_state_around
from seedflow.pipeline.session import Session
from seedflow.providers.endpoint_record import EndpointRecord
from seedflow.providers.options import REALM_EMULATED
from seedflow.settings.model import Settings
from seedflow.settings.origin import Row
from seedflow.store.inspection import StateFacts, get_sqlite_version, inspect_state
from seedflow.text.events import find_libyaml_version
from seedflow.text.files import is_file

_VARIABLES: Final = (
    ("account", "provider.account_id", "CLOUDFLARE_ACCOUNT_ID"),
    ("token", "provider.api_token", "CLOUDFLARE_API_TOKEN"),
    ("gateway", "provider.gateway", "CLOUDFLARE_GATEWAY_ID"),
)


@dataclass(frozen=True, slots=True)
class Findings:
    """What was found. `against_sketch` and `against_paid` say why such a run would not work; empty when it would."""

    session: Session
    versions: dict[str, str | None]
    state: StateFacts
    diagnostics: tuple[Diagnostic, ...]
    against_sketch: tuple[str, ...]
    against_paid: tuple[str, ...]
    endpoint: EndpointRecord | None


@click.command(
    "doctor",
    cls=Command,
    examples=(
        ("seedflow doctor", ""),
        ("seedflow doctor --json", ""),
        ("seedflow doctor --probe --max-cost 0.25", ""),
    ),
)
@click.option(
    "--probe",
    is_flag=True,
    help="Find out by a few paid calls what the account's endpoint takes; says first what it may cost.",
)
@click.option("--again", is_flag=True, help="With --probe: ask anew what is known already.")
@click.option("--yes", is_flag=True, help="With --probe: pay without asking.")
@click.option(
    "--max-cost", type=Dollars(), metavar="USD", help="With --probe: pay at most this much, without asking."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(probe: bool, again: bool, yes: bool, max_cost: Decimal | None, as_json: bool) -> int:
    """Show every setting, where it came from, and what is missing for a run.

    Without --probe it opens no connection and changes nothing.
    """
    session = start(quiet=True)
    code = ExitCode.DONE
    if probe:
        code, result = run_probe(session, again=again, yes=yes, max_cost=max_cost)
        if result is None and not as_json:
            return code  # what was said, and what to type, is all that there is to read
    elif again or yes or max_cost is not None:
        raise UsageError("--again, --yes and --max-cost belong to --probe", help="add --probe")
    found = examine(session)
    if as_json:
        print_json(describe_findings(found))
    else:
        _print(found, open_console(), probed=probe)
    return ExitCode.USAGE if found.against_sketch or has_errors(found.diagnostics) else code


def examine(session: Session) -> Findings:
    """Look at everything."""
    settings = session.settings
    state = inspect_state(settings.state_folder)
    diagnostics = (*settings.diagnostics, *session.model_problems, *_find_problems(session, state))
    in_the_way = [
        found.message for found in diagnostics if found.code in ("unusable-state", "unusable-outputs")
    ]
    if has_errors(session.model_problems):
        in_the_way.append("model files have errors")
    if settings.models_unknown:
        in_the_way.append("the project's models are not known")
    missing = [f"{name} is not set" for name in list_missing(settings)]
    errors = ["a settings file has errors"] if has_errors(settings.diagnostics) else []
    return Findings(
        session=session,
        versions={
            "seedflow": __version__,
            "Python": platform.python_version(),
            "SQLite": get_sqlite_version(),
            "libyaml": find_libyaml_version(),
            "Pillow": find_version("pillow"),
        },
        state=state,
        diagnostics=diagnostics,
        against_sketch=tuple(in_the_way),
        against_paid=(*missing, *errors, *in_the_way),
        endpoint=_find_endpoint(session),
    )


def _find_endpoint(session: Session) -> EndpointRecord | None:
    """What is known of the endpoint; what is in the way of reading it is told by itself."""
    try:
        return find_record(session)
    except SeedflowError:
        return None


def _find_problems(session: Session, state: StateFacts) -> Iterator[Diagnostic]:
    settings = session.settings
    if state.problem is not None:
        yield Diagnostic("unusable-state", state.problem.message, help=state.problem.help)
    outputs = settings.outputs_folder
    nearest = outputs
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    state_around = find_state_around(outputs, settings.state_folder)
    if state_around is not None:
        yield Diagnostic(
            "unusable-outputs",
            f"outputs cannot be written to {outputs}: it belongs to the state {state_around}",
            help="choose another folder with `outputs.folder` in the settings, or with --out DIR",
        )
    elif not (nearest.is_dir() and os.access(nearest, os.W_OK | os.X_OK)):
        what = "is not writable" if nearest.is_dir() else "is not a folder"
        yield Diagnostic(
            "unusable-outputs",
            f"outputs cannot be written to {outputs}: {nearest} {what}",
            help="make it so, or choose another folder with --out DIR",
        )
    try:
        _ = settings.provider
    except UsageError as error:
        yield Diagnostic("half-an-account", error.message, help=error.help)
    if not list_missing(settings) and settings.gateway is None:
        yield Diagnostic(
            "no-gateway",
            "no gateway is set: an answer that gets lost on its way cannot be found again and stays unknown",
            severity=Severity.WARNING,
            help="set CLOUDFLARE_GATEWAY_ID to the id of an AI Gateway of yours, such as default",
        )
    if find_libyaml_version() is None:
        yield Diagnostic(
            "no-libyaml",
            "PyYAML was built without libyaml, so large recipes are read about ten times slower",
            severity=Severity.WARNING,
            help="install PyYAML from a wheel, or with libyaml's headers at hand",
        )


def describe_findings(found: Findings) -> dict[str, object]:
    """What was found, as plain data."""
    session, settings, state = found.session, found.session.settings, found.state
    name, realm = _find_provider(session)
    return {
        "sketch": {"ready": not found.against_sketch, "missing": list(found.against_sketch)},
        "paid": {"ready": not found.against_paid, "missing": list(found.against_paid)},
        "provider": {"name": name, "realm": realm},
        "versions": found.versions,
        "settings": [
            {"name": row.name, "value": row.value, "layer": row.origin.layer.value, "place": row.origin.place}
            for row in settings.list_rows()
        ],
        "project": {
            "folder": str(settings.folder),
            "file": None if settings.project_file is None else str(settings.project_file),
        },
        "user_file": {"path": str(settings.user_file), "exists": is_file(settings.user_file)},
        "state": {
            "folder": str(state.root),
            "exists": state.exists,
            "readable": state.readable,
            "writable": state.writable,
            "has_locks": state.has_locks,
            "file_system": state.file_system,
            "size_bytes": state.size_bytes,
            "pictures": state.pictures,
        },
        "models": [describe_model(model, session) for model in session.catalog.sorted_models],
        "endpoint": describe_record(found.endpoint, session),
        "diagnostics": [diagnostic.to_json() for diagnostic in found.diagnostics],
    }


def _print(found: Findings, console: Console, *, probed: bool) -> None:
    session, settings, state = found.session, found.session.settings, found.state
    versions = (
        f"{name} {number or 'missing'}" if name != "seedflow" else f"seedflow {number}"
        for name, number in found.versions.items()
    )
    print_folded(console, Text(" · ".join(versions), style="bold"))
    name, realm = _find_provider(session)
    who = "nobody: see below" if name is None else describe_provider(name, realm or "", settings)
    _section(console, "Provider", [("in use", who), *_list_variables(settings)])
    _section(
        console,
        "Places",
        [
            ("project", _spell_project(settings)),
            (
                "your settings",
                f"{settings.user_file}{'' if is_file(settings.user_file) else ' (not there)'}",
            ),
            ("state", _spell_state(state)),
            ("outputs", str(settings.outputs_folder)),
        ],
    )
    _section(
        console,
        "Models",
        [(model.id, _spell_model(model, session)) for model in session.catalog.sorted_models],
    )
    if found.endpoint is not None and not probed:
        _print_endpoint(found.endpoint, session, console)
    console.print()
    console.print(Text("Settings", style="bold"))
    print_columns(console, [_spell_setting(row) for row in settings.list_rows()])
    console.print()
    if found.diagnostics:
        console.file.flush()
        print_diagnostics(found.diagnostics)
        say()
    for line in _conclude(found):
        print_folded(console, line)
    if found.endpoint is not None and probed:  # what was just paid for is read last
        _print_endpoint(found.endpoint, session, console)


def _print_endpoint(endpoint: EndpointRecord, session: Session, console: Console) -> None:
    _section(console, f"Endpoint, asked for {session.catalog.default_id}", list(list_rows(endpoint)))


def _section(console: Console, title: str, rows: list[tuple[str, str]]) -> None:
    console.print()
    console.print(Text(title, style="bold"))
    print_columns(console, [(Text(name, style="cyan"), Text(make_printable(what))) for name, what in rows])


def _spell_setting(row: Row) -> tuple[Text, Text]:
    value = Text(make_printable(row.value))
    value.append(f" · {make_printable(str(row.origin))}", style="dim")
    return Text(row.name, style="cyan"), value


def _conclude(found: Findings) -> Iterator[Text]:
    settings = found.session.settings
    if found.against_sketch:
        yield Text("A sketch run would not work: ", style="bold red").append(
            "; ".join(map(make_printable, found.against_sketch)) + ".", style="not bold default"
        )
    else:
        yield Text("A sketch run would work.", style="bold green")
    if found.against_paid:
        yield Text("A paid run would not: ", style="bold yellow").append(
            "; ".join(map(make_printable, found.against_paid)) + ".", style="not bold default"
        )
    elif settings.base_url.realm == REALM_EMULATED:
        yield Text("A run with cloudflare would ask the emulator and pay nothing.", style="bold green")
    else:
        yield Text("A paid run would be tried: ", style="bold green").append(
            "whether the account and the token are right shows only when somebody asks.",
            style="not bold default",
        )


def _find_provider(session: Session) -> tuple[str | None, str | None]:
    try:
        facts = session.provider
    except UsageError:
        return None, None
    return facts.name, facts.realm


def _list_variables(settings: Settings) -> Iterator[tuple[str, str]]:
    rows = {row.name: row for row in settings.list_rows()}
    for label, name, variable in _VARIABLES:
        row = rows[name]
        known = name in settings.origins
        yield label, (f"{row.value}, from {row.origin}" if known else f"not set: {variable}")


def _spell_project(settings: Settings) -> str:
    if settings.project_file is None:
        return f"{settings.folder}, without seedflow.yaml"
    return str(settings.project_file)


def _spell_state(state: StateFacts) -> str:
    if not state.exists:
        parts = [f"{state.root}, made by the first run"]
    else:
        count = f"{state.pictures:,} picture{'' if state.pictures == 1 else 's'}"
        parts = [str(state.root), count, f"{state.size_bytes / 1e6:,.1f} MB"]
    parts.append(
        {(True, True): "readable and writable", (True, False): "readable, not writable"}.get(
            (state.readable, state.writable), "not usable"
        )
    )
    locks = {True: "locks work", False: "no locks", None: "locks cannot be relied on"}[state.has_locks]
    return ", ".join([*parts, locks + (f" ({state.file_system})" if state.file_system else "")])


def _spell_model(model: Model, session: Session) -> str:
    mark = "the default; " if model.id == session.catalog.default_id else ""
    where = "" if model.origin == SHIPPED else f"; {model.origin}"
    return f"{mark}{spell_price(model, session)}{where}"
