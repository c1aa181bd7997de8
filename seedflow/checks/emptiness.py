"""Why a list of images may come to nothing, by what it is made of: parts, filters, skipped tasks, through loops and outputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from seedflow.checks.chosen_items import chooses_some, find_chosen
from seedflow.checks.picking import LEAVE_OUT
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Related
from seedflow.graph.facts import NO_FACTS, Facts, spell
from seedflow.graph.given_lists import GivenLists
from seedflow.graph.growth import Growth, Where
from seedflow.graph.guards import is_tested, learn
from seedflow.graph.model import Frame, StepNode
from seedflow.graph.numbered import read_selection
from seedflow.graph.shapes import ONE, SAME_ITEMS, Count, Kind
from seedflow.recipe.references import NameReference, Slice, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating import operators
from seedflow.recipe.templating.forms import FirstOf, OrNone, WithoutFailed
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named, Part
from seedflow.recipe.templating.nodes import Constant
from seedflow.recipe.templating.nodes import Expression as Node
from seedflow.recipe.templating.operation_nodes import Applied, Binary, Either, Or
from seedflow.recipe.templating.walking import walk

_MOST_FOLLOWED = 6
"""How many loops and outputs are looked through, one behind the other."""
_MOST_LENGTHS = 64
PART = "there may be no image in this part of them"


@dataclass(frozen=True, slots=True)
class Why:
    """Why there may be nothing, be it that all was `skipped`, and where that is written if it is elsewhere."""

    text: str
    related: tuple[Related, ...] = ()
    skipped: bool = False


@dataclass(frozen=True, slots=True)
class Around:
    """Where an expression stands. It is `alone` where nothing goes on once all that it mentions was skipped.

    In a used recipe it is one of `several` where it stands for as many as there are uses.
    """

    node: StepNode | None
    frame: Frame
    facts: Facts = NO_FACTS
    alone: bool = True
    several: bool = False
    depth: int = 0

    def inside(self, node: StepNode | None) -> Around:
        """Elsewhere in the same recipe."""
        return replace(self, node=node, depth=self.depth + 1)


class Emptiness:
    """Answers for one subject. What is not certain to be possible has no reason."""

    def __init__(self, subject: Subject) -> None:
        self.subject = subject
        self._growth = Growth(subject.graph)
        self._given = GivenLists(subject.flow, self._growth)

    def explain(self, part: Node, around: Around) -> Why | None:
        """Why a list may come to nothing wherever that is its own doing; None where there is no way that is known."""
        flow = self.subject.flow
        names = flow.certain.names(around.frame)
        shape = flow.shape_of_part(part, around.node, around.frame, facts=around.facts)
        sure = shape.count.low > 0 and not (around.several and isinstance(part, Mentioned))
        if shape.kind is not Kind.LIST or sure or around.depth > _MOST_FOLLOWED:
            return None
        if not isinstance(part, WithoutFailed) and is_tested(part, around.facts, names):
            return None
        match part:
            case WithoutFailed():
                return Why("all that `succeeded` goes on without may fail")
            case OrNone():
                return self.explain(part.argument, around)
            case Applied() if part.arguments and part.name in {*SAME_ITEMS, "unique"}:
                return self.explain(part.arguments[0], around)
            case Applied() if part.arguments and part.name in LEAVE_OUT:
                return self._explain_filter(part, around)
            case Part():
                cut = _read_cut(part)
                if (
                    cut is not None
                    and self._is_open(part, around)
                    and self._may_cut_all(part.base, cut, around)
                ):
                    return Why(PART)
                return Why(PART) if self._is_part_of_given(part, around) else self.explain(part.base, around)
            case Mentioned():
                return self._explain_mention(part.reference, around)
            case Binary(operator=operators.add):
                return self._explain_all((part.left, part.right), (around, around))
            case Or():
                otherwise = around.facts.both(learn(part.left, names, holds=False))
                return self._explain_all((part.left, part.right), (around, replace(around, facts=otherwise)))
            case Either():
                branches = [
                    (branch, replace(around, facts=around.facts.both(learn(part.test, names, holds=holds))))
                    for branch, holds in ((part.then, True), (part.otherwise, False))
                ]
                taken = [(branch, inside) for branch, inside in branches if not inside.facts.never]
                found = [self.explain(branch, inside) for branch, inside in taken]
                if None in found and not self._is_open(part.test, around):
                    return None  # which of them it is, the inputs say
                return _first(found)
            case FirstOf():
                made = replace(around, alone=True)  # of what was skipped, it takes another
                return _first(self.explain(argument, made) for argument in part.arguments)
            case _:
                return None

    def _is_part_of_given(self, part: Part, around: Around) -> bool:
        """Whether it is a part of a list that a caller gives, of which there may be too few for it to begin."""
        start = part.bounds[0]
        if start is None or around.node is None:
            return False
        shape, arguments = self._given.look_at(part, around.node, around.frame, around.facts)
        begins = isinstance(start, Constant) and start.value == 0
        return bool(arguments) and not begins and shape.kind is Kind.LIST and shape.count.low == 0

    def _explain_all(self, parts: Sequence[Node], arounds: Sequence[Around]) -> Why | None:
        """Of what is empty only where all of these are."""
        found = [self.explain(part, around) for part, around in zip(parts, arounds, strict=True)]
        return None if None in found else _first(found)

    def _explain_filter(self, part: Applied, around: Around) -> Why | None:
        selection = read_selection(part)
        if selection is not None and self._leaves_some(part, around):
            return self.explain(selection.base, around)
        mention = find_chosen(part)
        if mention is not None:
            target = self.subject.flow.find_target(mention, around.node, around.frame)
            made = target is not None and self.subject.made.is_made(target, mention, around.facts)
            if target is not None and made and chooses_some(part, target):
                return self._explain_mention(mention, around)
        return Why("a filter may leave none of the images") if self._is_open(part, around) else None

    def _leaves_some(self, part: Node, around: Around) -> bool:
        """Whether filters by numbers leave some of each task that is made."""
        flow, selection = self.subject.flow, read_selection(part)
        if selection is None:
            return False
        base = selection.base
        sides, of_all = _split_base(base)
        if sides:
            leaves = (self._leaves_some(_replace_base(part, side), around) for side in sides)
            return all(leaves) if of_all else any(leaves)
        shape = flow.shape_of_part(base, around.node, around.frame, all_made=True)
        answers = shape.answers
        if answers is None or shape.optional:
            return False
        if shape.count != answers.count_images() and not (
            answers.tasks == answers.takes == ONE and _is_beginning(base)
        ):
            return False
        if answers.tasks == answers.takes == ONE:
            known = flow.shape_of_part(base, around.node, around.frame, all_made=True, facts=around.facts)
            answers = answers._replace(images=known.count)
        return selection.leaves_some_of_each(answers)

    def _explain_mention(self, mention: StepReference, around: Around) -> Why | None:
        target = self.subject.flow.find_target(mention, around.node, around.frame)
        if target is None or mention.collection not in ("images", "outputs", "passes", "tasks"):
            return None
        if isinstance(mention.index, Slice):
            whole = Mentioned(replace(mention, index=None))
            if self._may_cut_all(whole, mention.index, around):
                return Why(PART)
            mention = whole.reference
        for loop in () if mention.selector is not None else target.step.for_each:
            for items in loop.lists:
                if isinstance(items, Template) and items.expression is not None:
                    why = self.explain(items.expression, around.inside(target))
                    if why is not None and why.skipped:
                        return why
                    if why is not None:
                        note = Related(items.scalar.span, f"step `{target.step.name}` is repeated over this")
                        return Why(f"the list of step `{target.step.name}` may be empty", (note,))
        chosen = mention.selector is not None and mention.selector.kind == "at"
        if around.several or (target.step.for_each and not chosen):
            around = replace(around, several=True)
        else:
            around = replace(around, alone=True)  # who mentions one that is skipped is skipped as well
        if self._may_be_skipped(mention, target, around):
            return Why(f"all tasks of step `{target.step.name}` may be skipped", skipped=True)
        return None if target.step.call is None else self._explain_output(mention, target, around)

    def _may_be_skipped(self, mention: StepReference, target: StepNode, around: Around) -> bool:
        """Whether, by the condition of a step, nothing may be left of several tasks while what mentions them goes on."""
        when = target.step.when
        if around.alone or when is None or not self._growth.is_dynamic(when, Where(target.frame, target)):
            return False
        return not self.subject.made.is_made(target, mention, around.facts)

    def _explain_output(self, mention: StepReference, target: StepNode, around: Around) -> Why | None:
        """What one use of a recipe gives may be nothing: each of several may give nothing at once."""
        output = self.subject.flow.find_call_output(target, mention)
        inner = self.subject.graph.frames.get(target.id)
        expression = None if output is None else output.images.expression
        if output is None or inner is None or expression is None:
            return None
        inside = Around(None, inner, alone=around.alone, several=around.several, depth=around.depth + 1)
        why = self.explain(expression, inside)
        if why is None:
            return None
        note = Related(output.images.scalar.span, f"output `{output.name}` is made of this")
        return replace(why, related=(note, *why.related))

    def _may_cut_all(self, whole: Node, cut: Slice, around: Around) -> bool:
        """Whether a part of a list may have no items although the list has some."""
        shape = self.subject.flow.shape_of_part(whole, around.node, around.frame, facts=around.facts)
        if shape.kind is not Kind.LIST or cut.step == 0:
            return False
        names = self.subject.flow.certain.names(around.frame)
        for one in walk(whole):
            if isinstance(one, Mentioned) and one.reference.index is None:
                key = spell(Mentioned(replace(one.reference, index=cut)), names)
                if key is not None and around.facts.has(key, 1):
                    return False  # a test looked at this very part, in whatever order it is taken
        return _may_leave_nothing(shape.count, cut)

    def _is_open(self, part: Node, around: Around) -> bool:
        """Whether only the run knows something of what is mentioned."""
        where = Where(around.frame, around.node)
        for one in walk(part):
            if isinstance(one, Mentioned):
                return True
            if isinstance(one, Named) and one.root != "inputs":
                name = NameReference(one.root, (one.name,), one.start, one.end)
                if self._growth.is_dynamic_mention(name, where):
                    return True
        return False


def _first(found: Iterable[Why | None]) -> Why | None:
    return next((why for why in found if why is not None), None)


def _split_base(base: Node) -> tuple[Sequence[Node], bool]:
    """The lists that one is made of, and whether it may be any of them; nothing where it is made of none."""
    match base:
        case Binary(operator=operators.add):
            return (base.left, base.right), False
        case Either():
            return (base.then, base.otherwise), True
        case Or():
            return (base.left, base.right), True
        case FirstOf():
            return base.arguments, True
        case OrNone() | WithoutFailed():
            return (base.argument,), True
        case _:
            return (), True


def _is_beginning(base: Node) -> bool:
    """Whether it is the first images of a step, without any in between left out."""
    cut = base.reference.index if isinstance(base, Mentioned) else None
    return isinstance(cut, Slice) and cut.start in (None, 0) and cut.step in (None, 1)


def _replace_base(part: Node, base: Node) -> Node:
    """The same filters behind another list."""
    if not isinstance(part, Applied) or not part.arguments or read_selection(part) is None:
        return base
    before = _replace_base(part.arguments[0], base)
    return Applied(part.name, part.apply, (before, *part.arguments[1:]), part.keywords, part.start, part.end)


def _read_cut(part: Part) -> Slice | None:
    ends: list[int | None] = []
    for bound in part.bounds:
        value = bound.value if isinstance(bound, Constant) else None
        if bound is not None and type(value) is not int:
            return None
        ends.append(value if isinstance(value, int) else None)
    return Slice(*ends)


def _may_leave_nothing(count: Count, cut: Slice) -> bool:
    low = max(count.low, 1)
    high = low + _MOST_LENGTHS if count.high is None else min(count.high, low + _MOST_LENGTHS)
    return any(
        not range(length)[cut.start : cut.stop : cut.step] for length in range(low, max(low, high) + 1)
    )
