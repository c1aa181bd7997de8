"""One trial of budgets: a random recipe, random budgets and faults, one run or two at once, and the emulator's bill.

Serves the suite (`test_budgets.py`) and the long runs of `python tests/deep budgets`.
"""

from __future__ import annotations

import json
import random
import shutil
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from fork_server import Ended, Order
from point_trial import Bench
from project import Project

PRICE = Decimal("0.04")
ENDS = {0, 2, 3, 4, 6}
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "status", "status": 500, "code": 7000, "message": "oops"},
    {"kind": "status", "status": 429, "code": 3040, "message": "capacity"},
    {"kind": "bill-then-drop"},
    {"kind": "bill-then-drop", "reset": True},
    {"kind": "cut-body"},
    {"kind": "close-before-reading"},
    {"kind": "close-after-reading"},
    {"kind": "close-after-reading", "logged": False},
    {"kind": "html", "billed": True},
    {"kind": "wrong-schema"},
    {"kind": "moderation", "billed": True},
    {"kind": "dead-url"},
)


@dataclass(slots=True)
class Outcome:
    """How the runs of a trial ended, and what was billed."""

    codes: list[int] = field(default_factory=list)
    billed_usd: Decimal = Decimal(0)
    tight: bool = False


def draw_recipe(lots: random.Random) -> str:
    """Layers of steps: single ones, sets and fans, with references backwards; some make the same request."""
    lines, names = ["seedflow: 1", "name: book", "steps:"], list[str]()
    for number in range(lots.randint(1, 4)):
        most, fan = lots.randint(1, 3), lots.choice([0, 0, 2, 3])
        prompt = f"P{lots.randint(0, number)}" + (" {{ each.i }}" if fan else "")
        parts = [f'prompt: "{prompt}"']
        if most > 1:
            parts += ["sequential_image_generation: auto", f"max_images: {most}"]
        if names and lots.random() < 0.6:
            parts.append(f'image_input: ["{{{{ steps.{lots.choice(names)}.images[:2] }}}}"]')
        each = f"for_each: {{i: [{', '.join(f'v{item}' for item in range(fan))}]}}, " if fan else ""
        takes = "takes: 2, " if lots.random() < 0.15 else ""
        lines.append(f"  s{number}: {{{each}{takes}generate: {{{', '.join(parts)}}}}}")
        names.append(f"s{number}")
    return "\n".join(lines) + "\n"


def draw_budgets(lots: random.Random, most_images: int) -> dict[str, Decimal]:
    """Some scopes, each with room for none, some or all of the images; not always a whole number of them."""
    scopes = lots.sample(["run", "step", "day", "project"], lots.choice([1, 1, 2, 4]))
    least = 0 if lots.random() < 0.3 else most_images // 2
    return {
        scope: PRICE * lots.randint(least, 2 * most_images) + Decimal(lots.choice(["0", "0.01", "0.039"]))
        for scope in scopes
    }


def run_budget_trial(bench: Bench, seed: int) -> Outcome:
    """Up to three turns in one project, of one run or two at once, all against the same day and project.

    Raises:
        AssertionError: more was billed than allowed, or than was planned. The project's folder stays.
    """
    lots, outcome = random.Random(seed), Outcome()
    bench.emulator.reset()
    project = bench.set_up("chain", bench.folder / f"budget-{seed}")
    project.write("book.yaml", draw_recipe(lots))
    plan = bench.run(project, "plan", "book.yaml", "--json")
    assert plan.code == 0, plan.err
    budgets = draw_budgets(lots, json.loads(plan.out)["totals"]["images"][1])
    lines = "".join(f"  {scope}_usd: {limit}\n" for scope, limit in sorted(budgets.items()))
    project.write(
        "seedflow.yaml", f"provider:\n  timeouts: {{log_s: {lots.choice([0.2, 5])}}}\nbudget:\n{lines}"
    )
    for _ in range(lots.randint(1, 3)):
        turn(bench, project, budgets, lots, outcome)
    outcome.billed_usd = Decimal(str(bench.emulator.bill()["cost_usd"]))
    outcome.tight = 4 in outcome.codes
    shutil.rmtree(project.folder)
    return outcome


def turn(
    bench: Bench, project: Project, budgets: dict[str, Decimal], lots: random.Random, outcome: Outcome
) -> None:
    """One run or two at once, with faults; then the bill is held against every bound."""
    faults = [dict(lots.choice(FAULTS)) for _ in range(lots.choice([0, 0, 1, 2, 4]))]
    bench.emulator.set_faults(*faults)
    planned_usd = read_most(bench.run(project, "plan", "book.yaml", "--json"))
    before = bench.emulator.bill()["entries"]
    consent = lots.random() < 0.3
    words = ["run", "book.yaml", "--yes", "--json", *(["--on-unknown", "retry"] if consent else [])]
    most_usd = PRICE * lots.randint(0, 8) if lots.random() < 0.3 else None
    if most_usd is not None:
        words += ["--max-cost", str(most_usd)]
    order = Order(words, str(project.folder), project.env)
    ended = bench.server.run(*[order] * lots.choice([1, 1, 2]))
    outcome.codes += [one.code for one in ended]
    assert {one.code for one in ended} <= ENDS, [(one.code, one.err, one.out) for one in ended]
    entries = bench.emulator.bill()["entries"]
    check_bounds(entries, before, budgets, ended, most_usd)
    fresh_usd = cost(entries[len(before) :])
    assert consent or fresh_usd <= planned_usd, f"{fresh_usd} billed, {planned_usd} planned at most"


def check_bounds(
    entries: list[dict[str, Any]],
    before: list[dict[str, Any]],
    budgets: dict[str, Decimal],
    ended: list[Ended],
    most_usd: Decimal | None,
) -> None:
    """By the emulator's bill alone."""
    for scope in ("day", "project"):
        assert scope not in budgets or cost(entries) <= budgets[scope], (
            f"{scope}: {cost(entries)} > {budgets}"
        )
    fresh = entries[len(before) :]
    run_usd = min([found for found in (budgets.get("run"), most_usd) if found is not None], default=None)
    assert run_usd is None or cost(fresh) <= run_usd * len(ended), f"run: {cost(fresh)} > {run_usd}"
    steps = {entry["task"].split("[")[0].split("#")[0] for entry in fresh}
    for step in steps if "step" in budgets else ():
        spent = cost([entry for entry in fresh if entry["task"].split("[")[0].split("#")[0] == step])
        assert spent <= budgets["step"] * len(ended), f"step {step}: {spent} > {budgets['step']}"


def cost(entries: list[dict[str, Any]]) -> Decimal:
    """What entries of a bill cost."""
    return sum((Decimal(str(entry["cost_usd"])) for entry in entries), Decimal(0))


def read_most(ended: Ended) -> Decimal:
    """A plan's upper bound."""
    assert ended.code == 0, ended.err
    return Decimal(str(json.loads(ended.out)["totals"]["cost_usd"][1]))
