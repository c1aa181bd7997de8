"""Calls and their sums as lines and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum, auto
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.moments import spell_moment, to_json_moment
from seedflow.diagnostics.printable import make_printable
from seedflow.money import ZERO_USD, format_usd, to_json_usd
from seedflow.providers.options import REALM_EMULATED, REALM_SKETCH
from seedflow.store.base import AttemptState
from seedflow.store.calls import OPEN_STATES, RESTORED, Call, StateTotal
from seedflow.store.check_rows import COLLECTED

FEWEST_COLUMNS: Final = 60
"""With fewer, a call's time, state and cost share a line of their own."""

_DAY: Final = len("2026-11-25")

STYLES: Final = {
    AttemptState.DONE: "green",
    AttemptState.FAILED: "red",
    AttemptState.LOST_PAID: "bold red",
    AttemptState.UNKNOWN: "bold yellow",
    AttemptState.SENDING: "yellow",
}


@dataclass(frozen=True, slots=True)
class _Common:
    """What all calls of a run have in common, told above them: None where they differ."""

    model: str | None
    day: str | None


def print_calls(
    console: Console, calls: Sequence[Call], earlier: int, *, within: str = "", notes: bool = True
) -> None:
    """A line or two for each call below a heading for each run that paid, the newest last.

    Args:
        console: where to.
        calls: in the order in which they were made.
        earlier: how many came before and are not shown.
        within: the run that has been told already.
        notes: whether to say what is odd about each.
    """
    if earlier:
        word = "call" if earlier == 1 else "calls"
        print_folded(console, Text(f"and {earlier:,} earlier {word}: --all", style="dim"))
    runs: dict[tuple[str, str, str], list[Call]] = {}
    for call in calls:
        runs.setdefault((call.payer_run_id, call.recipe, call.realm), []).append(call)
    for number, ((run_id, recipe, realm), found) in enumerate(runs.items()):
        common = _find_common(found)
        if number:
            console.print()
        told = [f"run {run_id}", recipe, realm]
        if run_id == within:  # of an import, calls of several recipes may be told
            told = [recipe] if found[0].imported else []
        told += [part for part in (common.model, common.day) if part is not None]
        if told:
            print_folded(console, Text(make_printable(" · ".join(told)), style="bold"))
        print_columns(console, [_fit(console, *_list_cells(call, common, notes=notes)) for call in found])
    console.print()


def _find_common(calls: Sequence[Call]) -> _Common:
    models = {call.model for call in calls}
    days = {spell_moment(call.began_at)[:_DAY] for call in calls}
    return _Common(
        models.pop() if len(models) == 1 else None,
        days.pop() if len(days) == 1 else None,
    )


def _list_cells(call: Call, common: _Common, *, notes: bool) -> tuple[Text, ...]:
    moment = spell_moment(call.began_at)
    return (
        Text(moment if common.day is None else moment[_DAY:].strip(), style="dim"),
        Text(call.state.value, style=STYLES.get(call.state, "")),
        Text(spell_cost(call)),
        _describe(call, common, notes=notes),
    )


def _fit(console: Console, *cells: Text) -> tuple[Text, ...]:
    """All cells, or where there is little room all but the last as one."""
    if console.width >= FEWEST_COLUMNS:
        return cells
    return Text("  ").join(cells[:-1]), cells[-1]


def _describe(call: Call, common: _Common, *, notes: bool) -> Text:
    text = Text(make_printable(call.address), style="cyan")
    rest = [
        *([f"take {call.take}"] if call.take > 1 and f"#{call.take}" not in call.address else []),
        *([f"attempt {call.attempt}"] if call.attempt > 1 else []),
        *([call.model] if common.model is None else []),
    ]
    if rest:
        text.append(" · " + make_printable(" · ".join(rest)), style="not bold default")
    note = find_note(call) if notes else None
    if note:
        text.append(f" · {make_printable(note)}", style="yellow")
    return text


def find_note(call: Call) -> str | None:
    """What is odd about a call, or None."""
    if call.state in (*OPEN_STATES, AttemptState.RESERVED) and call.alive:
        return "at work now"
    if call.imported:
        return f"imported, {format_usd(call.elsewhere_usd)} paid elsewhere"
    if call.message == RESTORED:
        return RESTORED
    if call.answer_kept:
        return "its answer is kept; the next run takes it up"
    if call.state is AttemptState.SENDING:
        return "its run ended before the answer came"
    if call.state is AttemptState.DONE and (call.message or "").startswith(COLLECTED):
        return call.message
    if call.state in (AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.LOST_PAID):
        return ": ".join(part for part in (call.failure, _spell_message(call)) if part) or None
    return None


def _spell_message(call: Call) -> str | None:
    """Why it ended so, and what was found since: a line each in the ledger."""
    return None if call.message is None else "; ".join(call.message.splitlines())


def spell_cost(call: Call) -> str:
    """`$0.04`, `$0.04?` for what may have been paid, `($0.04)` for what is set aside."""
    if call.perhaps_usd:
        return f"{format_usd(call.perhaps_usd)}?"
    if call.reserved_usd:
        return f"({format_usd(call.reserved_usd)})"
    return format_usd(call.spent_usd)


