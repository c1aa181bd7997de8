"""A step's request as far as the text alone decides it, in the form in which a card judges it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from seedflow.diagnostics import Span
from seedflow.graph.flow import Flow
from seedflow.graph.given import find_given
from seedflow.graph.growth import Growth, Where
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.model import StepNode
from seedflow.graph.places import find_templates
from seedflow.graph.shapes import ANY, ONE, Count, Kind
from seedflow.graph.unsure import Unsure
from seedflow.models.between import find_doubts, find_doubts_at_least
from seedflow.models.model import Model
from seedflow.models.problem import Problem
from seedflow.recipe.input_images import check_image_text
from seedflow.recipe.model import Expression, ReferenceItem
from seedflow.recipe.template import Template

_PLACEHOLDER_URL = "https://reference.invalid/"
"""Stands before a number for an image that is not a URL in the text."""
_MOST_COUNTS = 64
"""How many numbers of references a problem is tried with, before it is called certain."""
_MOST_PLACEHOLDERS = 1_000
_MOST_KEPT = 10_000


@dataclass(frozen=True, slots=True)
class ReferenceCount:
    """How many images one item of the references field gives; `url` when it is one that is written out."""

    item: ReferenceItem
    count: Count
    url: str | None = None


@dataclass(frozen=True, slots=True)
class _Asked:
    """What is known of a request: its parameters, and how many images each item of its references field gives."""

    parameters: Mapping[str, object]
    unknown: frozenset[str]
    field: str | None
    counted: list[ReferenceCount]

    def forget(self, names: frozenset[str]) -> _Asked:
        """The same with nothing known of some parameters."""
        kept = {name: value for name, value in self.parameters.items() if name not in names}
        return replace(self, parameters=kept, unknown=self.unknown | names) if names else self

    def fill(self, more: int) -> dict[str, object]:
        """The whole input with as few references as there can be, and a number more."""
        if self.field is None:
            return dict(self.parameters)
        return {**self.parameters, self.field: _urls(self.counted, more)}


class Judge:
    """Asks the cards. Equal requests, of which a large recipe has many, are judged once."""

    def __init__(self, flow: Flow, growth: Growth, unsure: Unsure) -> None:
        self._flow = flow
        self._growth = growth
        self._unsure = unsure
        self._known: dict[tuple[str, str, frozenset[str]], list[Problem]] = {}

    def judge_step(self, node: StepNode, model: Model) -> Iterator[tuple[Problem, Span]]:
        """What the model's card and profile say of a step's request as far as it is known, each with its place.

        What is wrong with any request that the step may come to is wrong; what is wrong only with one that holds as much as the
        run may make it hold is a warning.
        """
        request = self._flow.request(node)
        references = node.generate.references
        field = references.field if references is not None else None
        counted = [_count_item(item, node, self._flow) for item in (references.items if references else ())]
        bounds = self._flow.counts.number_bounds(node, guarded=True, or_none=True) if request.unknown else {}
        numbers = {
            name: (least, most)
            for name, (least, most) in bounds.items()
            if least is not None and most is not None and model.wants_number(name)
        }
        if not numbers and all(one.count.low == one.count.high for one in counted):
            asked = _Asked(request.parameters, request.unknown, field, counted)
            for problem in self._judge_all(asked, model):
                yield problem, find_span(problem, node, counted)
            return
        unknown = request.unknown.difference(numbers)
        few = _Asked(
            {**request.parameters, **{name: low for name, (low, _) in numbers.items()}},
            unknown,
            field,
            counted,
        )
        most = {name: high for name, (_, high) in numbers.items()}
        many = replace(few, parameters={**few.parameters, **most}) if most else few
        problems = self._judge_all(few, model)
        if few.parameters != many.parameters and problems:
            problems = _keep(problems, self._judge_all(many, model))
        sure = self._flow.counts.number_bounds(node, guarded=True)
        if problems and not numbers.keys() <= sure.keys():
            never_none = {name: low for name, (low, _) in numbers.items() if name in sure}
            without = replace(few, parameters={**request.parameters, **never_none})
            problems = _keep(problems, self._judge_all(without, model))
        made = self._flow.counts.number_bounds(node, guarded=True, all_made=True, or_none=True)
        lows = {name: made[name].low if name in made else None for name in numbers}
        least = {name: low if low is not None else numbers[name][1] for name, low in lows.items()}
        fewest = replace(few, parameters={**few.parameters, **least}) if least else few
        is_open = self._is_open(node, counted, numbers)
        tested = frozenset(
            name for name in numbers if self._is_tested(node.generate.parameters[name].expression, node)
        )
        low, lowest, high = (one.forget(tested) for one in (few, fewest, many))
        doubts = list(self._find_doubts(low, lowest, high, model)) if is_open else []
        if doubts and not self._unsure.is_unsure(node):
            problems = [*doubts, *problems]
        for problem in problems:
            yield problem, find_span(problem, node, counted)

    def _is_tested(self, expression: Expression, node: StepNode) -> bool:
        """Whether a test around a number, or around what a caller gives for it, looked at what the number is made of."""
        if isinstance(expression, Template) and self._flow.certain.is_tested(expression, node):
            return True
        given = find_given(expression, node)
        return given is not None and self._is_tested(*given)

    def _judge_all(self, asked: _Asked, model: Model) -> list[Problem]:
        """What is wrong however many references there turn out to be."""
        low, high = _total(asked.counted)
        if asked.field is None:
            return self._ask(model, asked.parameters, asked.unknown)
        if low == 0 and high != 0:
            return self._ask(model, asked.parameters, asked.unknown | {asked.field})
        problems = self._ask(model, asked.fill(0), asked.unknown)
        most = low + _MOST_COUNTS if high is None else min(high, low + _MOST_COUNTS)
        for more in range(1, most - low + 1):
            if not problems:
                break
            problems = _keep(problems, self._ask(model, asked.fill(more), asked.unknown))
        return problems

    def _is_open(
        self, node: StepNode, counted: list[ReferenceCount], numbers: Mapping[str, tuple[int, int]]
    ) -> bool:
        """Whether only the run will know how many references, or which numbers, a request has."""
        vague = [one.item.template for one in counted if one.count.low != one.count.high]
        open_numbers = [
            node.generate.parameters[name].expression for name, (low, high) in numbers.items() if low != high
        ]
        where = Where(node.frame, node)
        return any(self._growth.is_dynamic(expression, where) for expression in (*vague, *open_numbers))

    def _find_doubts(self, few: _Asked, fewest: _Asked, many: _Asked, model: Model) -> Iterator[Problem]:
        """What may go wrong; `fewest` is the least where nothing is skipped, since who mentions that is skipped with it."""
        low, high = _total(few.counted)
        if high is None or high > _MOST_PLACEHOLDERS:
            return
        least, most = few.fill(0), many.fill(high - low)
        found = self._ask(model, least, few.unknown), self._ask(model, most, many.unknown)
        yield from find_doubts(model, *found, most)
        small = fewest.fill(0)
        of_small = found[0] if small == least else self._ask(model, small, few.unknown)
        yield from find_doubts_at_least(model, of_small, found[1], small, most)

    def _ask(self, model: Model, params: Mapping[str, object], unknown: frozenset[str]) -> list[Problem]:
        if not unknown:
            return model.judge(params)
        key = (model.id, repr(params), unknown)
        problems = self._known.get(key)
        if problems is None:
            problems = model.judge(params, unknown=unknown)
            if len(self._known) < _MOST_KEPT:
                self._known[key] = problems
        return problems


def _keep(problems: list[Problem], found: list[Problem]) -> list[Problem]:
    """Those of the problems that were found again."""
    still = {(problem.code, problem.path) for problem in found}
    return [problem for problem in problems if (problem.code, problem.path) in still]


def find_span(problem: Problem, node: StepNode, counted: list[ReferenceCount]) -> Span:
    """The place of what was judged: the value, the key of a parameter that the model lacks, `generate` for what is not there."""
    generate = node.generate
    if not problem.path:
        return generate.span
    name, *rest = problem.path
    if generate.references is not None and name == generate.references.field:
        item = _find_item(rest, counted)
        return generate.references.span if item is None else item.template.scalar.span
    parameter = generate.parameters.get(str(name))
    if parameter is None:
        return generate.span
    if problem.code == "unknown-parameter":
        return parameter.span
    expression = parameter.expression
    for part in rest:
        inner = _descend(expression, part)
        if inner is None:
            break
        expression = inner
    return span_of(expression) or parameter.span


def span_of(expression: Expression) -> Span | None:
    """From the first to the last scalar of an expression; None when it holds none."""
    if isinstance(expression, Template):
        return expression.scalar.span
    spans = [template.scalar.span for template in find_templates(expression)]
    return Span(spans[0].source, spans[0].start, spans[-1].end) if spans else None


def _count_item(item: ReferenceItem, node: StepNode, flow: Flow) -> ReferenceCount:
    literal = read_literal(item.template, as_text=True)
    if literal is not NOT_LITERAL:
        url = literal if isinstance(literal, str) and literal[:6].lower() == "https:" else None
        good = url is not None and check_image_text(url, item.template.scalar.span) is None
        return ReferenceCount(item, ONE, url if good else None)
    shape = flow.shape_of_template(item.template, node, facts=flow.certain.of_step(node))
    match shape.kind:
        case Kind.IMAGE:
            count = ONE
        case Kind.LIST if shape.holds_images:
            count = shape.count
        case _:
            count = ANY
    low = 0 if shape.optional else min(count.low, _MOST_PLACEHOLDERS)
    return ReferenceCount(item, Count(low, count.high))


def _total(counted: list[ReferenceCount]) -> Count:
    total = Count(0, 0)
    for reference in counted:
        total = total.plus(reference.count)
    return total


def _urls(counted: list[ReferenceCount], more: int) -> list[str]:
    """As few references as there can be, and a number more."""
    urls: list[str] = []
    for reference in counted:
        if reference.url is not None:
            urls.append(reference.url)
        else:
            urls.extend(f"{_PLACEHOLDER_URL}{len(urls) + number}" for number in range(reference.count.low))
    urls.extend(f"{_PLACEHOLDER_URL}more/{number}" for number in range(more))
    return urls


def _find_item(rest: list[str | int], counted: list[ReferenceCount]) -> ReferenceItem | None:
    if not rest or not isinstance(rest[0], int):
        return None
    left = rest[0]
    for reference in counted:
        if left < reference.count.low:
            return reference.item
        left -= reference.count.low
    return None


def _descend(expression: Expression, part: str | int) -> Expression | None:
    if isinstance(expression, Template):
        return None
    if isinstance(expression, tuple):
        return expression[part] if isinstance(part, int) and part < len(expression) else None
    return expression.get(str(part))
