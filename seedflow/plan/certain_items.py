"""Items that a list has for certain, whatever else comes to it: what is wrong with their tasks is wrong before anything is asked."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.diagnostics import Diagnostic
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.plan.addresses import spell_address
from seedflow.plan.conditions import Judge
from seedflow.plan.fallbacks import evaluate_known
from seedflow.plan.frames import Env
from seedflow.plan.instances import Instance, StepTasks, Unit
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.requests import RequestBuilder
from seedflow.plan.resolve import Resolver
from seedflow.plan.rows import Leaf
from seedflow.plan.stander import Stander
from seedflow.recipe.template import Skipped, Template
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied, Binary, ListOf
from seedflow.recipe.templating.walking import walk


def find_certain_units(tasks: StepTasks, leaf: Leaf, resolver: Resolver, stander: Stander) -> Iterator[Unit]:
    """The tasks of such items, made up to be judged and part of no plan: those of one list that waits as a whole for results."""
    if len(leaf.gaps) != 1 or not leaf.count.low:
        return
    ((names, gap),) = leaf.gaps
    if len(names) != 1 or gap.source is not None or gap.may_skip or gap.is_closed:
        return
    (name,) = names
    (variable,) = (one for one in tasks.node.step.for_each if name in one.names)
    for value in _find_values(variable.lists[0], Env(tasks.frame, leaf.row.each), stander):
        key = resolver.find_key(value, variable.key)
        if key is None:
            continue
        keys = tuple((other, key if other == name else own) for other, own in leaf.row.keys)
        each = {**leaf.row.each, name: value}
        instance = Instance(tasks, spell_address(tasks.hub, keys), each, keys, leaf.row.order, ghost=True)
        yield Unit(instance.address, instance, 1, 0, True, Env(tasks.frame, each))


def find_problem_of(unit: Unit, builder: RequestBuilder, judge: Judge) -> Diagnostic | None:
    """What is wrong with such a task for certain; None while a condition is open, or where what it stands on decides."""
    try:
        verdict = judge.judge(unit, unit.env, builder.expressions)
        standing = verdict.standing
        left_out = verdict.refused or standing.skips is not None or standing.failed is not None
        if not (left_out or verdict.open or standing.may_be_skipped):
            builder.build(unit.env, unit.keys, certain=True)
    except Refused as refused:
        return refused.diagnostic
    except (Absent, Skipped):
        return None  # which is told of results once they are there
    return None


def _find_values(expression: object, env: Env, stander: Stander) -> Iterator[object]:
    whole = expression.expression if isinstance(expression, Template) else None
    if not isinstance(expression, Template) or not isinstance(whole, Applied | Binary | ListOf):
        return
    for node in _list_items(whole):
        if any(isinstance(part, Mentioned) for part in walk(node)):
            continue
        value = evaluate_known(expression.narrow(node), env, stander)
        yield from value if isinstance(value, (list, tuple)) else () if value is None else (value,)


def _list_items(node: Expression) -> Iterator[Expression]:
    """What stands in brackets, and the names of lists, that `+` puts together, in whatever order."""
    match node:
        case Applied(name=name, arguments=(items,)) if name in SAME_ITEMS:
            yield from _list_items(items)
        case Binary(operator=operators.add, left=left, right=right):
            yield from _list_items(left)
            yield from _list_items(right)
        case ListOf(items=items):
            yield from items
        case Named():
            yield node
        case _:
            pass