class Open(Enum):
    """What is open of calls that no run is at work on: nothing, answers that are kept, or also what became of calls."""

    NONE = auto()
    KEPT = auto()
    LOST = auto()


def find_open(calls: Sequence[Call]) -> Open:
    """What is open of open calls."""
    if not calls:
        return Open.NONE
    return Open.KEPT if all(call.answer_kept for call in calls) else Open.LOST


def print_totals(console: Console, totals: Sequence[StateTotal], *, still_open: Open) -> None:
    """Sums by state, each realm apart: what the emulator bills is nobody's money."""
    for realm, found in groupby(totals, key=lambda total: total.realm):
        states = list(found)
        console.print(Text(f"{make_printable(realm)}{_explain(realm)}", style="bold"))
        print_columns(
            console,
            [
                _fit(
                    console,
                    Text(total.state.value, style=STYLES.get(total.state, "")),
                    Text(_spell_calls(total.calls, total.imported)),
                    Text(
                        spell_money(
                            total.spent_usd, total.perhaps_usd, total.reserved_usd, total.elsewhere_usd
                        )
                    ),
                )
                for total in states
            ],
        )
        if len(states) > 1:
            money = spell_money(
                sum((total.spent_usd for total in states), ZERO_USD),
                sum((total.perhaps_usd for total in states), ZERO_USD),
                sum((total.reserved_usd for total in states), ZERO_USD),
                sum((total.elsewhere_usd for total in states), ZERO_USD),
            )
            count = _spell_calls(
                sum(total.calls for total in states), sum(total.imported for total in states)
            )
            print_columns(console, [(Text(f"{count} in all: {money}", style="bold"),)])
    if any(total.state is AttemptState.FAILED and total.perhaps_usd for total in totals):
        console.print()
        told = "A call that was refused, with `?`, may have been billed all the same. `seedflow ledger reconcile` asks the log; where that does not know, only the provider's bill tells."
        print_folded(console, Text(told))
    if any(total.state in (AttemptState.UNKNOWN, AttemptState.SENDING) for total in totals):
        console.print()
        what = {
            Open.LOST: "`seedflow ledger reconcile` asks the provider's log",
            Open.KEPT: "its answer is kept, and the next run, or `seedflow ledger reconcile`, takes it up",
            Open.NONE: "a run is at work on it",
        }[still_open]
        print_folded(console, Text(f"`?` may have been paid; {what}."))


def _explain(realm: str) -> str:
    if realm == REALM_SKETCH:
        return ": drawn here, costs nothing"
    return ": nothing real is paid" if realm == REALM_EMULATED else ""


def _spell_calls(calls: int, imported: int) -> str:
    here = f"{calls:,} {'call' if calls == 1 else 'calls'}"
    return here if not imported else f"{here}, {imported:,} imported"


def spell_money(
    spent_usd: Decimal, perhaps_usd: Decimal, reserved_usd: Decimal, elsewhere_usd: Decimal = ZERO_USD
) -> str:
    """`$0.08 spent, $0.04 perhaps billed`."""

    def list_parts() -> Iterator[str]:
        if spent_usd or not (perhaps_usd or reserved_usd):
            yield f"{format_usd(spent_usd)} spent"
        if perhaps_usd:
            yield f"{format_usd(perhaps_usd)} perhaps billed"
        if reserved_usd:
            yield f"{format_usd(reserved_usd)} reserved"
        if elsewhere_usd:
            yield f"{format_usd(elsewhere_usd)} paid elsewhere"

    return ", ".join(list_parts())


def describe_call(call: Call) -> dict[str, object]:
    """A call as plain data."""
    return {
        "number": call.attempt_id,
        "time": to_json_moment(call.began_at),
        "sent": to_json_moment(call.sent_at),
        "answered": to_json_moment(call.answered_at),
        "state": call.state.value,
        "at_work": call.alive,
        "cost_usd": to_json_usd(call.spent_usd),
        "perhaps_usd": to_json_usd(call.perhaps_usd),
        "reserved_usd": to_json_usd(call.reserved_usd),
        "cost_elsewhere_usd": to_json_usd(call.elsewhere_usd),
        "realm": call.realm,
        "recipe": call.recipe,
        "step": call.step,
        "address": call.address,
        "take": call.take,
        "attempt": call.attempt,
        "model": call.model,
        "images": call.images,
        "run": call.run_id,
        "paid_by_run": call.payer_run_id,
        "intent": call.intent_id,
        "answer_kept": call.answer_kept,
        "failure": call.failure,
        "message": _spell_message(call),
    }


def describe_total(total: StateTotal) -> dict[str, object]:
    """A sum as plain data."""
    return {
        "realm": total.realm,
        "state": total.state.value,
        "calls": total.calls,
        "imported": total.imported,
        "cost_usd": to_json_usd(total.spent_usd),
        "perhaps_usd": to_json_usd(total.perhaps_usd),
        "reserved_usd": to_json_usd(total.reserved_usd),
        "cost_elsewhere_usd": to_json_usd(total.elsewhere_usd),
    }
