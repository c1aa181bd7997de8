"""One scalar of a recipe → Template: what it mentions, and its renderer.

Everything dynamic stands in `{{ }}` or `{% %}`; everything else is literal. `docs/reference/templates.md` is the
language; `seedflow.recipe.templating` is how it is read and rendered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.recipe.bare_names import Declared, suggest_output, suggest_root
from seedflow.recipe.dashed_names import list_plain, suggest_undashed, tell_numbered
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.references import NameReference, Reference
from seedflow.recipe.templating.fast import read_fast
from seedflow.recipe.templating.limits import MAX_SOURCE_CHARACTERS, MAX_TEXT_CHARACTERS
from seedflow.recipe.templating.lookups import find_item, refuse_missing
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.operation_nodes import Applied
from seedflow.recipe.templating.problems import Problem, Refusal, RenderError, Skipped, refuse_length, suggest
from seedflow.recipe.templating.program import LITERAL, Program, ProgramCache, TemplateForm, is_literal
from seedflow.recipe.templating.rendering import MISSING, Rendering, Scope, to_text
from seedflow.recipe.templating.statements import Body, Print, Text, render_body
from seedflow.text.nodes import Scalar

__all__ = ["RenderError", "Scope", "Skipped", "Template", "TemplateForm", "look_up", "parse_template"]

_PROGRAMS = ProgramCache()


class Template:
    """A scalar that was read as a template. Equal texts share what reading them gave.

    Attributes:
        scalar: the text, with its place in the source.
        form: how it is written: literally, as one expression, or as text with templates in it.
        references: all that it mentions, in text order, in every branch, taken or not.
        expression: what stands in the braces of the form `EXPRESSION`, for whoever asks what it could give; None if it has problems.
        unread: whether it has problems, so that what it mentions is not known in full.
    """

    __slots__ = ("_program", "expression", "form", "references", "scalar", "unread")

    def __init__(self, scalar: Scalar, program: Program = LITERAL) -> None:
        self.scalar = scalar
        self._program = program
        self.form: TemplateForm = program.form
        self.references: tuple[Reference, ...] = program.references
        self.unread = bool(program.problems)
        self.expression: Expression | None = None if self.unread else program.expression

    def __repr__(self) -> str:
        return f"Template({self.scalar.value!r})"

    @classmethod
    def of_unread(cls, scalar: Scalar) -> Template:
        """What stands for an expression that is none, which is told: nobody knows what it gives, so that nothing follows."""
        bare = scalar.value if scalar.value.isidentifier() else None
        problem = Problem("wrong-type", "this is not an expression", 0, len(scalar.value), bare=bare)
        return cls(scalar, Program(TemplateForm.EXPRESSION, problems=(problem,)))

    @property
    def body(self) -> Body:
        """The statements of the form `TEXT`, for whoever asks what could be printed; nothing if it has problems."""
        return () if self._program.problems else self._program.body

    @property
    def bare_names(self) -> frozenset[str]:
        """Names that stand in it without a root, which are problems."""
        problems = self._program.problems
        parts = (part for problem in problems if problem.dashed for part in problem.dashed.plain)
        found = (problem.bare.split(".") for problem in (*problems, *parts) if problem.bare is not None)
        return frozenset(name for names in found for name in names)

    def span_of(self, reference: Reference) -> Span:
        """The place of a mention in the source."""
        return self.scalar.span_at(reference.start, reference.end)

    def literal(self, *, as_text: bool) -> object:
        """What a `LITERAL` says: its text as it is spelled where text is wanted, else its value by YAML's rules."""
        return self.scalar.value if as_text else self.scalar.resolve()

    @property
    def pieces(self) -> tuple[str | Template | None, ...]:
        """Its text in a row: what stands there, what is printed as templates of their own, and None for what is more than that."""
        program = self._program
        if program.form is TemplateForm.LITERAL:
            return (self.scalar.value,)
        if program.problems or program.slots:
            return (None,)
        if program.expression is not None:
            return (self,)
        return tuple(
            statement.text
            if isinstance(statement, Text)
            else self.narrow(statement.expression)
            if isinstance(statement, Print)
            else None
            for statement in program.body
        )

    def narrow(self, value: Expression) -> Template:
        """One expression of it as a template of its own."""
        inside = tuple(one for one in self.references if value.start <= one.start < value.end)
        return Template(self.scalar, Program(TemplateForm.EXPRESSION, value, references=inside))

    @property
    def zipped(self) -> Mapping[str, Template] | None:
        """The lists of `{{ zip(name=LIST, tone=LIST) }}`, each as a template of its own; None for anything else."""
        call = self._program.expression
        if not isinstance(call, Applied) or call.name != "zip" or call.arguments:
            return None
        return {name: self.narrow(value) for name, value in call.keywords.items()}

    def render(
        self, scope: Scope, *, as_text: bool = False, finish: Callable[[str], str] | None = None
    ) -> object:
        """Its value with the values in scope. Equal scopes give equal values.

        Args:
            scope: what it may look at; exceptions of `scope.resolve` pass through.
            as_text: give text whatever the form: numbers and booleans are converted.
            finish: what to do with the text of each value that is put into other text, such as making a slug of it.

        Raises:
            RenderError: with these values it has none; its offsets are those of `scalar.value`, or of its `source`.
        """
        program = self._program
        if program.problems:
            raise _misread(program.problems[0])
        try:
            match program.form:
                case TemplateForm.LITERAL:
                    return self.literal(as_text=as_text)
                case TemplateForm.TEXT:
                    return render_body(program.body, Rendering(scope, program.slots, finish))
                case TemplateForm.EXPRESSION:
                    return _evaluate(program, Rendering(scope, program.slots, finish), as_text=as_text)
        except RecursionError:
            raise RenderError(
                "macros and operations are worked out too deep in each other",
                0,
                len(self.scalar.value),
                code="template-too-deep",
                help="call fewer macros from other macros",
            ) from None

    def diagnose(self, error: RenderError) -> Diagnostic:
        """The diagnostic for an error that rendering raised, at its place in the source."""
        return _diagnose(error, self.scalar)


