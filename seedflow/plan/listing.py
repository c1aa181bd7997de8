"""One list of `for_each`: the values that are known, and the gaps where more may come.

A list that is nothing but all images or all tasks of a step is taken apart by the tasks of that step, so that nobody waits
for all of them: each has a gap of its own.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import TypeAlias

from seedflow.diagnostics import Diagnostic
from seedflow.plan.filtered import FilteredBounds
from seedflow.plan.frames import Env, Later
from seedflow.plan.gaps import (
    MOST_ITEMS,
    Gap,
    Item,
    Listing,
    NotAList,
    build_gap,
    build_refused_gap,
    build_skipped_gap,
    count_most,
    find_gap,
    nest_part,
)
from seedflow.plan.image_lists import gives_images
from seedflow.plan.instances import Group, Instance
from seedflow.plan.lacking import LackFinder
from seedflow.plan.lengths import LengthFinder
from seedflow.plan.list_items import find_declared, is_known_input
from seedflow.plan.model import Bounds, PendingImages
from seedflow.plan.parts import PartReader
from seedflow.plan.pending_image import find_pending_image
from seedflow.plan.refused import Refused
from seedflow.plan.resolve import Resolver
from seedflow.plan.selected import SelectionBounds
from seedflow.plan.slots import SlotFinder
from seedflow.plan.stander import Stander
from seedflow.plan.standing import Standing
from seedflow.plan.views import build_ghost_view
from seedflow.plan.whole import find_whole, look_behind
from seedflow.recipe.model import Expression, InputType
from seedflow.recipe.references import NameReference, Reference, StepReference
from seedflow.recipe.template import Skipped, Template, may_leave_out
from seedflow.recipe.templating.lookup_nodes import Named
from seedflow.recipe.templating.walking import find_items
from seedflow.recipe.views import View

Render: TypeAlias = "Callable[[Template, Env], object]"
"""Renders one template all of whose results are there; raises what its user made wrong."""


class Lister:
    """Reads lists of `for_each`."""

    def __init__(self, resolver: Resolver, stander: Stander, render: Render) -> None:
        self._resolver = resolver
        self.stander = stander
        self._render = render
        self._lacks = LackFinder(resolver, stander)
        self.parts = PartReader(resolver, stander)
        selections = SelectionBounds(resolver, stander, self.parts.parts_of, self.parts.may_skip)
        filtered = FilteredBounds(self.parts.take_apart, self.parts.parts_of, self.parts.may_skip)
        self.lengths = LengthFinder(resolver, stander, self.parts.take_apart, selections, filtered)
        self.parts.bound = self.lengths.find

    def read(self, expression: Expression, env: Env, *, at_most: int | None = None) -> Listing:
        """The values of a list as far as they are known, in order.

        Raises:
            Refused: it cannot be worked out, or gives no list.
        """
        if not isinstance(expression, Template):
            items = expression if isinstance(expression, tuple) else ()
            return [part for number, item in enumerate(items) for part in self._read_item(number, item, env)]
        whole = find_whole(expression)
        if whole is not None and not (isinstance(whole, StepReference) and whole.index is not None):
            parts = self.parts.take_apart(whole, env)
            fits = parts is not None and (at_most is None or count_most(parts) <= at_most)
            if parts is not None and fits and self._is_admitted(whole, env, parts):
                return parts
        return self.read_at_once(expression, env, at_most=at_most)

    def _is_admitted(self, whole: Reference, env: Env, parts: Listing) -> bool:
        """Whether every input that a list goes through takes as many items as it may have: else that is known first."""
        gaps = [find_gap(part) for part in parts]  # what may be skipped is not there for certain
        low, high = sum(1 if gap is None else gap.bounds.low for gap in gaps), count_most(parts)
        if any(isinstance(part, Gap) and part.failed is not None for part in parts):
            low = MOST_ITEMS  # how many there would have been nobody knows
        while isinstance(whole, NameReference) and len(whole.path) == 1:
            declared = find_declared(whole, env)
            if declared is not None and declared.type is InputType.LIST:
                most = declared.max_items
                if low < (declared.min_items or 0) or (most is not None and high > most):
                    return False
            found = look_behind(whole, env, self._resolver.refresh)
            inner = find_whole(found[0]) if found and isinstance(found[0], Template) else None
            if found is None or inner is None:
                break
            whole, env = inner, found[1]
        return True

    def read_source(
        self, expression: Expression, env: Env, gap: Gap, *, at_most: int | None = None
    ) -> Listing:
        """The same for what one gap has come to be."""
        if isinstance(expression, tuple):
            return [
                part
                for number, item in enumerate(expression)
                if gap.order == (number,)
                for part in self._read_item(number, item, env)
            ]
        source = gap.source
        if source is None:
            return self.read(expression, env, at_most=at_most)
        if gap.is_closed:  # it waits for whether that is skipped or blocked, and for no values
            return [gap]
        found: Listing = []
        if gap.unit is not None:
            found.extend(self.parts.images_of_unit(gap.unit, gap.mention))
        elif gap.mention is not None:
            for part in (source.children or []) if isinstance(source, Group) else [source]:
                found.extend(self.parts.parts_of(part, gap.mention))
        elif isinstance(source, Instance):
            found.extend(self.parts.images_of_task(source))
        for order in reversed(gap.nest):
            found = [nest_part(order, part) for part in found]
        skipped = None if found else self.stander.of([expression], env).skips
        return found if skipped is None else [build_skipped_gap(gap.order, gap.label, skipped)]

    def _read_item(self, number: int, item: Expression, env: Env) -> Listing:
        """One item of a list that is written out; nothing where `optional` gives none."""
        standing = self.stander.of([item], env)
        bounds = self.lengths.of_item(item, env)
        if isinstance(item, Template) and standing.skips is None and (standing.waits or standing.failed):
            view = find_pending_image(item, env, self._resolver)
            if view is not None and isinstance(
                view.subject, PendingImages
            ):  # it stands for some, and has no key
                return [build_gap((number,), f"{number + 1}?", standing, bounds, view)]
            if view is not None:
                return [Item((number,), view)]
        if standing.waits or standing.failed is not None or standing.skips is not None:
            return [build_gap((number,), f"{number + 1}?", standing, bounds)]
        try:
            value = self._render_tree(item, env)
        except Skipped as skipped:
            return [build_skipped_gap((number,), f"{number + 1}?", skipped.cause)]
        except Refused as refused:
            return [build_refused_gap((number,), f"{number + 1}?", refused.diagnostic)]
        return [] if value is None and may_leave_out(item) else [Item((number,), value)]

    def _render_tree(self, expression: Expression, env: Env) -> object:
        if isinstance(expression, Template):
            return self._render(expression, env)
        if isinstance(expression, tuple):
            return [self._render_tree(item, env) for item in expression]
        return {name: self._render_tree(item, env) for name, item in expression.items()}

    # All at once

    def read_at_once(self, template: Template, env: Env, *, at_most: int | None = None) -> Listing:
        """The same for a list that is waited for as a whole."""
        standing = self.stander.of([template], env)
        if standing.waits or standing.failed is not None or standing.skips is not None:
            hindered = standing.may_be_skipped or standing.skips is not None or standing.failed is not None
            if not hindered:
                self._lacks.refuse(template, env)
            bounds = self.bound(template, env)
            if at_most is not None:
                bounds = Bounds(bounds.low, max(min(bounds.high, at_most), bounds.low))
            stand_in = self._stand_in(template, env, standing) if standing.waits else None
            return [build_gap((), "?", standing, bounds, stand_in)]
        try:
            value = self._render(template, env)
        except Skipped as skipped:
            return [build_skipped_gap((), "?", skipped.cause)]
        if value is None and any(isinstance(found, StepReference) for found in template.references):
            return []  # `optional` gives none in place of what was skipped
        if not isinstance(value, (list, tuple)):
            raise NotAList(template, value)
        return [Item((number,), item) for number, item in enumerate(value)]

    def refuse_none(self, expression: Expression, env: Env) -> None:
        """What is known to be none has no key, whatever the rest of the list comes to be.

        Raises:
            Refused: there is such an item in a list that a template puts together.
        """
        if not isinstance(expression, Template):
            return
        for item in find_items(expression.expression):
            if is_known_input(item, env) and env.frame.inputs.get(item.name) is None:
                raise Refused(_say_that_none_has_no_key(expression, item))

    def _stand_in(self, template: Template, env: Env, standing: Standing) -> View | Later:
        sources = list(SlotFinder(self._resolver, self.stander).find_sources(template, env))
        if not gives_images(template, env, self._resolver.refresh) or self._may_repeat(sources):
            return Later(tuple(standing.waits), tasks=self._find_tasks(template, env))
        return build_ghost_view(*dict.fromkeys([*standing.waits, *standing.needs, *sources]))

    def _may_repeat(self, sources: Sequence[str]) -> bool:
        """Whether one picture may stand in a list under two keys: as the last pass of edits in a row, and as their image."""
        again = {source for source, count in Counter(sources).items() if count > 1}
        steps = [self._resolver.steps[source] for source in again if source in self._resolver.steps]
        return any(tasks.node.step.iterate is not None for tasks in steps)

    def _find_tasks(self, template: Template, env: Env) -> tuple[Instance | Group, ...]:
        """The tasks of which a list may have some and nothing else; none where it may have anything else."""
        found: list[Instance | Group] = []
        for mention in template.references:
            if isinstance(mention, StepReference):
                if mention.collection != "tasks":
                    return ()
                found.extend(self._resolver.find_tasks(mention, env).walk())
            elif mention.root != "inputs":
                return ()
        return tuple(found)

    def bound(self, template: Template, env: Env) -> Bounds[int]:
        """How many items a list may have that is not known yet."""
        return self.lengths.find(template, env)


def _say_that_none_has_no_key(template: Template, node: Named) -> Diagnostic:
    return Diagnostic(
        "no-key",
        f"`inputs.{node.name}` is none here, which has no key to make a task's address from",
        template.scalar.span_at(node.start, node.end),
        help=f"write `optional(inputs.{node.name})`, which is no item then",
    )
