"""What is certain where a part of a template stands: by the condition of its step, and by the tests in the template around it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from seedflow.graph.facts import MAYBE_ANYTHING, NO_FACTS, Facts, Names, spell
from seedflow.graph.guards import is_test, is_tested, learn
from seedflow.graph.mistakes import Mistakes, lacks_option
from seedflow.graph.model import Frame, StepNode
from seedflow.graph.places import Place
from seedflow.recipe.template import Template
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import And, Applied, Either, Joined, Or
from seedflow.recipe.templating.statements import Body, For, If, Print, Set, SetText
from seedflow.recipe.templating.walking import find_parts

_TEXT_FILTERS = frozenset(
    ("capitalize", "lower", "upper", "title", "trim", "truncate", "replace", "slug", "string")
)
"""Filters that need a text before them."""
_Found = Iterator[tuple[Expression, Facts]]


class Certain:
    """What the conditions of steps make certain; each is looked at once.

    A test with `mistakes` may have been meant to make anything certain, so that no doubt is told behind it.
    """

    def __init__(self, mistakes: Mistakes | None = None) -> None:
        self._mistakes = mistakes
        self._facts: dict[str, Facts] = {}
        self._names: dict[str, Names] = {}
        self._in_templates: dict[tuple[int, str], tuple[Template, Names]] = {}

    def names(self, frame: Frame) -> Names:
        """What the names of a recipe's values stand for."""
        found = self._names.get(frame.path)
        if found is None:
            found = self._names[frame.path] = names_of(frame)
        return found

    def at(self, place: Place) -> Facts:
        """What the condition of the step around a place makes certain there."""
        if self._mistakes is not None and self._mistakes.is_mistaken(place.template, place.node, place.frame):
            return MAYBE_ANYTHING
        return self.of_step(place.node) if place.guarded and place.node is not None else NO_FACTS

    def of_step(self, node: StepNode) -> Facts:
        """What the condition of a step makes certain of all that is worked out only where it holds."""
        found = self._facts.get(node.id)
        if found is None:
            when = node.step.when
            if lacks_option(node, "when") or (when is not None and self._is_mistaken(when, node)):
                found = MAYBE_ANYTHING
            elif when is not None and when.expression is not None:
                found = learn(when.expression, self.names(node.frame))
            else:
                found = NO_FACTS
            self._facts[node.id] = found
        return found

    def _is_mistaken(self, when: Template, node: StepNode) -> bool:
        mistakes = self._mistakes
        if mistakes is None:
            return False
        return mistakes.is_mistaken(when, node, node.frame) or mistakes.lacks_fields(when, node)

    def find_printed(self, template: Template, frame: Frame, facts: Facts, *, whole: bool = True) -> _Found:
        """Everything in a template of which a text is wanted, with what is certain there; macros and files left out.

        Without `whole`, nobody wants a text of the template itself.
        """
        names = self.names_in(template, frame)
        yield from _find_printed(_find_expressions(template, facts, names), names, whole=whole)

    def find_guarded(self, template: Template, frame: Frame, facts: Facts) -> _Found:
        """Every part of every expression in a template, with what is certain there; macros and files left out."""
        names = self.names_in(template, frame)
        for node, known, _ in _find_expressions(template, facts, names):
            yield from _go_through(node, known, names)

    def is_tested(self, template: Template, node: StepNode) -> bool:
        """Whether a test around a number looked at what it is made of, in a way that nobody here understands."""
        facts = self.of_step(node)
        return any(
            is_tested(part, known, self.names(node.frame))
            for part, known in self.find_guarded(template, node.frame, facts)
            if known
        )

    def names_in(self, template: Template, frame: Frame) -> Names:
        """What names stand for in a template, its own variables included."""
        if not template.body:
            return self.names(frame)
        key = (id(template), frame.path)
        found = self._in_templates.get(key)
        if found is None:
            found = self._in_templates[key] = (template, name_variables(template.body, self.names(frame)))
        return found[1]


def find_printed_in(body: Body, facts: Facts, names: Names) -> _Found:
    """Everything in a body of statements of which a text is wanted, with what is certain there."""
    yield from _find_printed(_walk_body(body, facts, names), names)


def find_guarded_in(body: Body, facts: Facts, names: Names) -> _Found:
    """Every part of every expression in a body, with what is certain there."""
    for node, known, _ in _walk_body(body, facts, names):
        yield from _go_through(node, known, names)


def find_tests(body: Body) -> Iterator[Expression]:
    """The tests of the statements of a text."""
    for statement in body:
        match statement:
            case If():
                for test, inside in statement.branches:
                    yield test
                    yield from find_tests(inside)
                yield from find_tests(statement.otherwise)
            case For():
                if statement.condition is not None:
                    yield statement.condition
                yield from find_tests(statement.body)
                yield from find_tests(statement.otherwise)
            case SetText():
                yield from find_tests(statement.body)
            case _:
                pass


