"""The keys that items of a list will have which only the run knows, as far as its parts give them away.

A list that is put together by `+` or brackets is there all at once; what it is put together from is often known before.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import combinations

from seedflow.graph.handed_through import find_repeating
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import SAME_ITEMS
from seedflow.plan.fallbacks import evaluate_known, find_reached
from seedflow.plan.foreseen_items import Column, Foreseen, doubt_all, let_fail, pick_foreseen
from seedflow.plan.frames import Env
from seedflow.plan.gaps import Gap, Item, Listing, find_gap, merge_parts
from seedflow.plan.instances import Group, Instance, StepTasks, Unit
from seedflow.plan.listing import Lister
from seedflow.plan.model import ANYWHERE, ELSEWHERE, PendingImages, StepImage
from seedflow.plan.picking import Absent
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.slots import SlotFinder
from seedflow.plan.views import PendingImage, PendingTask, key_of_image
from seedflow.plan.whole import find_whole, follow, look_behind, read_cut
from seedflow.recipe.model import Expression
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import RenderError, Skipped, Template, TemplateForm, look_up
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, ListOf
from seedflow.recipe.views import View


@dataclass(frozen=True, slots=True)
class _Standing:
    """The key of a value of variable `name` that stands for all items of a list to come."""

    name: str
    after: str
    mention: str


class KeyForeseer:
    """Foresees keys of lists."""

    def __init__(self, lister: Lister, resolver: Resolver) -> None:
        self._lister = lister
        self._resolver = resolver
        self._slots = SlotFinder(resolver, lister.stander)

    def differ(self, expression: Expression, env: Env) -> bool:
        """Whether it is seen at once that no two keys are equal: results of one step that makes its requests itself."""
        whole = find_whole(expression) if isinstance(expression, Template) else None
        return (
            isinstance(whole, StepReference) and self._resolver.find_tasks(whole, env).node.step.call is None
        )

    def read(self, items: Expression, env: Env, at_most: int | None) -> Listing:
        """A list, as a whole where one image may stand in it twice: whether it can be made must not depend on which comes first."""
        parts = self._lister.read(items, env, at_most=at_most)
        if isinstance(items, Template) and self._may_repeat(items, env, parts):
            return self._lister.read_at_once(items, env, at_most=at_most)
        if isinstance(items, tuple) and self._may_repeat_items(items, env, parts):
            return [merge_parts(parts)]
        return parts

    def _may_repeat_items(self, items: tuple[Expression, ...], env: Env, parts: Listing) -> bool:
        """Whether an item to come of a list that is written out may turn out to be what another item is, or to have its key."""
        if not any(isinstance(part, Gap) and part.after for part in parts):
            return False
        found = [
            (item, self._find_starts(item, part, env), isinstance(part, Gap) and bool(part.after))
            for item, part in zip(items, parts, strict=True)
        ]
        return any(
            (waits or other_waits) and _overlap(starts, other_starts) and not _pick_apart(item, other)
            for (item, starts, waits), (other, other_starts, other_waits) in combinations(found, 2)
        )

    def _find_starts(self, item: Expression, part: Item | Gap, env: Env) -> set[str]:
        """How keys begin that an item may have; `ANYWHERE` where that is not known."""
        found: set[str] = set()
        for address in self._find_sources(item, part, env):
            unit, tasks = self._resolver.find_unit(address), self._resolver.steps.get(address)
            if address == ELSEWHERE:
                found.add(address)
            elif unit is not None and not unit.ghost:
                found.add(unit.instance.loop_key)
            elif tasks is not None and not tasks.groups:
                found.update(instance.loop_key for instance in tasks.instances)
            else:
                found.add(ANYWHERE)
        return found

    def _find_sources(self, item: Expression, part: Item | Gap, env: Env) -> set[str]:
        """The tasks and steps that an item may be an image of."""
        if isinstance(part, Item):
            address = _address_of(part.value)
            return {address} if address else set()
        return set(self._slots.find_sources(item, env)) if isinstance(item, Template) else set()

    def _may_repeat(self, template: Template, env: Env, parts: Listing) -> bool:
        """Whether what is still to come of a list may hold one image twice, since a used recipe hands it through."""
        gaps = [part for part in parts if isinstance(part, Gap)]
        whole = find_whole(template) if gaps else None
        if whole is None:
            return False
        mention, where = follow(whole, env, self._resolver.refresh)
        if not isinstance(mention, StepReference):
            return False
        tasks = self._resolver.find_tasks(mention, where)
        repeating = find_repeating(tasks.node.step, mention)
        if not repeating:
            return repeating is None
        ghosts = [ghost for gap in gaps for ghost in _ghosts_of(gap, tasks)]
        if any(ghost is None or not repeating.isdisjoint(_open_names(ghost)) for ghost in ghosts):
            return True
        uses = [gap for gap in gaps if isinstance(gap.source, Instance) and gap.source.inner is not None]
        if any(None in list(self._of_gap(gap, mention)) for gap in uses):
            return True  # such as a slice, of which nobody knows what it takes of what goes through
        found = [one for one in self.find(template, env) if one is not None]
        handed = [one for one in found if isinstance(one.key, tuple)]
        return len({one.key for one in found}) < len(found) or len(handed) < len(ghosts)

    def find(self, expression: Expression, env: Env) -> Column:
        """The items of a list of `for_each`."""
        if isinstance(expression, tuple):
            return [found for item in expression for found in self._of_item(item, env)]
        if isinstance(expression, Mapping) or expression.form is not TemplateForm.EXPRESSION:
            return [None]
        return [None] if expression.expression is None else self._of(expression.expression, expression, env)

    def _of_item(self, item: Expression, env: Env) -> Column:
        if isinstance(item, Template) and item.form is TemplateForm.LITERAL:
            key = self._resolver.find_key(item.literal(as_text=False))
            return [None if key is None else Foreseen(key, key, key, certain=True)]
        return self.find(item, env) if isinstance(item, Template) else [None]

    def _of(self, node: Node, template: Template, env: Env) -> Column:
        match node:
            case Binary(operator=operators.add, left=left, right=right):
                return [*self._of(left, template, env), *self._of(right, template, env)]
            case ListOf(items=items):
                return [found for item in items for found in self._of(item, template, env)]
            case Applied(name=name, arguments=(first, *_)) if name in SAME_ITEMS:
                found = self._of(first, template, env)
                return found if name == "list" else [*found, None]  # in another order
            case Part(base=base) if (cut := read_cut(node)) is not None:
                return pick_foreseen(self._of(base, template, env), cut)
            case WithoutFailed(argument=argument):
                return let_fail(self._of(argument, template, env))
            case OrNone(argument=argument):
                reached, certain = find_reached((argument,), template, env, self._lister.stander)
                found = self._of(argument, template, env) if reached else []
                return found if certain else doubt_all(found)
            case FirstOf(arguments=arguments):
                likely = [argument for argument in arguments if not self._is_left_out(argument, env)]
                reached, certain = find_reached(likely, template, env, self._lister.stander)
                if certain and len(reached) == 1:
                    return self._of(reached[0], template, env)
                return self._of_alternatives(node, arguments, template, env)
            case Either(then=then, otherwise=otherwise):
                return self._of_alternatives(node, (then, otherwise), template, env)
            case Constant(value=value):
                key = self._resolver.find_key(value)
                return [None if key is None else Foreseen(key, key, key, certain=True)]
            case Mentioned(reference=reference):
                return self._of_mention(reference, env)
            case Named():
                return self._of_name(node, template, env)
            case _:
                return [None]

    def _of_alternatives(
        self, node: Node, arguments: tuple[Node, ...], template: Template, env: Env
    ) -> Column:
        found: Column = [None]
        for number, argument in enumerate(arguments):
            found.extend(
                replace(one, certain=False, choices=(*one.choices, (id(node), number)))
                for one in self._of(argument, template, env)
                if one is not None
            )
        return found

    def _is_left_out(self, argument: Node, env: Env) -> bool:
        """Whether it is of a task whose condition is false, in a use of a recipe that stands for others: nobody ends it there."""
        if not env.frame.ghost or not isinstance(argument, Mentioned):
            return False
        step = self._resolver.find_tasks(argument.reference, env).node.step
        if step.when is None or step.for_each:
            return False
        return evaluate_known(step.when, Env(env.frame), self._lister.stander) is False

    def _of_name(self, node: Named, template: Template, env: Env) -> Column:
        for mention in template.references:
            if isinstance(mention, NameReference) and (mention.start, mention.end) == (node.start, node.end):
                if mention.root == "each" and len(mention.path) == 1:
                    return [self._of_value(mention.name, env)]
                if len(mention.path) != 1:
                    return [None]
                behind = look_behind(mention, env, self._resolver.refresh)
                return self._of_known(mention, env) if behind is None else self.find(*behind)
        return [None]

    def _of_known(self, name: NameReference, env: Env) -> Column:
        """What an input or a value gives that is known before anything is made."""
        try:
            value = look_up(name, self._resolver.build_scope(env))
        except (Absent, Refused, RenderError, Skipped):
            return [None]
        items = value if isinstance(value, list | tuple) else [] if value is None else [value]
        keys = [self._resolver.find_key(item) for item in items]
        return [None if key is None else Foreseen(key, key, f"{name.root}.{name.name}", True) for key in keys]

    def _of_value(self, name: str, env: Env) -> Foreseen | None:
        """A value of a loop, which a used recipe hands through."""
        value = env.each.get(name)
        if not isinstance(value, View):
            return None
        match value.subject:
            case PendingImage() | StepImage():
                key = self._resolver.find_key(value)
                return None if key is None else Foreseen(key, key, _address_of(value), certain=True)
            case PendingImages(after=after, mention=mention):
                # It stands for all of one list, whose first item has a key of its own.
                return Foreseen(_Standing(name, after, mention), f"{after}-?", after, certain=True)
            case _:
                return None

    def _of_uses(self, group: Group, mention: StepReference) -> Iterator[Foreseen | None]:
        """What uses of a recipe hand through that nobody knows yet: of the same list, each of them the same."""
        node = group.tasks.node
        if node.step.call is None or mention.collection == "tasks":
            return
        fixed = {name for loop in node.step.for_each if not _looks_at_each(loop.lists) for name in loop.names}
        for ghost, count in group.ghosts:
            output = self._resolver.find_call_output(ghost, mention)
            if output is None or ghost.inner is None:
                continue
            for one in self.find(output.images, Env(ghost.inner)):
                if one is None or not isinstance(one.key, _Standing) or one.key.name not in fixed:
                    continue
                certain = one.certain and bool(count.low) and not group.may_skip and not ghost.may_skip
                key = group.tasks.hub, one.key
                together = (
                    *one.choices,
                    (hash(key), 1),
                )  # if there is an item of the list, each of them has it
                yield replace(one, key=key, certain=certain, choices=together)
                for first in self._find_items(group, one.key):
                    yield replace(first, certain=certain and first.certain, choices=one.choices)

    def _find_items(self, group: Group, standing: _Standing) -> Iterator[Foreseen]:
        """The items of a list to come whose keys are known already, such as the first image of a set."""
        for loop in group.tasks.node.step.for_each:
            if standing.name in loop.names and not loop.zipped:
                found = self.find(loop.lists[0], Env(group.tasks.frame))
                yield from (one for one in found if one is not None and one.source == standing.after)

    # What steps give

    def _of_mention(self, mention: StepReference, env: Env) -> Column:
        if mention.collection is None:
            return [None]
        parts = self._lister.parts.take_apart(replace(mention, index=None), env)
        if parts is None:
            return [None]
        found = [one for part in parts for one in self._of_part(part, mention)]
        if mention.fail_ok:
            found = let_fail(found)
        return found if mention.index is None else pick_foreseen(found, mention.index)

    def _of_part(self, part: Item | Gap, mention: StepReference) -> Iterator[Foreseen | None]:
        if isinstance(part, Gap):
            yield from self._of_gap(part, mention)
            return
        key = self._resolver.find_key(part.value)
        certain = find_gap(part) is None
        yield None if key is None else Foreseen(key, key, _address_of(part.value), certain)

    def _of_gap(self, gap: Gap, mention: StepReference) -> Iterator[Foreseen | None]:
        source = gap.source
        if gap.failed is not None or gap.skipped is not None:
            yield None
        elif isinstance(source, Group):
            yield from self._of_uses(source, mention)
            yield from _of_group(source, mention)
        elif source is None or source.ghost:
            yield None
        elif mention.collection == "tasks":
            yield Foreseen(source.loop_key, source.loop_key, source.address, certain=False)
        elif source.inner is None:
            yield from _of_instance(source, gap)
        else:
            output = self._resolver.find_call_output(source, mention)
            inside: Column = [None] if output is None else self.find(output.images, Env(source.inner))
            for one in inside:
                yield one and replace(one, certain=one.certain and not gap.may_skip)


def _overlap(starts: set[str], others: set[str]) -> bool:
    """Whether a key of both may be one."""
    return bool(starts & others) or bool(starts and others and ANYWHERE in starts | others)


def _pick_apart(item: Expression, other: Expression) -> bool:
    """Whether two items are images of one mention with different numbers."""
    if not isinstance(item, Template) or not isinstance(other, Template):
        return False
    one, two = find_whole(item), find_whole(other)
    indices: tuple[object, object]
    if isinstance(one, StepReference) and isinstance(two, StepReference):
        same = (one.step, one.collection, one.output) == (two.step, two.collection, two.output)
        plain = same and one.selector is None and two.selector is None
        indices = one.index, two.index
    elif isinstance(one, NameReference) and isinstance(two, NameReference) and one.path and two.path:
        plain = (one.root, one.path[:-1]) == (two.root, two.path[:-1])
        indices = one.path[-1], two.path[-1]
    else:
        return False
    return plain and indices[0] != indices[1] and all(isinstance(one, int) and one >= 0 for one in indices)


def _ghosts_of(gap: Gap, tasks: StepTasks) -> list[Instance | None]:
    """What stands for the uses that a part of a list comes from, if these are not known; None where nothing is known of them."""
    if isinstance(gap.source, Group):
        inside = gap.source.tasks is not tasks  # of a recipe that is used inside
        return [None] if inside or not gap.source.ghosts else [ghost for ghost, _ in gap.source.ghosts]
    return [None] if gap.source is None or gap.source.ghost else []


def _open_names(ghost: Instance) -> set[str]:
    return {name for names, _ in ghost.spread for name in names}


def _of_instance(source: Instance, gap: Gap) -> Iterator[Foreseen | None]:
    """The first images of its takes: which others there are is the model's choice."""
    units = source.units if gap.passes else source.last_units()
    for unit in units if gap.unit is None else (gap.unit,):
        bounds = source.tasks.bounds.get(unit.address)
        if bounds is not None and bounds.high:
            certain = bounds.low > 0 and not gap.may_skip and not source.may_skip
            yield _first_image(unit, certain=certain, passes=gap.passes)
        yield None


