"""Ways around a step that may be skipped which are never taken: `or`, `default`, `if` and `is defined` do not go around skipping.

Where such a step is skipped, whoever mentions it outside of `first_of` and `optional` is skipped with it, in whichever branch the
mention stands. So the question whether its images are there is never answered with no.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedflow.checks.subject import Mention, Subject
from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.graph.certain import find_tests
from seedflow.graph.facts import NO_FACTS, Facts, Known, Names, is_path, know, spell
from seedflow.graph.guards import is_test, learn
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import Kind, Shape
from seedflow.recipe.references import StepReference
from seedflow.recipe.template import TemplateForm
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Attribute, Mentioned
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Compared, Either, Not, Or
from seedflow.recipe.templating.walking import walk


@dataclass(frozen=True, slots=True)
class _Lost:
    """What is told of one mention: from `start` to `end` stands what is in vain, `message` says of what kind it is."""

    mention: Mention
    start: int
    end: int
    message: str
    help: str


def check_fallbacks(subject: Subject) -> Iterator[Diagnostic]:
    """Nothing is written for the case that a step was skipped, and is itself skipped then."""
    by_place: dict[int, list[Mention]] = {}
    for mention in subject.mentions:
        alone = isinstance(mention.place.template.expression, Mentioned)
        if not alone and _skips(mention, subject):
            by_place.setdefault(id(mention.place), []).append(mention)
    for mentions in by_place.values():
        place = mentions[0].place
        reader = _Reader(place, mentions, subject)
        told: set[str] = set()
        for lost in reader.find():
            if lost.mention.target.id not in told:
                told.add(lost.mention.target.id)
                yield _say(lost, place, subject)


def _skips(mention: Mention, subject: Subject) -> bool:
    """Whether the task is skipped where what it mentions was, and where its own condition does not rule that out."""
    reference, target = mention.reference, mention.target
    return (
        (_is_single(mention) or _is_all_of_condition(mention))
        and not reference.skip_ok
        and not subject.made.is_made(target, reference, subject.flow.certain.at(mention.place))
    )


def _is_single(mention: Mention) -> bool:
    selector = mention.reference.selector
    return not mention.target.step.for_each if selector is None else selector.kind == "at"


def _is_all_of_condition(mention: Mention) -> bool:
    """Whether a condition is about this step's results alone: it has no answer where all of them were skipped."""
    place = mention.place
    return place.part is Part.WHEN and all(
        one.step == mention.reference.step and not one.skip_ok
        if isinstance(one, StepReference)
        else one.root not in ("each", "prev")
        for one in place.template.references
    )


def _say(lost: _Lost, place: Place, subject: Subject) -> Diagnostic:
    target = lost.mention.target
    who = {Part.OUTPUT: f"output `{place.name}` gives nothing", Part.OUTPUT_FILE: "there is no file"}
    with_it = (
        f"step `{place.node.step.name}` is skipped with it"
        if place.node is not None
        else who.get(place.part, "this is skipped with it")
    )
    when = target.step.when
    related = (
        Related(target.step.span, f"step `{target.step.name}`")
        if when is None
        else Related(when.scalar.span, f"the condition of step `{target.step.name}`")
    )
    skipped = (
        f"step `{target.step.name}` is"
        if _is_single(lost.mention)
        else f"all tasks of step `{target.step.name}` are"
    )
    output = lost.mention.reference.output
    if output is not None and _is_single(lost.mention) and not subject.flow.counts.may_be_skipped(target):
        skipped = f"output `{output}` of step `{target.step.name}` is"
    return Diagnostic(
        "skipped-all-the-same",
        f"{lost.message}: where {skipped} skipped, {with_it}",
        place.template.scalar.span_at(lost.start, lost.end),
        Severity.WARNING,
        help=lost.help,
        related=(related,),
    )


