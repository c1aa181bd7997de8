"""Lists of `for_each`: that they are lists, that something bounds them, that their items have keys and fit each other."""

from __future__ import annotations

from collections.abc import Iterator

from seedflow.checks.item_keys import check_keys
from seedflow.checks.pairs import check_pairs
from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Related, Severity, Span, has_errors
from seedflow.graph.at_most import judge_length
from seedflow.graph.growth import Growth, Unbounded, Where
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import Kind
from seedflow.recipe.model import Argument, LoopVariable
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template


def check_loops(subject: Subject) -> Iterator[Diagnostic]:
    """Every list of `for_each` is a list, each of its items has a key of its own, and lists that are paired fit each other."""
    for node in subject.nodes:
        for variable in node.step.for_each:
            yield from _check_variable(variable, node, subject)
    yield from _check_bounds(subject)
    yield from check_pairs(subject)


def has_broken_lists(node: StepNode, subject: Subject) -> bool:
    """Whether lists of a step have errors, so that nobody knows what it is repeated for."""
    if any(
        path[:2] == ("steps", node.step.name) and path[2:3] in ((), ("for_each",), ("iterate",))
        for path in node.frame.recipe.unread
    ):
        return True
    return any(has_errors(list(_check_variable(variable, node, subject))) for variable in node.step.for_each)


def _check_variable(variable: LoopVariable, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    broken = list(_check_lists(variable, node, subject))
    yield from broken
    if not has_errors(broken):
        yield from check_keys(variable, node, subject.flow)


def _check_lists(variable: LoopVariable, node: StepNode, subject: Subject) -> Iterator[Diagnostic]:
    for name, items in zip(variable.names, variable.lists, strict=True):
        if not isinstance(items, Template):
            continue
        shape = subject.flow.shape_of_template(items, node)
        if shape.known and shape.kind is not Kind.LIST:
            yield Diagnostic(
                "not-a-list",
                f"`for_each` needs a list for `{name}`, and this is {shape.describe()}",
                items.scalar.span,
                help=f'write `{name}: ["{items.scalar.value.strip()}"]` for a list of one'
                if shape.scalar
                else "give it a list",
            )
        elif shape.kind is Kind.LIST and shape.optional and not _mentions_steps(items):
            yield Diagnostic(
                "may-be-none",
                f"this may be none, and `for_each` needs a list for `{name}`; it is looked at before `when`",
                items.scalar.span,
                Severity.WARNING,
                help=f"write `{{{{ {_inside(items)} or [] }}}}` for no task at all then, or give the input a default",
            )


def _mentions_steps(items: Template) -> bool:
    """Whether none may only be what `optional` gives for something skipped: the list has no items then."""
    return any(isinstance(one, StepReference) for one in items.references)


def _inside(items: Template) -> str:
    node = items.expression
    return "…" if node is None else " ".join(items.scalar.value[node.start : node.end].split())


def _check_bounds(subject: Subject) -> Iterator[Diagnostic]:
    """No list is longer than it may be; one that only the run knows has a greatest length, so that the plan has one of costs."""
    growth = Growth(subject.graph)
    for node in subject.nodes:
        for number, variable in enumerate(node.step.for_each):
            dynamic = any(growth.is_dynamic(items, Where(node.frame, node)) for items in variable.lists)
            yield from judge_length(
                variable, *subject.flow.counts.listed_items(node, number), dynamic=dynamic
            )
    for node in subject.graph.steps.values():
        lists = [
            (items, variable)
            for variable in node.step.for_each
            if variable.at_most is None and "at_most" not in variable.unread
            for items in variable.lists
        ]
        iterate = node.step.iterate
        for items, variable in lists:
            found = growth.find_unbounded(items, Where(node.frame, node))
            if found is not None:
                own = found.template is items
                yield _unbounded(found, own, variable.span, node, growth, _advise_bound(variable, own=own))
        found = None if iterate is None else growth.find_unbounded(iterate.over, Where(node.frame, node))
        if iterate is not None and found is not None:
            own = found.template is iterate.over
            yield _unbounded(found, own, iterate.span, node, growth)


def _advise_bound(variable: LoopVariable, *, own: bool) -> str:
    """How to give a list of `for_each` a greatest length; pairs need a name for that, and a key."""
    where = "" if own else " where the list stands"
    if not variable.zipped:
        return f"write `{{in: …, at_most: N}}`{where}"
    first = variable.names[0]
    return (
        f'give the pairs a name{where}, `pair: {{in: "{{{{ zip(…) }}}}", key: {first}, at_most: N}}`, with '
        f"`each.pair.{first}` for `each.{first}`"
    )


def _unbounded(
    found: Unbounded, own: bool, span: Span, node: StepNode, growth: Growth, advice: str | None = None
) -> Diagnostic:
    related: list[Related] = []
    ways = [] if advice is None else [advice]
    if found.crossed is not None:
        ways.append(f"give input `{found.crossed.name}` of recipe `{found.recipe}` `max_items: N`")
    if own:
        ways.append("go through the images themselves, with filters that only leave some out")
        given = list(_find_given(found.template, node, growth))
        related.extend(
            Related(argument.span, f"only the run will know what `{argument.name}` is given here")
            for argument in given
        )
        ways.extend(f"give `{argument.name}` what is known when planning" for argument in given)
    else:
        ways.append("use the images themselves, a slice of them, or filters that only leave some out")
        related.append(Related(span, "the list stands here"))
    return Diagnostic(
        "unbounded-list",
        "nothing bounds the length of this list, which only the run will know, so that nobody could say what it costs"
        if own
        else f"step `{node.step.name}` goes through a list that is made of this, and nothing bounds its length",
        found.template.scalar.span,
        help=", or ".join(ways),
        related=tuple(related),
    )


def _find_given(template: Template, node: StepNode, growth: Growth) -> Iterator[Argument]:
    """What the caller of a used recipe gives the inputs that a list is made of, and only the run knows."""
    call = node.frame.call
    names = [
        one.name for one in template.references if isinstance(one, NameReference) and one.root == "inputs"
    ]
    for name in dict.fromkeys(names):
        argument = growth.find_argument(name, node.frame)
        if call is None or argument is None:
            continue
        if growth.is_dynamic(argument.expression, Where(call.frame, call)):
            yield argument