def _first_image(unit: Unit, *, certain: bool, passes: bool) -> Foreseen:
    key = key_of_image(unit, 1, passes=passes)
    return Foreseen(key, key, unit.address, certain)


def _of_group(group: Group, mention: StepReference) -> Iterator[Foreseen | None]:
    """Tasks of which nobody knows a key yet have those of other tasks that go through the very same lists."""
    if group.tasks.node.step.call is not None and mention.collection != "tasks":
        yield None  # images have the keys of the tasks inside, whose steps may be others
        return
    loops = group.tasks.node.step.for_each
    lists = tuple(_spell(items) for loop in loops for items in loop.lists)
    keys = tuple(loop.key for loop in loops)
    one = (mention.collection, group.label, lists, keys, id(group.tasks.frame))
    yield Foreseen(one, group.label, group.address, group.surely_gives)
    yield None


def _looks_at_each(lists: tuple[Expression, ...]) -> bool:
    """Whether lists may be others for each value of the variables before them."""
    mentions = [one for items in lists for template in find_templates(items) for one in template.references]
    return any(isinstance(one, NameReference) and one.root == "each" for one in mentions)


def _spell(expression: Expression) -> Hashable:
    if isinstance(expression, Template):
        return expression.scalar.value
    if isinstance(expression, tuple):
        return tuple(map(_spell, expression))
    return tuple((name, _spell(item)) for name, item in expression.items())


def _address_of(value: object) -> str:
    subject = value.subject if isinstance(value, View) else None
    match subject:
        case PendingImage(source=source):
            return source.instance.address if source.unit is None else source.unit.address
        case PendingTask(instance=instance):
            return instance.address
        case _:
            return str(getattr(subject, "address", ""))
