"""Judging rendered requests by the model's card, and collecting what is found over thousands of tasks.

The catalog reports problems by parameter path; here they get their place in the text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import cache

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.images.facts import FileImage, UrlImage
from seedflow.models.between import find_doubts_at_least, judge_between
from seedflow.models.model import Model
from seedflow.models.problem import Problem
from seedflow.plan.model import PLACEHOLDER_URL, PendingImages
from seedflow.plan.requests import Request, RequestBuilder
from seedflow.recipe.model import Generate, References
from seedflow.recipe.template import TemplateForm

_MOST_JUDGED = 1_000
"""More references than this are as good as not known."""


def judge_request(model: Model, request: Request, builder: RequestBuilder) -> Iterator[Diagnostic]:
    """Every problem of a request, each at the parameter or reference that causes it."""
    written = builder.node.generate.references
    if written is not None and request.references and written.field != model.references_field:
        yield _wrong_field(model, written)
        return
    if not request.references and not request.between:
        problems = model.judge(request.known_params, unknown=request.unknown)
    else:
        few, many, unknown = _fill(model, request)
        problems = (
            model.judge(few, unknown=unknown) if few == many else judge_between(model, few, many, unknown)
        )
    for problem in problems:
        yield _diagnose(problem, builder)
    yield from _judge_files(model, request, builder)


def doubt_smallest(model: Model, request: Request, builder: RequestBuilder) -> Iterator[Diagnostic]:
    """What fails with the smallest numbers that a request may come to hold, and not with the greatest.

    Whether a test around a number rules that out is not looked at: who tells of it has to know.
    """
    if request.between:
        few, many, unknown = _fill(model, request)
        of_few, of_many = (model.judge(one, unknown=unknown) for one in (few, many))
        for problem in find_doubts_at_least(model, of_few, of_many, few, many):
            yield _diagnose(problem, builder)


def _diagnose(problem: Problem, builder: RequestBuilder) -> Diagnostic:
    name = str(problem.path[0]) if problem.path else None
    return Diagnostic(
        problem.code,
        problem.message,
        builder.origin.params.get(name, builder.origin.span) if name is not None else builder.origin.span,
        problem.severity,
        problem.help,
    )


def _fill(model: Model, request: Request) -> tuple[dict[str, object], dict[str, object], set[str]]:
    """The input with as little and with as much as it may come to hold, and what is not known of it."""
    unknown = set(request.unknown)
    few = dict(request.known_params)
    many = dict(few)
    for name, (low, high) in request.between.items():
        if low is not None and high is not None:
            few[name], many[name] = low, high
            unknown.discard(name)
    field = model.references_field
    if field is not None and request.references:
        counts = [
            item.image.count if isinstance(item.image, PendingImages) else (1, 1)
            for item in request.references
        ]
        least, most = [low for low, _ in counts], [high for _, high in counts]
        if sum(most) > _MOST_JUDGED:
            unknown.add(field)
        elif least == most:
            few[field] = many[field] = _urls(request, least)
        else:
            few[field] = _urls(request, least)
            many[field] = _urls(request, most)[: max(sum(least), sum(most) - request.never_sent)]
    return few, many, unknown


def _urls(request: Request, counts: list[int]) -> list[str]:
    urls: list[str] = []
    for item, count in zip(request.references, counts, strict=True):
        image = item.image
        for _ in range(count):
            urls.append(image.url if isinstance(image, UrlImage) else _stand_in(len(urls) + 1))
    return urls


@cache
def _stand_in(number: int) -> str:
    return PLACEHOLDER_URL.format(number=number)


def _wrong_field(model: Model, written: References) -> Diagnostic:
    """References under another model's name for them, which a template over the model lets nobody see before."""
    if written.field in model.parameters:
        message = f"`{written.field}` of `{model.id}` takes no images"
        return Diagnostic("unknown-parameter", message, written.span, help="leave the images out")
    problem = model.explain_unknown(written.field)
    return Diagnostic(problem.code, problem.message, written.span, problem.severity, problem.help)


def _judge_files(model: Model, request: Request, builder: RequestBuilder) -> Iterator[Diagnostic]:
    """Local pictures by their bytes and pixels. Pictures that a model gave are not refused after they were paid for."""
    if model.references_field is None or not request.references:
        return
    files = [item.image for item in request.references if isinstance(item.image, FileImage)]
    if not files:
        return
    span = builder.origin.params.get(model.references_field, builder.origin.span)
    checked = _list_checked(builder.node.generate)
    for image in files:
        if image.name not in checked:
            for problem in model.judge_reference(image.facts):
                message = f"{image.name}: {problem.message}"
                yield Diagnostic(problem.code, message, span, problem.severity, problem.help)


def _list_checked(generate: Generate) -> frozenset[str]:
    """The pictures that the text itself names, for a model that it names: the check has judged them, at their places."""
    model, written = generate.model, generate.references
    if written is None or (model is not None and model.form is not TemplateForm.LITERAL):
        return frozenset()
    templates = (item.template for item in written.items)
    return frozenset(one.scalar.value.strip() for one in templates if one.form is TemplateForm.LITERAL)


class Findings:
    """Diagnostics of many tasks: the same problem at the same place is reported once, with how many tasks have it."""

    def __init__(self) -> None:
        self._found: dict[tuple[str, Span | None, str], tuple[Diagnostic, str | None, int]] = {}
        self.has_errors = False

    def add(self, found: Diagnostic, address: str | None = None) -> None:
        """Take in one problem, of one task if `address` is given."""
        self.has_errors = self.has_errors or found.severity is Severity.ERROR
        key = (found.code, found.span, found.message)
        _, first, count = self._found.get(key, (found, address, 0))
        self._found[key] = (found, first, count + 1)

    def extend(self, found: Iterable[Diagnostic]) -> None:
        """Take in several."""
        for one in found:
            self.add(one)

    def merge(self, other: Findings) -> None:
        """Take in all of another one."""
        self.has_errors = self.has_errors or other.has_errors
        for key, (found, address, count) in other._found.items():
            first, named, before = self._found.get(key, (found, address, 0))
            self._found[key] = (first, named, before + count)

    def only(self, wanted: Callable[[Diagnostic], bool]) -> Findings:
        """Those that are wanted."""
        kept = Findings()
        kept._found = {key: entry for key, entry in self._found.items() if wanted(entry[0])}
        kept.has_errors = any(found.severity is Severity.ERROR for found, _, _ in kept._found.values())
        return kept

    def first_error(self) -> Diagnostic | None:
        """The first error, or None."""
        if not self.has_errors:
            return None
        return next((found for found, _, _ in self._found.values() if found.severity is Severity.ERROR), None)

    def diagnostics(self) -> list[Diagnostic]:
        """All, in order of first appearance, naming the task where that helps."""
        return [_named(found, address, count) for found, address, count in self._found.values()]


def _named(found: Diagnostic, address: str | None, count: int) -> Diagnostic:
    if address is None or "[" not in address:
        return found
    more = f" and {count - 1:,} more" if count > 1 else ""
    return replace(found, message=f"{found.message} (in {address}{more})")
