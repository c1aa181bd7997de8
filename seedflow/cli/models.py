"""`seedflow models`: every image model that recipes here may name, what it costs, and where it comes from."""

from __future__ import annotations

from collections.abc import Iterator

import click
from rich.text import Text

from seedflow.cli.columns import print_columns
from seedflow.cli.console import open_console
from seedflow.cli.help import Command
from seedflow.cli.model_text import describe_model, spell_images, spell_price, spell_references
from seedflow.cli.session import start
from seedflow.cli.terminal import print_json
from seedflow.diagnostics.printable import make_printable
from seedflow.errors import ExitCode
from seedflow.models.model import Model
from seedflow.pipeline.session import Session


@click.command(
    "models",
    cls=Command,
    examples=(
        ("seedflow models", ""),
        ("seedflow models --json", ""),
    ),
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object on standard output.")
def command(as_json: bool) -> int:
    """List the models that recipes here may name: parameters, references, price, and where each comes from."""
    session = start()
    models = session.catalog.sorted_models
    if as_json:
        print_json({"models": [describe_model(model, session) for model in models]})
        return ExitCode.DONE
    console = open_console()
    for number, model in enumerate(models):
        if number:
            console.print()
        mark = ", the default" if model.id == session.catalog.default_id else ""
        title = Text(make_printable(model.id), style="bold cyan")
        console.print(title.append(mark, style="not bold default"), soft_wrap=True)
        rows = list(_list_rows(model, session))
        print_columns(console, [(Text(name), Text(make_printable(what))) for name, what in rows])
    return ExitCode.DONE


def _list_rows(model: Model, session: Session) -> Iterator[tuple[str, str]]:
    yield "takes", ", ".join(model.parameters)
    yield "references", spell_references(model)
    yield "gives", spell_images(model)
    yield "price", spell_price(model, session)
    yield "from", model.origin
