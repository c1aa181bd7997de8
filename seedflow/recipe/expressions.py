"""Templates in their places: which names are in scope where, and nodes to trees of templates."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import suppress

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.recipe.leaves import Unread, describe_node
from seedflow.recipe.listed_texts import doubt_brackets, mend_colons
from seedflow.recipe.model import Expression
from seedflow.recipe.partials import PartialFiles
from seedflow.recipe.template import Template, TemplateForm, parse_template
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.templating.rendering import to_text
from seedflow.recipe.unbraced import advise_of_dollar, suggest_braces
from seedflow.text.nodes import Node, Scalar, Sequence

Roots = frozenset[str]

VALUE_ROOTS: Roots = frozenset({"inputs", "values", "recipe"})
"""What is known before anything is made: for `values:`, lists of `for_each`, and `model:`."""

STEP_ROOTS: Roots = VALUE_ROOTS | {"steps"}
"""What a parameter may mention."""

FILE_ROOTS: Roots = frozenset({"image", "each", "recipe"})
"""What the template of a file's path may mention."""


class ExpressionParser:
    """Parses the templates of one recipe and collects what is wrong with them and with the files that they use."""

    def __init__(self, files: PartialFiles) -> None:
        self.problems: list[Diagnostic] = []
        self.declared: dict[str, Collection[str]] = {}
        """What the recipe declares, by root; `each` is that of the step whose templates are parsed."""
        self._files = files
        self._said: set[tuple[str, str, str]] = set()

    def parse(self, scalar: Scalar, roots: Roots) -> Template:
        """One template; a broken one gives its problems and a template that mentions nothing."""
        template, problems = parse_template(scalar, roots=roots, files=self._files, declared=self.declared)
        for problem in problems:
            if problem.span is None or problem.span.source is scalar.source:
                self.problems.append(problem)
                continue
            # What is wrong in a file is said once, however many templates use it.
            key = problem.code, str(problem.span), problem.message
            if key not in self._said:
                self._said.add(key)
                self.problems.append(problem)
        return template

    def parse_tree(self, node: Node, roots: Roots) -> Expression:
        """The templates at the leaves of lists and mappings. Keys that begin with `x-` are left out."""
        if isinstance(node, Scalar):
            return self.parse(node, roots)
        if isinstance(node, Sequence):
            return tuple(self.parse_tree(item, roots) for item in node.items)
        return {
            entry.key.value: self.parse_tree(entry.value, roots)
            for entry in node
            if not entry.key.value.startswith("x-")
        }

    def parse_list(self, node: Sequence, roots: Roots, step: Node) -> Expression:
        """A list that a step goes through, written out in it: doubts about its items are told with it."""
        listed, problems = mend_colons(node, step)
        self.problems.extend((*problems, *warn_of_spelling(listed), *doubt_brackets(listed)))
        return self.parse_tree(listed, roots)

    def parse_single(
        self,
        node: Node,
        roots: Roots,
        *,
        code: str,
        expected: str,
        help: str,  # noqa: A002 - the word users see
    ) -> Template | None:
        """A scalar that is exactly one `{{ }}`, or None and a problem; one of an unread node is unread, too."""
        if isinstance(node, Unread):
            return Template.of_unread(node)
        if isinstance(node, Scalar):
            before = len(self.problems)
            template = self.parse(node, roots)
            if template.form is TemplateForm.EXPRESSION or len(self.problems) > before:
                return template
            help = advise_of_dollar(node.value) or suggest_braces(node.value) or help  # noqa: A001 - the word users see
            found = "text around a template" if template.form is TemplateForm.TEXT else describe_node(node)
        else:
            found = describe_node(node)
        self.problems.append(Diagnostic(code, f"found {found}, expected {expected}", node.span, help=help))
        return None

    def parse_needed(
        self,
        node: Node,
        roots: Roots,
        *,
        code: str,
        expected: str,
        help: str,  # noqa: A002 - the word users see
    ) -> Template:
        """The same where something has to stand: with a problem it is an unread template, from which nothing follows."""
        template = self.parse_single(node, roots, code=code, expected=expected, help=help)
        if template is not None:
            return template
        start, end = node.start, node.end
        return Template.of_unread(Scalar(node.source, start, end, node.source.text[start:end]))


def warn_of_spelling(node: Node) -> Iterator[Diagnostic]:
    """Warnings of plain numbers such as `007` and `1.10`, which are printed otherwise than they are spelled."""
    if isinstance(node, Scalar):
        value = node.resolve()
        if isinstance(value, int | float) and not isinstance(value, bool):
            with suppress(Refusal):
                printed = to_text(value)
                if printed != node.value:
                    yield Diagnostic(
                        "spelling-changes",
                        f"{node.value} is a number here, and is printed as {printed} in a text",
                        node.span,
                        Severity.WARNING,
                        help=f'write "{node.value}" to keep its spelling, or {printed} for the number',
                    )
    elif isinstance(node, Sequence):
        for item in node.items:
            yield from warn_of_spelling(item)
    else:
        for entry in node:
            if not entry.key.value.startswith("x-"):
                yield from warn_of_spelling(entry.value)
