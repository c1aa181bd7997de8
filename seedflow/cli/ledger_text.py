"""Calls and their sums as lines and as plain data."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from typing import Final

from rich.console import Console
from rich.text import Text

from seedflow.cli.columns import print_columns, print_folded
from seedflow.cli.moments import spell_moment, to_json_moment
from seedflow.diagnostics.printable import make_printable
from seedflow.money import format_usd, to_json_usd
from seedflow.providers.options import REALM_EMULATED, REALM_SKETCH
from seedflow.store.base import AttemptState
from seedflow.store.calls import IMPORT_PREFIX, OPEN_STATES, Call, StateTotal

FEWEST_COLUMNS: Final = 72
"""With fewer, a call's time, state and cost share a line of their own."""

STYLES: Final = {
    AttemptState.DONE: "green",
    AttemptState.FAILED: "red",
    AttemptState.LOST_PAID: "bold red",
    AttemptState.UNKNOWN: "bold yellow",
    AttemptState.SENDING: "yellow",
}


def print_calls(console: Console, calls: Sequence[Call], earlier: int) -> None:
    """A line or two for each call, the newest last."""
    if earlier:
        word = "call" if earlier == 1 else "calls"
        print_folded(console, Text(f"and {earlier:,} earlier {word}: --all", style="dim"))
    print_columns(console, [_fit(console, *_list_cells(call)) for call in calls])
    console.print()


def _list_cells(call: Call) -> tuple[Text, ...]:
    return (
        Text(spell_moment(call.began_at), style="dim"),
        Text(call.state.value, style=STYLES.get(call.state, "")),
        Text(spell_cost(call)),
        _describe(call),
    )


def _fit(console: Console, *cells: Text) -> tuple[Text, ...]:
    """All cells, or where there is little room all but the last as one."""
    if console.width >= FEWEST_COLUMNS:
        return cells
    return Text("  ").join(cells[:-1]), cells[-1]


def _describe(call: Call) -> Text:
    text = Text(make_printable(call.address), style="cyan")
    rest = [
        *([f"take {call.take}"] if call.take > 1 and f"#{call.take}" not in call.address else []),
        *([f"attempt {call.attempt}"] if call.attempt > 1 else []),
        call.recipe,
        call.model,
        f"run {call.payer_run_id}",
    ]
    text.append(" · " + make_printable(" · ".join(rest)), style="not bold default")
    note = find_note(call)
    if note:
        text.append(f" · {make_printable(note)}", style="yellow")
    return text


def find_note(call: Call) -> str | None:
    """What is odd about a call, or None."""
    if call.state in (*OPEN_STATES, AttemptState.RESERVED) and call.alive:
        return "at work now"
    if call.payer_run_id.startswith(IMPORT_PREFIX):
        return "imported, paid elsewhere"
    if call.state is AttemptState.SENDING:
        return "its run ended before the answer came"
    if call.state in (AttemptState.FAILED, AttemptState.UNKNOWN, AttemptState.LOST_PAID):
        return ": ".join(part for part in (call.failure, call.message) if part) or None
    return None


def spell_cost(call: Call) -> str:
    """`$0.04`, `$0.04?` for what may have been paid, `($0.04)` for what is set aside."""
    if call.perhaps_usd:
        return f"{format_usd(call.perhaps_usd)}?"
    if call.reserved_usd:
        return f"({format_usd(call.reserved_usd)})"
    return format_usd(call.spent_usd)


def print_totals(console: Console, totals: Sequence[StateTotal]) -> None:
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
                    Text(f"{total.calls:,} {'call' if total.calls == 1 else 'calls'}"),
                    Text(spell_money(total.spent_usd, total.perhaps_usd, total.reserved_usd)),
                )
                for total in states
            ],
        )
        if len(states) > 1:
            money = spell_money(
                sum((total.spent_usd for total in states), Decimal(0)),
                sum((total.perhaps_usd for total in states), Decimal(0)),
                sum((total.reserved_usd for total in states), Decimal(0)),
            )
            count = sum(total.calls for total in states)
            print_columns(console, [(Text(f"{count:,} calls in all: {money}", style="bold"),)])
    if any(total.state in (AttemptState.UNKNOWN, AttemptState.SENDING) for total in totals):
        console.print()
        print_folded(
            console, Text("`?` may have been paid; `seedflow ledger reconcile` asks the provider's log.")
        )


def _explain(realm: str) -> str:
    if realm == REALM_SKETCH:
        return ": drawn here, costs nothing"
    return ": nothing real is paid" if realm == REALM_EMULATED else ""


def spell_money(spent_usd: Decimal, perhaps_usd: Decimal, reserved_usd: Decimal) -> str:
    """`$0.08 spent, $0.04 perhaps billed`."""

    def list_parts() -> Iterator[str]:
        if spent_usd or not (perhaps_usd or reserved_usd):
            yield f"{format_usd(spent_usd)} spent"
        if perhaps_usd:
            yield f"{format_usd(perhaps_usd)} perhaps billed"
        if reserved_usd:
            yield f"{format_usd(reserved_usd)} reserved"

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
        "failure": call.failure,
        "message": call.message,
    }


def describe_total(total: StateTotal) -> dict[str, object]:
    """A sum as plain data."""
    return {
        "realm": total.realm,
        "state": total.state.value,
        "calls": total.calls,
        "cost_usd": to_json_usd(total.spent_usd),
        "perhaps_usd": to_json_usd(total.perhaps_usd),
        "reserved_usd": to_json_usd(total.reserved_usd),
    }
