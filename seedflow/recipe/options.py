"""`when:`, `takes:`, `expect:` and `iterate:` of a step as written, to what the model of recipes holds of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

from pydantic_core import PydanticCustomError

from seedflow.diagnostics import Diagnostic, Span
from seedflow.recipe.expressions import VALUE_ROOTS, ExpressionParser, Roots
from seedflow.recipe.leaves import (
    diagnose,
    problem,
    quote,
    read_boolean,
    read_positive_up_to,
    read_text,
)
from seedflow.recipe.lost_forms import advise_unquoting
from seedflow.recipe.model import (
    MOST_ATTEMPTS,
    MOST_EXPECTED,
    MOST_TAKES,
    Expect,
    Expression,
    Iterate,
    LoopVariable,
    Otherwise,
)
from seedflow.recipe.option_schema import EXPECTED, RATIO_PATTERN, ImagesBlock
from seedflow.recipe.schema import StepBlock
from seedflow.recipe.template import Template, TemplateForm
from seedflow.recipe.unbraced import suggest_braces
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence

_RATIO = re.compile(RATIO_PATTERN)
_NOT_IN_START = {
    "`prev` is not known here": "`start` is what the first edit begins with, and there is no image before it yet: "
    "name the image itself, and mention `prev` inside `generate:`",
    "`each` is not known here": "only the request of a step knows the edit that it is about: mention it inside `generate:`",
}
"""What to do instead, by the message of a problem."""
_read_takes = read_positive_up_to(MOST_TAKES)
_read_attempts = read_positive_up_to(MOST_ATTEMPTS)
_read_expected = read_positive_up_to(MOST_EXPECTED)


class OptionBuilder:
    """Builds the options of one step. `roots` are the names that its templates know; `unread` are keys of `expect` that have errors."""

    def __init__(
        self, block: StepBlock, parser: ExpressionParser, roots: Roots, unread: frozenset[str] = frozenset()
    ) -> None:
        self._block = block
        self._unread = unread
        self._parser = parser
        self._roots = roots
        self._known = VALUE_ROOTS | (roots & {"each"})

    def build_when(self) -> Template | None:
        """The condition: one `{{ }}`, since a bare word would look like a value and mean something else."""
        node = self._block.when
        if node is None:
            return None
        return self._parser.parse_single(
            node,
            self._roots,
            code="not-a-condition",
            expected="one `{{ }}` that gives true or false",
            help=_help_condition(node),
        )

    def build_takes(self) -> Template | None:
        """How often a request is drawn."""
        node = self._block.takes
        if node is None:
            return None
        return self._parse_setting(
            node, _read_takes, VALUE_ROOTS, expected="a whole number from 1, or one `{{ }}`"
        )

    def build_expect(self) -> Expect | None:
        """What a result must be; what is written out is judged at once."""
        block = self._block.expect
        if block is None:
            return None
        span = _key_span(self._block.node, "expect")
        before = len(self._parser.problems)
        tries_again = block.otherwise is Otherwise.RETRY or bool(self._unread)  # one of them may mean it
        if block.attempts is not None and not tries_again:
            self._parser.problems.append(
                Diagnostic(
                    "attempts-without-retry",
                    f"`attempts` has no meaning with `otherwise: {block.otherwise}`: nothing is tried again",
                    _key_span(block.node, "attempts"),
                    help="write `otherwise: retry`, or take `attempts` out",
                )
            )
        number = "a whole number from 1, or one `{{ }}`"
        expect = Expect(
            span,
            images=self._build_images(block.images),
            min_width=self._parse_known(block.min_width, _read_expected, number),
            min_height=self._parse_known(block.min_height, _read_expected, number),
            aspect_ratio=self._parse_known(
                block.aspect_ratio, _read_ratio, "a ratio such as 16:9, or a template"
            ),
            distinct=self._parse_known(block.distinct, read_boolean, "true or false, or one `{{ }}`"),
            otherwise=block.otherwise,
            attempts=self._parse_known(block.attempts, _read_attempts, number),
        )
        expected = (block.images, block.min_width, block.min_height, block.aspect_ratio, block.distinct)
        written = any(one is not None for one in expected)
        if not written and not self._unread and len(self._parser.problems) == before:
            self._parser.problems.append(_expects_nothing(span))
        return expect

    def build_iterate(self, loops: tuple[LoopVariable, ...]) -> Iterate | None:
        """The edits in a row, if there are any; what of them could not be read is unread in them."""
        block = self._block.iterate
        if block is None:
            return None
        over = self._build_over(block.over)
        before = len(self._parser.problems)
        start = self._parser.parse_needed(
            block.start,
            self._roots,
            code="not-an-image",
            expected="one `{{ }}` that gives an image",
            help='write `start: "{{ steps.NAME.images[0] }}"`, or an input of type image',
        )
        self._parser.problems[before:] = [
            replace(problem, help=_NOT_IN_START.get(problem.message, problem.help))
            for problem in self._parser.problems[before:]
        ]
        span = _value_span(block.node, "as")
        taken = next((entry for entry in loops if block.as_ in entry.names), None)
        if taken is not None:
            self._parser.problems.append(
                Diagnostic(
                    "variable-taken",
                    f"`each.{block.as_}` is already a variable of this step's `for_each`",
                    span,
                    help="give the edits another name",
                )
            )
        return Iterate(_key_span(self._block.node, "iterate"), over, block.as_, span, start)

    def _build_over(self, node: Node) -> Expression:
        if isinstance(node, Sequence):
            return self._parser.parse_list(node, self._roots, self._block.node)
        return self._parser.parse_needed(
            node,
            self._roots,
            code="not-a-list",
            expected="a list, or one `{{ }}` that gives a list",
            help=advise_unquoting(node) or 'write `[…]`, or a template such as `"{{ inputs.NAME }}"`',
        )

    def _build_images(self, block: ImagesBlock | None) -> Expression | None:
        if block is None:
            return None
        expected = "a whole number from 1, or one `{{ }}`"
        if not isinstance(block.node, Mapping):
            return self._parse_known(block.node, _read_expected, expected)
        low = self._parse_known(block.min, _read_expected, expected)
        high = self._parse_known(block.max, _read_expected, expected)
        bounds = {"min": low, "max": high}
        least, most = (_find_number(template) for template in (low, high))
        if least is not None and most is not None and least > most:
            self._parser.problems.append(
                Diagnostic(
                    "empty-bounds",
                    f"`min` is {least} and `max` is {most}; nothing lies between them",
                    _key_span(block.node, "min"),
                    help="swap the two",
                )
            )
        return {name: template for name, template in bounds.items() if template is not None}

    def _parse_known(
        self, node: Node | None, read: Callable[[object], object], expected: str
    ) -> Template | None:
        return self._parse_setting(node, read, self._known, expected=expected) if node is not None else None

    def _parse_setting(
        self, node: Node, read: Callable[[object], object], roots: Roots, *, expected: str
    ) -> Template | None:
        """A literal that its reader takes, or a template; text around a template only where text is wanted."""
        if not isinstance(node, Scalar) or not ("{{" in node.value or "{%" in node.value):
            try:
                read(node)
            except PydanticCustomError as error:
                wrong = diagnose(error, node.span)
                braces = suggest_braces(node.value) if isinstance(node, Scalar) else None
                self._parser.problems.append(wrong if braces is None else replace(wrong, help=braces))
                return None
            return self._parser.parse(node, roots) if isinstance(node, Scalar) else None
        if read is _read_ratio:
            return self._parser.parse(node, roots)
        return self._parser.parse_single(
            node, roots, code="wrong-type", expected=expected, help="write nothing around the `{{ }}`"
        )


def _expects_nothing(span: Span) -> Diagnostic:
    return Diagnostic(
        "missing-key",
        "this `expect` says nothing that a result must be",
        span,
        help=f"add one of {', '.join(f'`{key}`' for key in EXPECTED)}, or take `expect` out",
    )


def _read_ratio(node: object) -> str:
    text = read_text(node)
    if not _RATIO.fullmatch(text):
        raise problem(
            code="not-a-ratio",
            message=f"found {quote(text)}, expected width and height as whole numbers, such as 16:9",
            help="write `WIDTH:HEIGHT`",
        )
    return text


def _help_condition(node: Node) -> str:
    if not isinstance(node, Scalar):
        items = node.items if isinstance(node, Sequence) else ()
        written = [item.value.strip() for item in items if isinstance(item, Scalar)]
        if len(items) == 1 and written and written[0].startswith("{{"):
            quote = "'" if '"' in written[0] else '"'
            return f"take the brackets away: `when: {quote}{written[0]}{quote}`"
        if len(items) > 1:
            return 'put them into one, with `and` or `or` between them: `when: "{{ … and … }}"`'
        return 'write `when: "{{ inputs.NAME }}"`'
    text = node.value.strip()
    if text.lower() in ("true", "yes", "on"):
        return "take `when` out: a step without it always runs"
    if text.lower() in ("false", "no", "off"):
        return 'take the step out, or decide it by an input of type boolean: `when: "{{ inputs.NAME }}"`'
    if "{{" in text or "{%" in text:
        return "put the whole condition into one `{{ }}`"
    return f'put it into braces: `"{{{{ {text} }}}}"`' if text and "\n" not in text else "write one `{{ }}`"


def _find_number(template: Template | None) -> int | None:
    if template is None or template.form is not TemplateForm.LITERAL:
        return None
    value = template.literal(as_text=False)
    return value if isinstance(value, int) else None


def _key_span(node: Node, key: str) -> Span:
    entry = node.find(key) if isinstance(node, Mapping) else None
    return entry.key.span if entry is not None else node.span


def _value_span(node: Node, key: str) -> Span:
    entry = node.find(key) if isinstance(node, Mapping) else None
    return entry.value.span if entry is not None else node.span
