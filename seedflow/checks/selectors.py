"""Which of a step's tasks a mention picks: `.at(scene=…)` and `.where(mood=…)`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from seedflow.canonical import build_key
from seedflow.checks.each_names import has_unread_variables
from seedflow.checks.other_images import always_miss, find_giver
from seedflow.checks.subject import Mention, Subject
from seedflow.diagnostics import Diagnostic, Related, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.graph.flow import Flow
from seedflow.graph.literals import NOT_LITERAL, read_literal
from seedflow.graph.mistakes import lacks_option
from seedflow.graph.model import StepNode
from seedflow.graph.shapes import UNKNOWN, Kind
from seedflow.recipe.references import Argument, NameReference, Selector

_MOST_SHOWN = 8


def check_selectors(subject: Subject) -> Iterator[Diagnostic]:
    """Every `.at()` names each loop variable of its step, every `.where()` some, and both name items that can exist."""
    for mention in subject.mentions:
        selector = mention.reference.selector
        unread = mention.place.template.unread or has_unread_variables(mention.target)
        if selector is not None and not unread:
            yield from _check_selector(selector, mention, subject)


def _check_selector(selector: Selector, mention: Mention, subject: Subject) -> Iterator[Diagnostic]:
    step = mention.reference.step
    variables = [name for entry in mention.target.step.for_each for name in entry.names]
    if lacks_option(mention.target, "for_each"):
        return  # which variables there will be nobody knows
    if not variables:
        yield Diagnostic(
            "selector-without-for-each",
            f"step `{step}` has no `for_each`, so that `.{selector.kind}()` has nothing to choose from",
            mention.span,
            help=f"write `steps.{step}.images`",
            related=(Related(mention.target.step.span, f"step `{step}`"),),
        )
        return
    named = {argument.variable for argument in selector.arguments}
    for argument in selector.arguments:
        yield from _check_argument(argument, variables, mention, subject.flow)
        yield from _check_giver(argument, mention, subject)
    missing = [name for name in variables if name not in named]
    if selector.kind == "at" and missing and named.issubset(variables):
        yield Diagnostic(
            "selector-incomplete",
            f"`.at()` gives one task of step `{step}` and must name every variable; missing: {', '.join(missing)}",
            mention.span,
            help=f"add {', '.join(f'`{name}=…`' for name in missing)}, or use `.where()` for several tasks",
        )


def _check_argument(
    argument: Argument, variables: Sequence[str], mention: Mention, flow: Flow
) -> Iterator[Diagnostic]:
    span = mention.place.template.scalar.span_at(argument.start, argument.end)
    if argument.variable not in variables:
        near = find_near(argument.variable, variables)
        yield Diagnostic(
            "unknown-variable",
            f"step `{mention.reference.step}` has no `for_each` variable `{argument.variable}`",
            span,
            help=f"did you mean `{near}`?" if near is not None else f"it has {', '.join(variables)}",
        )
    elif isinstance(argument.value, NameReference):
        shape = flow.shape_of_mention(argument.value, mention.place.node, mention.place.frame)
        wanted = flow.variables(mention.target).get(argument.variable, UNKNOWN)
        made = (Kind.IMAGE, Kind.TASK)
        if (
            (wanted.kind in made or shape.kind is Kind.TASK)
            and wanted.known
            and shape.known
            and shape.kind is not wanted.kind
        ):
            yield Diagnostic(
                "wrong-shape",
                f"`{argument.variable}` of step `{mention.reference.step}` is {wanted.describe()}, and this is {shape.describe()}",
                span,
                help="give it an item of the list that the step goes through",
            )
        elif shape.kind in (Kind.LIST, Kind.NONE):
            yield Diagnostic(
                "wrong-shape",
                f"`{argument.variable}` must be one value of the variable, and this is {shape.describe()}",
                span,
                help=_advise_on_list(argument, argument.value, shape.kind, mention),
            )
    elif flow.variables(mention.target).get(argument.variable, UNKNOWN).kind in (Kind.IMAGE, Kind.TASK):
        yield _literal_of_dynamic(argument, span, mention)
    else:
        yield from _check_literal(argument.variable, build_key(argument.value), span, mention)


def _check_giver(argument: Argument, mention: Mention, subject: Subject) -> Iterator[Diagnostic]:
    """An image by which a task is chosen must be one of those that its step goes through."""
    own, value = mention.place.node, argument.value
    if own is None or not isinstance(value, NameReference) or value.root != "each" or len(value.path) != 1:
        return
    wanted = find_giver(mention.target, argument.variable, subject.graph)
    given = find_giver(own, value.name, subject.graph)
    if wanted is None or given is None or not always_miss(wanted, given, subject.graph):
        return
    scalar = mention.place.template.scalar
    yield Diagnostic(
        "no-such-task",
        f"`{argument.variable}` of step `{mention.reference.step}` goes through the images of `{wanted.step.name}`, and this is an image of "
        f"`{given.step.name}`",
        scalar.span_at(argument.start, argument.end),
        help=f"repeat this step over the same list, `steps.{wanted.step.name}.images`",
    )


def _advise_on_list(argument: Argument, value: NameReference, kind: Kind, mention: Mention) -> str:
    """One item chooses one value; several are chosen among all images or tasks of the step, by what these say of themselves."""
    reference = mention.reference
    if kind is not Kind.LIST or reference.collection not in ("images", "tasks", None):
        return "give it one item"
    spelled = mention.place.template.scalar.value[value.start : value.end]
    every = f"steps.{reference.step}.{reference.collection or 'tasks'}"
    return (
        f"give it one item, or choose several with "
        f"`{every} | selectattr('each.{argument.variable}', 'in', {spelled})`"
    )


def _literal_of_dynamic(argument: Argument, span: Span, mention: Mention) -> Diagnostic:
    name = argument.variable
    return Diagnostic(
        "selector-of-results",
        f"`{name}` of step `{mention.reference.step}` goes through images or tasks, which no literal names",
        span,
        help=f"repeat this step over the same list, and write `{name}=each.{name}`",
    )


def _check_literal(variable: str, key: str, span: Span, mention: Mention) -> Iterator[Diagnostic]:
    """A literal must be among the items, where these are written out."""
    keys = _literal_keys(variable, mention.target)
    if keys is None or key in keys:
        return
    if not keys and mention.reference.selector is not None and mention.reference.selector.kind == "where":
        return  # of no task there are no images, which is no error
    near = find_near(key, keys)
    yield Diagnostic(
        "no-such-task",
        f"step `{mention.reference.step}` has no task with `{variable}={key}`",
        span,
        help=f"did you mean `{near}`?" if near is not None else _list_keys(keys),
    )


def _list_keys(keys: Sequence[str]) -> str:
    if not keys:
        return "its list is empty"
    shown = ", ".join(keys[:_MOST_SHOWN]) + (", …" if len(keys) > _MOST_SHOWN else "")
    return f"there {'is' if len(keys) == 1 else 'are'} {shown}"


def _literal_keys(variable: str, target: StepNode) -> list[str] | None:
    """The keys of a variable's items, or None when they are not all written out."""
    entry = next(entry for entry in target.step.for_each if variable in entry.names)
    items = entry.lists[entry.names.index(variable)]
    if not isinstance(items, tuple):
        return None
    keys: list[str] = []
    for item in items:
        value = read_literal(item)
        if value is NOT_LITERAL or not isinstance(value, (str, int, float)):
            return None
        keys.append(build_key(value))
    return keys