def may_leave_out(expression: object) -> bool:
    """Whether an item of a list that is written out is not there when it gives none: it is `optional(…)`."""
    node = expression.expression if isinstance(expression, Template) else None
    return node is not None and node.may_leave_out


def is_unread(expression: object) -> bool:
    """Whether nobody knows what an expression gives, as it could not be read."""
    return isinstance(expression, Template) and expression.unread


def parse_template(
    scalar: Scalar,
    *,
    roots: frozenset[str],
    files: PartialFiles | None = None,
    declared: Declared | None = None,
) -> tuple[Template, list[Diagnostic]]:
    """Read a scalar as a template.

    Args:
        scalar: the text, with its place in the source.
        roots: the names that are known where it stands, of `inputs`, `values`, `steps`, `each`, `ref`, `recipe`, `image`, `prev`.
        files: where the files are that it includes or imports; without them it cannot.
        declared: the names that the recipe declares below the roots, for help with a name that stands alone.

    Returns:
        The template, and every problem of its text and of its files; a template with problems raises the first one when rendered.
    """
    text = scalar.value
    if is_literal(text):
        return Template(scalar), []
    program = _PROGRAMS.find(text, roots)
    if program is None and files is not None:
        program = files.programs.find(text, roots)
    if program is None:
        program = _read(text, roots, files)
        if not program.uses_files:
            _PROGRAMS.keep(text, roots, program)
        elif files is not None:
            files.programs.keep(text, roots, program)
    declared = declared or {}
    program = tell_numbered(program, text, declared)
    return Template(scalar, program), [
        _diagnose(_help_with_names(problem, text, roots, declared), scalar)
        for problem in list_plain(program.problems, declared)
    ]


def look_up(reference: NameReference, scope: Scope) -> object:
    """The value that a mention such as `each.scene.name` has in a scope; for the arguments of `.at()` and `.where()`.

    Raises:
        RenderError: it has none.
    """
    name, *rest = reference.path
    value = scope.root(reference.root).get(str(name), MISSING)
    try:
        if value is MISSING:
            raise Refusal(
                code="template-undefined",
                message=f"`{reference.root}` has no `{name}`",
                help=suggest(str(name), scope.root(reference.root)),
            )
        for key in rest:
            found = find_item(value, key)
            if found is MISSING:
                raise refuse_missing(value, key)
            value = found
    except Refusal as refusal:
        raise refusal.at(reference.start, reference.end) from None
    return value


def _read(text: str, roots: frozenset[str], files: PartialFiles | None) -> Program:
    if len(text) > MAX_SOURCE_CHARACTERS:
        return Program(TemplateForm.TEXT, problems=(refuse_length("put long text into an input"),))
    program = read_fast(text, roots)
    if program is not None:
        return program
    # Imported here and nowhere else: most recipes never need jinja2, and importing it costs more than reading them.
    from seedflow.recipe.templating.reading import read_full

    return read_full(text, roots, files)


def _evaluate(program: Program, rendering: Rendering, *, as_text: bool) -> object:
    expression = program.expression
    if expression is None:
        raise AssertionError("a template in the form of an expression has one")
    value = expression.evaluate(rendering)
    if not as_text:
        return value
    try:
        text = to_text(value)
        if len(text) > MAX_TEXT_CHARACTERS:
            rendering.check_length(len(text))
        return rendering.finish(text) if rendering.finish is not None else text
    except Refusal as refusal:
        raise refusal.at(expression.start, expression.end) from None


def _misread(problem: Problem) -> RenderError:
    return RenderError(
        problem.message,
        problem.start,
        problem.end,
        problem.code,
        problem.help,
        problem.source,
        problem.related,
    )


def _help_with_names(problem: Problem, text: str, roots: frozenset[str], declared: Declared) -> Problem:
    if problem.step is not None:
        outputs = declared.get(f"steps.{problem.step}.outputs", ())
        help_ = suggest_output(problem.step, text[problem.start : problem.end], outputs)
        return problem if help_ is None else replace(problem, help=help_)
    if problem.bare is None or problem.source is not None:
        return problem
    if problem.dashed is None:
        help_ = suggest_root(problem.bare, declared, roots)
    else:
        help_ = suggest_undashed(problem.bare, problem.dashed, declared, roots)
    return problem if help_ is None else replace(problem, help=help_)


def _diagnose(found: Problem | RenderError, scalar: Scalar) -> Diagnostic:
    def span_at(source: Source | None, start: int, end: int) -> Span:
        return scalar.span_at(start, end) if source is None else Span(source, start, end)

    return Diagnostic(
        found.code,
        found.message,
        span_at(found.source, found.start, found.end),
        help=found.help,
        related=tuple(
            Related(span_at(place.source, place.start, place.end), place.message) for place in found.related
        ),
    )
