"""Lists that `zip` pairs: whether they can be equally long."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence

from seedflow.checks.subject import Subject
from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.graph.flow import Flow
from seedflow.graph.left_out import doubt_pairs, leaves_out_some
from seedflow.graph.model import Frame, StepNode
from seedflow.graph.shapes import Count, Kind
from seedflow.recipe.references import NameReference, StepReference
from seedflow.recipe.template import Template
from seedflow.recipe.templating.forms import OrNone
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Part
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.walking import walk


def check_pairs(subject: Subject) -> Iterator[Diagnostic]:
    """No `zip` pairs lists that are never equally long; one that may fail since the model gives what it likes is doubtful."""
    for node in subject.nodes:
        for variable in node.step.for_each:
            if variable.zipped:
                columns = {
                    name: items.expression
                    for name, items in zip(variable.names, variable.lists, strict=True)
                    if isinstance(items, Template) and items.expression is not None
                }
                yield from _check_columns(columns, variable.span, node, node.frame, subject.flow)
    for place in subject.places:
        zipped = _find_zip(place.template.expression)
        if zipped is not None:
            span = place.template.scalar.span_at(zipped.start, zipped.end)
            yield from _check_columns(zipped.keywords, span, place.node, place.frame, subject.flow)


def _check_columns(
    columns: Mapping[str, Expression], span: Span, node: StepNode | None, frame: Frame, flow: Flow
) -> Iterator[Diagnostic]:
    counts: dict[str, Count] = {}
    chosen: dict[str, StepNode] = {}
    skipped: dict[str, StepNode] = {}
    sizes: set[object] = set()
    for name, column in columns.items():
        items = column.argument if isinstance(column, OrNone) else column
        shape = flow.shape_of_part(items, node, frame)
        if shape.kind is not Kind.LIST or shape.optional:
            return
        counts[name] = shape.count
        if items is not column:
            source = _find_skipped(items, node, frame, flow)
            if source is None:
                return
            skipped[name] = source
        target = _find_chooser(items, node, frame, flow) if shape.count.low != shape.count.high else None
        if target is not None and isinstance(items, Mentioned):
            chosen[name] = target
            mention = items.reference
            sizes.add((target.id, mention.collection, _spell_selector(mention), mention.index))
        elif shape.count.low == shape.count.high:
            sizes.add(shape.count.low)
    others = [name for name in counts if name not in skipped and counts[name].low > 0]
    if _never_equal(counts):
        if others or not skipped:
            yield _unequal(counts, span, skipped)
    elif chosen and len(sizes) > 1:
        yield _may_be_unequal(counts, list(chosen.values()), span, skipped)
    elif sizes and (left := _find_left_out(columns, node, frame, flow)) is not None:
        yield doubt_pairs(_spell(counts), *left, span)
    elif not _is_guarded(node) and any(
        _is_always_made(columns[name], node, frame, flow) for name in others if skipped
    ):
        yield _empty_when_skipped(skipped, others[0], span, node)


def _find_left_out(
    columns: Mapping[str, Expression], node: StepNode | None, frame: Frame, flow: Flow
) -> tuple[str, str] | None:
    """A list of several tasks, of which a condition leaves out each by itself, and the step that gives it."""
    for name, items in columns.items():
        mention = items.reference if isinstance(items, Mentioned) and items.reference.index is None else None
        target = flow.find_target(mention, node, frame) if mention is not None else None
        if mention is None or target is None or mention.collection is None or not leaves_out_some(target):
            continue
        if flow.selected_tasks(target, mention, all_made=True).low > 1:
            return name, target.step.name
    return None


def _find_skipped(items: Expression, node: StepNode | None, frame: Frame, flow: Flow) -> StepNode | None:
    """The step which `optional` stands around, where all that is mentioned of it is skipped or nothing."""
    mention = items.reference if isinstance(items, Mentioned) else None
    target = None if mention is None else flow.find_target(mention, node, frame)
    if mention is None or target is None or target.step.for_each or target.step.call is not None:
        return None
    return target if flow.counts.may_be_skipped(target) else None


def _is_always_made(items: Expression, node: StepNode | None, frame: Frame, flow: Flow) -> bool:
    """Whether nothing may skip what a list is made of, and the pairs with it."""
    mentions = [part.reference for part in walk(items) if isinstance(part, Mentioned)]
    targets = [flow.find_target(mention, node, frame) for mention in mentions]
    return all(
        target is not None and not flow.counts.skipping.may_skip_mentioned(target, mention)
        for target, mention in zip(targets, mentions, strict=True)
    )


def _is_guarded(node: StepNode | None) -> bool:
    """Whether a condition may leave the pairs out."""
    at = node
    while at is not None and at.step.when is None:
        at = at.frame.call
    return at is not None


def _spell_selector(mention: StepReference) -> object:
    """Which tasks a mention picks, wherever it stands: the very same ones give equally many images."""
    if mention.selector is None:
        return None
    return mention.selector.kind, frozenset(
        (
            one.variable,
            (one.value.root, one.value.path) if isinstance(one.value, NameReference) else one.value,
        )
        for one in mention.selector.arguments
    )


def _find_chooser(items: Expression, node: StepNode | None, frame: Frame, flow: Flow) -> StepNode | None:
    """The step of which the model decides how many items a list has, and nobody else."""
    mention = items.reference if isinstance(items, Mentioned) else None
    if mention is None or mention.collection not in ("images", "passes"):
        return None
    target = flow.find_target(mention, node, frame)
    if target is None or target.step.generate is None:
        return None
    tasks = flow.selected_tasks(target, mention, all_made=True)
    given = flow.counts.images_per_request(target)
    fixed = tasks.low == tasks.high and given.high is not None and given.low < given.high
    return target if fixed else None


def _find_zip(node: Expression | None) -> Applied | None:
    """The `zip` from which an expression takes all that it gives, so that it is worked out whatever happens."""
    while isinstance(node, Attribute | Item | Part | Applied):
        if isinstance(node, Applied):
            if node.name == "zip" and not node.arguments:
                return node
            node = node.arguments[0] if node.arguments else None
        else:
            node = node.base
    return None


def _never_equal(counts: Mapping[str, Count]) -> bool:
    highs = [count.high for count in counts.values() if count.high is not None]
    return bool(highs) and max(count.low for count in counts.values()) > min(highs)


def _spell(counts: Mapping[str, Count], skipped: Collection[str] = ()) -> str:
    return ", ".join(
        f"`{name}` has {_spell_count(count)}{' or none' if name in skipped else ''}"
        for name, count in counts.items()
    )


def _spell_count(count: Count) -> str:
    if count.low == count.high:
        return str(count.low)
    return f"at least {count.low}" if count.high is None else f"{count.low} to {count.high}"


def _unequal(counts: Mapping[str, Count], span: Span, skipped: Collection[str]) -> Diagnostic:
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, but {_spell(counts, skipped)}",
        span,
        help="make the lists equally long",
    )


def _may_be_unequal(
    counts: Mapping[str, Count], targets: Sequence[StepNode], span: Span, skipped: Collection[str]
) -> Diagnostic:
    names = list(dict.fromkeys(f"`{target.step.name}`" for target in targets))
    steps = f"step {names[0]}" if len(names) == 1 else f"steps {', '.join(names[:-1])} and {names[-1]}"
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, and {_spell(counts, skipped)}: whether they fit is the model's choice, and known "
        f"only when {steps} {'is' if len(names) == 1 else 'are'} paid",
        span,
        Severity.WARNING,
        help=f"say in {steps} how many there must be: `expect: {{images: N}}`",
    )


def _empty_when_skipped(
    skipped: Mapping[str, StepNode], other: str, span: Span, node: StepNode | None
) -> Diagnostic:
    name, source = next(iter(skipped.items()))
    instead = "" if node is None else f": step `{node.step.name}` is skipped then as well"
    return Diagnostic(
        "unequal-lists",
        f"`zip` pairs lists of the same length, and `{name}` is empty where step `{source.step.name}` is skipped, which `{other}` never is",
        span,
        Severity.WARNING,
        help=f"mention it without `optional`{instead}",
    )