class _Reader:
    """Looks through one template, whose `mentions` are those that skip whoever has them."""

    def __init__(self, place: Place, mentions: Sequence[Mention], subject: Subject) -> None:
        self._place = place
        self._mentions = {one.reference.start: one for one in mentions}
        self._subject = subject
        self._names: Names = subject.flow.certain.names_in(place.template, place.frame)
        certain = subject.flow.certain.at(place)
        guarded = subject.flow.certain.find_guarded(place.template, place.frame, certain)
        self._nodes = [node for node, _ in guarded]

    def find(self) -> Iterator[_Lost]:
        """What is in vain, what says it the best first."""
        harmless = self._find_harmless()
        for node in self._nodes:
            match node:
                case Or():
                    yield from self._read_or(node, harmless)
                case Either():
                    yield from self._read_either(node)
                case And():
                    yield from self._read_test(node.left, harmless)
                case Applied() if node.name in ("default", "d") and not is_test(node) and node.arguments:
                    yield from self._read_default(node)
                case _:
                    pass
        for test in find_tests(self._place.template.body):
            yield from self._read_test(test, harmless)
        when = self._place.template.expression
        if self._place.part is Part.WHEN and when is not None:
            yield from self._read_test(when, harmless)
        yield from self._read_branches(harmless)

    def _find_harmless(self) -> set[int]:
        """The parts of a condition that all have to hold: without an answer the task is skipped, as with a false one."""
        found: set[int] = set()
        waiting = [self._place.template.expression] if self._place.part is Part.WHEN else []
        while waiting:
            node = waiting.pop()
            if isinstance(node, And):
                waiting += (node.left, node.right)
            elif node is not None and not isinstance(node, Or | Either):
                found.add(id(node))
        return found

    def _read_or(self, node: Or, harmless: set[int]) -> Iterator[_Lost]:
        choices = _list_choices(node)
        for leaf in choices[:-1]:
            found = self._find_asked(leaf)
            if found is not None and self._is_there(leaf) and self._settle(leaf):
                yield self._lose(found, choices[-1], choices)
        yield from self._read_test(node.left, harmless)

    def _read_default(self, node: Applied) -> Iterator[_Lost]:
        first, *others = node.arguments
        found = self._find_asked(first)
        if found is None or not self._is_there(first):
            return
        if others:
            yield self._lose(found, others[0], (first, others[0]))
        else:
            message = f"`default` after `{self._text(first)}` never gives anything else"
            yield _Lost(found, node.start, node.end, message, self._advise(first))

    def _read_either(self, node: Either) -> Iterator[_Lost]:
        for leaf in _list_leaves(node.test):
            found = self._find_asked(leaf)
            settled = None if found is None else self._settle(leaf)
            if found is None or settled is None:
                continue
            taken = self._order(node, found)
            if leaf is not node.test or taken is None:
                yield self._tell_test(leaf, found, settled)
            else:
                yield self._lose(found, taken[1], taken)

    def _read_test(self, test: Expression, harmless: set[int]) -> Iterator[_Lost]:
        for leaf in _list_leaves(test):
            found = self._find_asked(leaf)
            settled = None if found is None else self._settle(leaf)
            if found is not None and settled is not None and not (settled and id(leaf) in harmless):
                yield self._tell_test(leaf, found, settled)

    def _read_branches(self, harmless: set[int]) -> Iterator[_Lost]:
        """Mentions that stand where a test made sure of the step, and that skip the task wherever the test does not hold."""
        tests = [*find_tests(self._place.template.body)]
        tests += [node.test for node in self._nodes if isinstance(node, Either)]
        optional = [node for test in tests for node in walk(test) if isinstance(node, OrNone)]
        for mention in self._mentions.values():
            asked = any(self._has(node, mention) for node in optional)
            around = [node for node in self._nodes if node.start <= mention.reference.start < node.end]
            if (
                not (asked or self._is_made(mention))
                or any(id(node) in harmless for node in around)
                or self._is_plain_elsewhere(mention, here=not asked)
            ):
                continue
            either = next((node for node in around if isinstance(node, Either)), None)
            taken = None if either is None else self._order(either, mention)
            if taken is not None:
                yield self._lose(mention, taken[1], taken)
                continue
            path = next((node for node in around if is_path(node)), None)
            if path is not None:
                message = f"the test around `{self._text(path)}` does not go around skipping"
                yield _Lost(mention, path.start, path.end, message, self._advise(path))

    def _is_made(self, mention: Mention) -> bool:
        return self._subject.made.is_made(mention.target, mention.reference, mention.facts)

    def _is_plain_elsewhere(self, mention: Mention, *, here: bool) -> bool:
        """Whether the same task mentions the step where no test stands before it: then it is meant to be skipped with it."""
        if mention.place.node is None:
            return False
        return any(
            other.target is mention.target
            and other.place.node is mention.place.node
            and (here or other.place is not mention.place)
            and _skips(other, self._subject)
            and not self._is_made(other)
            for other in self._subject.mentions
        )

    def _order(self, either: Either, mention: Mention) -> tuple[Expression, Expression] | None:
        """The branch that mentions a step, and the other one; None where both do, or neither."""
        then, otherwise = (self._has(branch, mention) for branch in (either.then, either.otherwise))
        if then is otherwise:
            return None
        return (either.then, either.otherwise) if then else (either.otherwise, either.then)

    def _lose(self, mention: Mention, never: Expression, choices: Sequence[Expression]) -> _Lost:
        message = f"`{self._text(never)}` is never taken instead"
        help_ = f"write `first_of({', '.join(map(self._text, choices))})`"
        kept = [one for one in choices if one is not never]
        if len(kept) == 1 and isinstance(never, Constant) and never.value is None:
            help_ = f"write `optional({self._text(kept[0])})`"
        return _Lost(
            mention, min(one.start for one in choices), max(one.end for one in choices), message, help_
        )

    def _tell_test(self, leaf: Expression, mention: Mention, settled: bool) -> _Lost:
        asked = self._place.template.scalar.value[mention.reference.start : mention.reference.end]
        instead = f"`optional({asked}) is {'not none' if settled else 'none'}`"
        others = [
            one
            for one in self._mentions.values()
            if one is not mention
            and one.target is mention.target
            and not leaf.start <= one.reference.start < leaf.end
        ]
        help_ = f"ask {instead}"
        if others:
            help_ += ", and write `optional(…) | default(…)` around what else is mentioned of it here"
        elsewhere = [f"`{one}`" for one in self._list_elsewhere(mention)]
        if elsewhere:
            help_ += f", and write `optional(…)` around {' and '.join(elsewhere)}, which the same step mentions as well"
        message = f"`{self._text(leaf)}` {'always' if settled else 'never'} holds"
        return _Lost(mention, leaf.start, leaf.end, message, help_)

    def _list_elsewhere(self, mention: Mention) -> list[str]:
        """What else the same task mentions of a step, in other templates, that skips it too."""
        place = self._place
        others = [
            one
            for one in self._subject.mentions
            if one.place is not place and one.place.node is place.node and one.target is mention.target
        ]
        skipping = [one for one in others if place.node is not None and _skips(one, self._subject)]
        texts = [one.place.template.scalar.value[one.reference.start : one.reference.end] for one in skipping]
        return list(dict.fromkeys(texts))

    def _advise(self, path: Expression) -> str:
        text = f"optional({self._text(path)})"
        if not isinstance(path, Attribute):
            return f"write `{text}`"
        absent = "''" if self._place.template.form is TemplateForm.TEXT else "…"
        return f"write `{text} | default({absent})`"

    def _find_asked(self, leaf: Expression) -> Mention | None:
        """The mention that a question is about."""
        for node in _find_followed(leaf, self._names):
            if isinstance(node, Mentioned) and node.reference.start in self._mentions:
                return self._mentions[node.reference.start]
        return None

    def _has(self, node: Expression, mention: Mention) -> bool:
        return any(
            isinstance(part, Mentioned) and part.reference.step == mention.reference.step
            for part in walk(node)
        )

    def _settle(self, leaf: Expression) -> bool | None:
        """Whether a question is answered once it is known that the step was not skipped; None where it asks for more."""
        sure = self._know_all(leaf)
        for holds in (True, False):
            against = learn(leaf, self._names, holds=not holds)
            if not against.never and against.both(sure).never:
                return holds
        return None

    def _know_all(self, leaf: Expression) -> Facts:
        """What is certain of the images in a question where none of them was skipped."""
        facts = NO_FACTS
        for node in _find_followed(leaf, self._names):
            if not isinstance(node, Compared | Not | And | Or) and self._is_there(node):
                key = spell(node, self._names)
                if key is not None:
                    facts = facts.both(know(key, self._known(node)))
        return facts

    def _known(self, node: Expression) -> Known:
        shape = self._shape(node)
        return Known(
            there=True,
            found=True,
            holds=True if shape.holds_images or shape.kind is Kind.TASK or self._is_of_image(node) else None,
            low=1 if shape.kind is Kind.LIST else 0,
        )

    def _is_of_image(self, node: Expression) -> bool:
        """Whether it is a text or number that every image has, none of which is empty or zero."""
        return isinstance(node, Attribute) and self._shape(node.base).kind is Kind.IMAGE

    def _is_there(self, node: Expression) -> bool:
        """Whether it is images, or something of one, and there wherever its step was not skipped."""
        mentions = [part for part in _find_followed(node, self._names) if isinstance(part, Mentioned)]
        shape = self._shape(node)
        return (
            bool(mentions)
            and all(self._has_any(part.reference) for part in mentions)
            and shape.known
            and not shape.optional
            and shape.kind is not Kind.BOOLEAN
            and not (shape.kind is Kind.LIST and shape.count.low == 0)
        )

    def _has_any(self, reference: StepReference) -> bool:
        """Whether a mention is about something that its step always gives."""
        flow, index = self._subject.flow, reference.index
        target = flow.find_target(reference, self._place.node, self._place.frame)
        if target is None:
            return False
        if reference.collection == "tasks":
            count = flow.selected_tasks(target, reference, all_made=True)
        else:
            count = flow.images_before_index(reference, target, all_made=True)
        if isinstance(index, int):
            return count.low >= (index + 1 if index >= 0 else -index)
        return (count if index is None else count.sliced(index.start, index.stop, index.step)).low > 0

    def _shape(self, node: Expression) -> Shape:
        meant = self._names.follow(node) or node
        return self._subject.flow.shape_of_part(meant, self._place.node, self._place.frame, all_made=True)

    def _text(self, node: Expression) -> str:
        return " ".join(self._place.template.scalar.value[node.start : node.end].split())


def _find_followed(node: Expression, names: Names) -> Iterator[Expression]:
    """All that an expression is made of, and what its variables stand for."""
    waiting, seen = [node], {id(node)}
    while waiting:
        for part in walk(waiting.pop()):
            yield part
            meant = names.follow(part)
            if meant is not None and id(meant) not in seen:
                seen.add(id(meant))
                waiting.append(meant)


def _list_choices(node: Expression) -> list[Expression]:
    """What `A or B or C` chooses among."""
    return [*_list_choices(node.left), *_list_choices(node.right)] if isinstance(node, Or) else [node]


def _list_leaves(test: Expression) -> list[Expression]:
    """The questions that a test is made of."""
    match test:
        case And() | Or():
            return [*_list_leaves(test.left), *_list_leaves(test.right)]
        case Not(operand=And() | Or() | Not()):
            return _list_leaves(test.operand)
        case _:
            return [test]
