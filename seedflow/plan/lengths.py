"""How many items lists may have that are not known yet: by what they are made of, and by what recipes declare."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace

from seedflow.graph.bounds import find_extent, measure_extent
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.plan.fallbacks import evaluate_known, find_reached, may_all_be_skipped, narrow_to_truth
from seedflow.plan.filtered import FilteredBounds
from seedflow.plan.frames import Env
from seedflow.plan.gaps import MOST_ITEMS, Gap, Item, Listing, count_most, find_gap
from seedflow.plan.list_items import (
    find_declared,
    gives_items,
    is_one_at_most,
    is_one_item,
    is_one_value,
    narrow_to,
)
from seedflow.plan.model import Bounds
from seedflow.plan.nesting import holds_no_lists, is_flat, measure
from seedflow.plan.picking import Absent, count_part, is_single
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.selected import SelectionBounds
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.views import PendingTask
from seedflow.plan.whole import find_part, find_whole, follow, look_behind, read_cut
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference, Reference, Slice, StepReference
from seedflow.recipe.template import RenderError, Skipped, Template, TemplateForm, look_up, may_leave_out
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import And, Applied, Binary, Either, ListOf, Or
from seedflow.recipe.views import View

_ANY_NUMBER = Bounds(0, MOST_ITEMS)
_ONE = Bounds(1, 1)


class LengthFinder:
    """Bounds the lengths of lists. `take_apart` gives the parts of a mention as far as these are known."""

    def __init__(
        self,
        resolver: Resolver,
        stander: Stander,
        take_apart: Callable[[Reference, Env], Listing | None],
        selections: SelectionBounds,
        filtered: FilteredBounds,
    ) -> None:
        self._resolver = resolver
        self._stander = stander
        self._take_apart = take_apart
        self._selections = selections
        self._filtered = filtered

    def find(self, template: Template, env: Env) -> Bounds[int]:
        """How many items a list may have that is not known yet."""
        node = template.expression
        whole = node.reference if isinstance(node, Mentioned) else find_whole(template)
        if whole is not None:
            return self.of_mention(whole, env)
        part = find_part(template)
        if part is not None:
            return count_part(self.of_mention(part[0], env), part[1])
        together = self._of_sum(node, template, env)
        if together is not None:
            return together
        extent = find_extent(template)
        if extent is None:
            return _ANY_NUMBER
        longest = measure_extent(extent, lambda source: self._longest(source, env), MOST_ITEMS)
        least = self._least_of_first(node, template, env) if isinstance(node, FirstOf) else 0
        return Bounds(least, max(least, longest))

    def _of_sum(self, node: Node | None, around: Template, env: Env) -> Bounds[int] | None:
        """Of collections and single results of steps that `+` and brackets put together, in any order; None for anything else."""
        match node:
            case Binary(operator=operators.add, left=left, right=right):
                first, second = self._of_sum(left, around, env), self._of_sum(right, around, env)
                if first is None or second is None:
                    return None
                return Bounds(first.low + second.low, min(first.high + second.high, MOST_ITEMS))
            case Applied() if (filtered := self._filtered.find(node, around, env)) is not None:
                return filtered
            case Applied(name=name, arguments=(first,)) if name in SAME_ITEMS:
                return self._of_sum(first, around, env)
            case Part(base=base):
                uncut, cut = self._of_sum(base, around, env), self._find_cut(node, around, env)
                return None if uncut is None or cut is None else count_part(uncut, cut)
            case Applied(name="zip", keywords=lists) if lists:
                return self._of_pairs(lists.values(), around, env)
            case Applied(name="unique", arguments=(first, *_)):
                repeated = self._of_sum(first, around, env)
                return None if repeated is None else Bounds(min(repeated.low, 1), repeated.high)
            case WithoutFailed(argument=argument):
                there = self._of_sum(argument, around, env)
                return None if there is None else Bounds(0, there.high)
            case Either() | Or() | And() | FirstOf():
                return self._of_choice(node, around, env)
            case ListOf(items=items) if all(
                is_one_at_most(item) or self._is_given(item, around, env) for item in items
            ):
                found = [self._of_bracketed(item, env) for item in items]
                return Bounds(sum(low for low, _ in found), sum(high for _, high in found))
            case OrNone(argument=Mentioned(reference=mention)):
                return self._of_optional(mention, around, env)
            case Named(root="inputs" | "values" as root, name=name):
                mentioned = NameReference(root, (name,), node.start, node.end)
                bounds = self.of_mention(mentioned, env)
                declared = find_declared(mentioned, env)
                if bounds.high >= MOST_ITEMS or not gives_items(mentioned, declared, env):
                    return None
                # Of what comes of results, the caller's expression says it; a value that is known may be none.
                later = name in (env.frame.later if root == "inputs" else env.frame.lazy_values)
                given = later or (declared is not None and not declared.optional)
                return bounds if given else Bounds(0, bounds.high)
            case Mentioned(reference=StepReference(index=None, collection=str()) as mention):
                bounds = self.of_mention(mention, env)
                parts = self._take_apart(mention, env) or []
                return Bounds(min(bounds.low, self._count_least(parts)), bounds.high)
            case Mentioned(reference=StepReference(index=Slice() as cut, collection=str()) as mention):
                uncut = self._of_sum(Mentioned(replace(mention, index=None)), around, env)
                return None if uncut is None else count_part(uncut, cut)
            case _:
                return None

    def _of_choice(self, node: Either | Or | And | FirstOf, around: Template, env: Env) -> Bounds[int] | None:
        """Of one of several lists, by what is known of which that is."""
        match node:
            case Either(test=test, then=then, otherwise=otherwise):
                holds = evaluate_known(narrow_to_truth(around, test), env, self._stander)
                branches = [then, otherwise] if holds is None else [then if holds else otherwise]
                return self._of_any(branches, around, env)
            case Or(left=left, right=right) | And(left=left, right=right):
                holds = evaluate_known(narrow_to_truth(around, left), env, self._stander)
                if holds is not None:
                    return self._of_sum(left if holds is isinstance(node, Or) else right, around, env)
                first, second = self._of_sum(left, around, env), self._of_sum(right, around, env)
                if first is None or second is None:
                    return None
                return (
                    self._of_or(left, first, second, env) if isinstance(node, Or) else _of_and(first, second)
                )
            case FirstOf(arguments=arguments):
                reached, _ = find_reached(arguments, around, env, self._stander)
                found = self._of_any(reached, around, env)
                if found is None:
                    return None
                return Bounds(min(self._least_of_first(node, around, env), found.high), found.high)

    def _of_any(self, branches: Iterable[Node], around: Template, env: Env) -> Bounds[int] | None:
        """Of whichever of several it will be."""
        found = [self._of_sum(branch, around, env) for branch in branches]
        known = [bounds for bounds in found if bounds is not None]
        if len(known) < len(found):
            return None
        return Bounds(min((low for low, _ in known), default=0), max((high for _, high in known), default=0))

    def _of_or(self, left: Node, first: Bounds[int], second: Bounds[int], env: Env) -> Bounds[int]:
        """Of a list that takes the place of another one where that has no items."""
        if first.low:
            return first
        if not first.high:
            return second
        least = 1
        if isinstance(left, OrNone) and isinstance(left.argument, Mentioned):
            least = max(1, self._least_if_made(left.argument.reference, env))
        return Bounds(min(least, second.low), max(first.high, second.high))

    def _find_cut(self, part: Part, around: Template, env: Env) -> Slice | None:
        """Where a part begins and ends, as far as that is known."""
        literal = read_cut(part)
        if literal is not None:
            return literal
        ends: list[int | None] = []
        for bound in part.bounds:
            end = None if bound is None else evaluate_known(around.narrow(bound), env, self._stander)
            if bound is not None and (not isinstance(end, int) or isinstance(end, bool)):
                return None
            ends.append(end if isinstance(end, int) else None)
        return Slice(*ends)

    def _of_pairs(self, lists: Iterable[Node], around: Template, env: Env) -> Bounds[int] | None:
        """Of lists side by side: as many as each of them has, since otherwise there are none at all, and nothing is asked."""
        found = [bounds for one in lists if (bounds := self._of_sum(one, around, env)) is not None]
        if not found:
            return None
        low, high = max(one.low for one in found), min(one.high for one in found)
        return Bounds(min(low, high), high)

    def _of_optional(self, mention: StepReference, around: Template, env: Env) -> Bounds[int] | None:
        """What there is where it was not skipped, and no items where it was."""
        standing = Standing()
        self._stander.add([replace(mention, skip_ok=False)], env, standing)
        if standing.skips is not None:
            return Bounds(0, 0)
        bounds = self._of_sum(Mentioned(mention), around, env)
        if bounds is None or not standing.may_be_skipped:
            return bounds
        return Bounds(0, bounds.high)

    def _of_bracketed(self, node: Node, env: Env) -> Bounds[int]:
        match node:
            case OrNone(argument=Mentioned(reference=reference)):
                return self._of_one([reference], env)
            case OrNone():
                return Bounds(0, 1)
            case _:
                return _ONE

    def _is_given(self, node: Node, around: Template, env: Env) -> bool:
        """Whether an item in brackets is one thing that is known."""
        value = evaluate_known(around.narrow(node), env, self._stander)
        return value is not None and not isinstance(value, (list, tuple))

    def of_item(self, item: Expression, env: Env) -> Bounds[int]:
        """Whether an item that is written out is one: it is none where `optional` gives none for it."""
        return (
            self._of_one(item.references, env) if isinstance(item, Template) and may_leave_out(item) else _ONE
        )

    def _of_one(self, references: Iterable[Reference], env: Env) -> Bounds[int]:
        standing = Standing()
        self._stander.add([replace(one, skip_ok=False) for one in references], env, standing)
        if standing.skips is not None:
            return Bounds(0, 0)
        return Bounds(0, 1) if standing.may_be_skipped else _ONE

    def _least_of_first(self, node: FirstOf, template: Template, env: Env) -> int:
        """The fewest items of the alternative that it will be; none where all of them may be skipped."""
        return 0 if may_all_be_skipped(template, env, self._stander) else self._fewest(node, env)

    def may_be_empty(self, items: Expression, env: Env, *, skips: bool) -> bool:
        """Whether a list may turn out to have nothing in it; one of which everything was skipped `skips` what goes through it."""
        node = items.expression if isinstance(items, Template) else None
        return self._fewest(node, env) == 0 if isinstance(node, FirstOf) else not skips

    def _fewest(self, node: FirstOf, env: Env) -> int:
        """The fewest items of an alternative that is not skipped."""
        least: list[int] = []
        for argument in node.arguments:
            if not isinstance(argument, Mentioned):
                return 0
            mention = replace(argument.reference, skip_ok=False)
            standing = Standing()
            self._stander.add([mention], env, standing)
            if standing.skips is None:
                least.append(self._least_if_made(mention, env))
                if not standing.may_be_skipped:
                    break
        return min(least, default=0)

    def _least_if_made(self, mention: StepReference, env: Env) -> int:
        """How many items there are at least if what is mentioned is not skipped: of a request of its own, one for each take."""
        bounds = self.of_mention(replace(mention, index=None), env)
        tasks = self._resolver.find_tasks(mention, env)
        asked = tasks.node.step.call is None and is_single(mention, tasks) and not mention.fail_ok
        least = max(bounds.low, tasks.takes) if asked else bounds.low
        if isinstance(mention.index, Slice):
            return count_part(Bounds(least, max(least, bounds.high)), mention.index).low
        return least if mention.index is None else 0

    def _count_least(self, parts: Listing) -> int:
        """How many items there are at least: what has its key, and may yet be skipped, is none."""
        return sum(
            part.bounds.low if isinstance(part, Gap) else int(not self._may_skip(part)) for part in parts
        )

    def _may_skip(self, item: Item) -> bool:
        subject = item.value.subject if isinstance(item.value, View) else None
        if not isinstance(subject, PendingTask) or subject.instance.inner is None:
            return find_gap(item) is not None
        standing = Standing()
        self._stander.add_instance(subject.instance, standing)
        return bool(standing.waits) and standing.may_be_skipped

    def of_mention(self, whole: Reference, env: Env) -> Bounds[int]:
        """How many items the list has that a mention gives."""
        declared = find_declared(whole, env)
        found = self._of_given(whole, env)
        return found if declared is None else narrow_to(found, declared)

    def _of_given(self, whole: Reference, env: Env) -> Bounds[int]:
        """By what the caller of a used recipe wrote, or by what is known already."""
        given, where = follow(whole, env, self._resolver.refresh)
        if isinstance(given, (StepReference, NameReference)):
            cut = given.index if isinstance(given, StepReference) else None
            if isinstance(cut, int):
                return Bounds(1, 1)
            all_of_it = replace(given, index=None) if isinstance(given, StepReference) else given
            parts = self._take_apart(all_of_it, where)
            if parts is not None:
                bounds = Bounds(self._count_least(parts), count_most(parts))
                return count_part(bounds, cut) if isinstance(cut, Slice) else bounds
            if (
                isinstance(all_of_it, StepReference)
                and all_of_it.selector is not None
                and all_of_it.collection
            ):
                bounds = self._selections.find(all_of_it, where)
                return count_part(bounds, cut) if isinstance(cut, Slice) else bounds
        if isinstance(given, tuple):
            return Bounds(sum(map(is_one_item, given)), len(given))
        if isinstance(given, Template):
            return self.find(given, where)
        if isinstance(given, NameReference):
            if given.root == "each" and len(given.path) == 1 and is_one_value(where.each.get(given.name)):
                return Bounds(1, 1)
            if not self._stander.waits_for_name(given, where):
                return self._of_known(given, where) or _ANY_NUMBER
        return _ANY_NUMBER

    def _longest(self, source: Reference, env: Env) -> int:
        """The most items that something can give that is made of one mention without lengthening it."""
        if is_flat(source, env):
            return self.of_mention(source, env).high
        if isinstance(source, NameReference):
            behind = look_behind(source, env, self._resolver.refresh)
            return self._longest_of_name(source, env) if behind is None else self._reach(*behind)
        source = replace(source, index=None)
        collections: tuple[StepReference, ...] = (source,)
        if source.collection in (None, "tasks"):
            collections = (replace(source, collection="tasks"), replace(source, collection="images"))
        return max(self.of_mention(one, env).high for one in collections)

    def _longest_of_name(self, name: NameReference, env: Env) -> int:
        parts = self._take_apart(name, env)
        if parts is not None:
            return count_most(parts)
        if name.root == "each" and len(name.path) == 1 and is_one_value(env.each.get(name.name)):
            return 1
        if self._stander.waits_for_name(name, env):
            return MOST_ITEMS
        try:
            return measure(look_up(name, self._resolver.build_scope(env)))
        except (Absent, Refused, RenderError, Skipped):
            return MOST_ITEMS

    def _reach(self, expression: Expression, env: Env) -> int:
        """The length of the longest list of what is written somewhere, lists within lists included."""
        if isinstance(expression, tuple):
            return max([len(expression), *(self._reach(item, env) for item in expression)])
        if isinstance(expression, Mapping):
            return max((self._reach(item, env) for item in expression.values()), default=1)
        if expression.form is TemplateForm.LITERAL:
            return measure(expression.literal(as_text=False))
        if expression.form is TemplateForm.TEXT:
            return 1
        extent = find_extent(expression, nested=True) or find_extent(expression)
        if extent is None:
            return MOST_ITEMS
        if holds_no_lists(expression, env):
            return self.find(expression, env).high
        return measure_extent(extent, lambda source: self._longest(source, env), MOST_ITEMS)

    def _of_known(self, name: NameReference, env: Env) -> Bounds[int] | None:
        try:
            value = look_up(name, self._resolver.build_scope(env))
        except (Absent, Refused, RenderError, Skipped):
            return None
        length = len(value) if isinstance(value, (list, tuple)) else 1
        return Bounds(length, length)


def _of_and(first: Bounds[int], second: Bounds[int]) -> Bounds[int]:
    """Of a list that comes to be only where another one has items."""
    return Bounds(second.low if first.low else 0, second.high if first.high else 0)