def find_most(node: StepNode, templates: Sequence[Template]) -> list[int | None]:
    """How many items lists of a step have at most where its condition holds; None where it does not say."""
    facts = Certain().of_step(node) if node.step.when is not None else NO_FACTS
    if not facts:
        return [None] * len(templates)
    names = names_of(node.frame)
    keys = [None if one.expression is None else spell(one.expression, names) for one in templates]
    return [None if key is None else facts.count(key)[1] for key in keys]


def names_of(frame: Frame) -> Names:
    """What the names of a recipe's values stand for."""

    def find_value(name: str) -> Expression | None:
        template = frame.recipe.values.get(name)
        return template.expression if template is not None else None

    return Names(find_value)


def _find_printed(
    expressions: Iterable[tuple[Expression, Facts, bool]], names: Names, *, whole: bool = True
) -> _Found:
    for node, known, printed in expressions:
        if printed and whole:
            yield from find_texts(node, known, names)
        for part, inside in _go_through(node, known, names):
            if isinstance(part, Joined) or _needs_text(part):
                yield from find_texts(part, inside, names)


def find_texts(node: Expression, facts: Facts, names: Names) -> _Found:
    """The parts of an expression that become its text, each where it does."""
    match node:
        case Joined():
            for part in node.parts:
                yield from find_texts(part, facts, names)
        case Either():
            yield from find_texts(node.then, facts.both(learn(node.test, names)), names)
            yield from find_texts(node.otherwise, facts.both(learn(node.test, names, holds=False)), names)
        case Or():
            yield from find_texts(node.left, facts.both(learn(node.left, names)), names)
            yield from find_texts(node.right, facts.both(learn(node.left, names, holds=False)), names)
        case And():
            yield from find_texts(node.left, facts.both(learn(node.left, names, holds=False)), names)
            yield from find_texts(node.right, facts.both(learn(node.left, names)), names)
        case Applied() if _needs_text(node):
            yield from find_texts(node.arguments[0], facts, names)
        case _:
            if not facts.never:
                yield node, facts


def _needs_text(node: Expression) -> bool:
    if not isinstance(node, Applied) or not node.arguments:
        return False
    return node.name in _TEXT_FILTERS and not is_test(node)


def _go_through(node: Expression, facts: Facts, names: Names) -> _Found:
    """A node and all that it is made of, with what is certain when it is worked out."""
    if facts.never:
        return
    yield node, facts
    match node:
        case Either():
            yield from _go_through(node.test, facts, names)
            yield from _go_through(node.then, facts.both(learn(node.test, names)), names)
            yield from _go_through(node.otherwise, facts.both(learn(node.test, names, holds=False)), names)
        case And() | Or():
            yield from _go_through(node.left, facts, names)
            known = learn(node.left, names, holds=isinstance(node, And))
            yield from _go_through(node.right, facts.both(known), names)
        case _:
            for part in find_parts(node):
                yield from _go_through(part, facts, names)


def _find_expressions(
    template: Template, facts: Facts, names: Names
) -> Iterator[tuple[Expression, Facts, bool]]:
    """The expressions of a template, with what is certain there, and whether what they give is printed."""
    if template.expression is not None:
        yield template.expression, facts, True
    yield from _walk_body(template.body, facts, names)


def _walk_body(body: Body, facts: Facts, names: Names) -> Iterator[tuple[Expression, Facts, bool]]:
    for statement in body:
        match statement:
            case Print():
                yield statement.expression, facts, True
            case Set():
                yield statement.expression, facts, False
            case SetText():
                yield from _walk_body(statement.body, facts, names)
            case If():
                known = facts
                for test, inside in statement.branches:
                    yield test, known, False
                    yield from _walk_body(inside, known.both(learn(test, names)), names)
                    known = known.both(learn(test, names, holds=False))
                yield from _walk_body(statement.otherwise, known, names)
            case For():
                yield statement.items, facts, False
                known = facts.both(learn(statement.items, names))
                if statement.condition is not None:
                    yield statement.condition, known, False
                    known = known.both(learn(statement.condition, names))
                yield from _walk_body(statement.body, known, names)
                yield from _walk_body(statement.otherwise, facts, names)
            case _:
                pass


def name_variables(body: Body, names: Names) -> Names:
    """What the variables of a body of statements stand for, where each is set once."""
    found: dict[int, Expression] = {}
    times: Counter[int] = Counter()
    for slots, expression in _find_set(body):
        times.update(slots)
        if len(slots) == 1 and expression is not None:
            found[slots[0]] = expression
    if not times:
        return names
    changing = frozenset(slot for slot, count in times.items() if count > 1)
    once = {slot: expression for slot, expression in found.items() if slot not in changing}
    return Names(names.find_value, once, changing)


def _find_set(body: Body) -> Iterator[tuple[tuple[int, ...], Expression | None]]:
    """The variables that statements set, each with the expression whose value they take."""
    for statement in body:
        match statement:
            case Set():
                yield statement.slots, statement.expression
            case SetText():
                yield (statement.slot,), None
                yield from _find_set(statement.body)
            case If():
                for _, inside in statement.branches:
                    yield from _find_set(inside)
                yield from _find_set(statement.otherwise)
            case For():
                yield statement.slots, None
                yield from _find_set(statement.body)
                yield from _find_set(statement.otherwise)
            case _:
                pass
