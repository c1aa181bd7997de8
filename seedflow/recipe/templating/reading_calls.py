"""Jinja's syntax tree → nodes: whatever is called, and `.at()` and `.where()`, which look like calls and are syntax."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import Final, NamedTuple, TypeAlias, cast

from jinja2 import nodes

from seedflow.recipe.functions import FILTERS, FORMS, FUNCTIONS, TESTS
from seedflow.recipe.references import Argument, NameReference, Reference
from seedflow.recipe.templating.callees import Callee, explain_mismatch
from seedflow.recipe.templating.forms import build_form, explain_form_mismatch, find_single
from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.lookup_nodes import Attribute, Item, Mentioned, Named, Variable
from seedflow.recipe.templating.mentions import Link, MentionReader
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.operation_nodes import Applied, ListOf, RecordOf, Signed
from seedflow.recipe.templating.partials import CalledFrom, Module
from seedflow.recipe.templating.problems import Problem, suggest
from seedflow.recipe.templating.statements import Called, Macro
from seedflow.recipe.templating.token_table import TokenTable

_Call: TypeAlias = nodes.Call | nodes.Filter | nodes.Test

_MOST_CHOSEN: Final = 3
"""How many items of a list are spelled out in help."""
_OF_PRESENCE: Final = ("defined", "undefined", "none")
_SELECTABLE: Final = ("inputs", "each")


class Arguments(NamedTuple):
    """What a call is given: values by position and by name, and where each name stands.

    `whole` is False when some of it could not be read, so that nothing can be said of what is missing.
    """

    values: list[Expression]
    named: dict[str, Expression]
    places: dict[str, Token]
    whole: bool


class CallReader(ABC):
    """Reads calls; collects problems and references on the way."""

    def __init__(self, tokens: Sequence[Token], roots: Collection[str]) -> None:
        self.problems: list[Problem] = []
        self.references: list[Reference] = []
        self.macros: dict[str, Macro] = {}
        self.macro_in_reading: str | None = None
        self.origins: dict[str, Module] = {}
        """The files of those macros that are imported."""
        self.modules: dict[str, Module] = {}
        """Imported files as a whole, by the names that they have here."""
        self.tokens = TokenTable(tokens)
        self.mentions = MentionReader(roots, self.problems, self.references, self._read_selector, FILTERS)

    @abstractmethod
    def read(self, node: nodes.Node) -> Expression:
        """The node of ours.

        Raises:
            Misread: the expression is too deep.
        """

    def refuse(self, message: str, start: int, end: int, help: str | None, *, code: str) -> Expression:  # noqa: A002 - the word users see
        """Take down a problem; the node stands in, so that reading goes on."""
        self.problems.append(Problem(code, message, start, end, help))
        return Constant("", start, end)

    def read_filter(self, node: nodes.Filter, base: Expression) -> Expression:
        """A filter behind a value that was read already."""
        name = self.tokens.at(node.lineno)
        end, arguments = self.read_arguments(node, name)
        callee = FILTERS.get(node.name)
        if callee is None:
            return self.refuse(
                f"there is no filter `{node.name}`",
                name.start,
                name.end,
                _advise_on_filter(node.name),
                code="template-unknown-filter",
            )
        return self._apply("filter", node.name, callee, base, arguments, name, end)

    def read_test(self, node: nodes.Test, base: Expression) -> Expression:
        """A test behind a value that was read already."""
        negated = self.tokens.at(node.lineno, 1).value == "not"
        name = self.tokens.at(node.lineno, 2 if negated else 1)
        end, arguments = self.read_arguments(node, name)
        callee = TESTS.get(node.name)
        if callee is None:
            return self.refuse(
                f"there is no test `{node.name}`",
                name.start,
                name.end,
                suggest(
                    node.name,
                    TESTS,
                    f"the tests are {', '.join(test for test in TESTS if test.isidentifier())}",
                ),
                code="template-unknown-test",
            )
        if node.name in _OF_PRESENCE:
            made = (node.name == "defined") is not negated
            self._advise_on_presence(base, asks="is not none" if made else "is none")
        return self._apply("test", node.name, callee, base, arguments, name, end)

    def _advise_on_presence(self, base: Expression, asks: str) -> None:
        """Whether a step is there is asked for another reason than where its images are wanted."""
        for number, found in enumerate(self.problems):
            if (found.start, found.end) == (base.start, base.end) and found.code == "template-step-reference":
                step = found.message.partition("`")[2].partition("`")[0]
                if found.message.startswith(f"`{step}` alone"):
                    advice = f"a step is always there; whether its `when` skipped it asks `optional({step}.images) {asks}`"
                    self.problems[number] = replace(found, help=advice)

    def read_call(self, name: str, place: Token, node: nodes.Call) -> Expression:
        """A function, form or macro."""
        if name in FORMS:
            return self._read_form(name, place, node)
        end, arguments = self.read_arguments(node, place)
        if name in self.macros:
            return self.call_macro(self.macros[name], name, self.origins.get(name), arguments, place, end)
        callee = FUNCTIONS.get(name)
        if callee is None:
            return self._refuse_function(name, place)
        mismatch = explain_mismatch(callee, len(arguments.values), arguments.named, piped=False)
        if mismatch is not None and arguments.whole:
            return self._refuse_arguments(f"function `{name}`: {mismatch}", place.start, end)
        return Applied(name, callee.apply, arguments.values, arguments.named, place.start, end)

    def _read_form(self, name: str, place: Token, node: nodes.Call) -> Expression:
        before = self.mentions.skip_ok, self.mentions.fail_ok
        if name == "succeeded":
            self.mentions.fail_ok = True
        else:
            self.mentions.skip_ok = True
        end, given = self.read_arguments(node, place)
        self.mentions.skip_ok, self.mentions.fail_ok = before
        mismatch = explain_form_mismatch(name, len(given.values), list(given.named))
        if mismatch is not None:
            if not given.whole:
                return Constant("", place.start, end)
            listed = len(given.values) == 1 and isinstance(given.values[0], ListOf)
            advice = f"take the brackets away: `{name}(…, …)`" if name == "first_of" and listed else None
            return self._refuse_arguments(f"function `{name}`: {mismatch}", place.start, end, advice)
        single = find_single(given.values[0]) if name == "succeeded" else None
        if single is not None and not self._is_refused(single):
            return self.refuse(
                "`succeeded` takes what a step gives as a list, which goes on without what failed",
                single.start,
                single.end,
                "write `succeeded(steps.NAME.images)`, and what is done with the list behind it",
                code="template-arguments",
            )
        return build_form(name, given.values, place.start, end)

    def _is_refused(self, expression: Expression) -> bool:
        """Whether it stands in for something that is reported already."""
        return any(expression.start <= one.start < expression.end for one in self.problems)

    def _apply(
        self, kind: str, name: str, callee: Callee, base: Expression, given: Arguments, place: Token, end: int
    ) -> Expression:
        mismatch = explain_mismatch(callee, 1 + len(given.values), given.named, piped=True)
        if mismatch is not None and given.whole:
            return self._refuse_arguments(f"{kind} `{name}`: {mismatch}", place.start, end)
        return Applied(
            name,
            callee.apply,
            [base, *given.values],
            given.named,
            base.start,
            end,
            takes_missing=callee.takes_missing,
        )

    def _refuse_arguments(self, message: str, start: int, end: int, advice: str | None = None) -> Expression:
        if advice is not None:
            pass
        elif message.endswith("is missing"):
            advice = "add it, in its place or by its name"
        elif "takes named lists" in message:
            advice = "name each list: `zip(name=…, tone=…)`"
        elif message.endswith("is given twice"):
            advice = "give it once"
        elif message.endswith("and one is given"):
            advice = "add what is to be taken when that was skipped, or leave the function away"
        else:
            advice = "give it only what it takes"
        return self.refuse(message, start, end, advice, code="template-arguments")

    def _refuse_function(self, name: str, place: Token) -> Expression:
        known = [*FUNCTIONS, *FORMS, *self.macros]
        imported = next((alias for alias, one in self.modules.items() if name in one.partial.macros), None)
        help_ = suggest(name, known, f"the functions are {', '.join(f'`{one}`' for one in known)}")
        if name in FILTERS:
            help_ = f"it is a filter: `… | {name}`"
        if imported is not None:
            help_ = f"write `{imported}.{name}(…)`"
        message = f"there is no function `{name}`"
        if name == self.macro_in_reading:
            message, help_ = f"macro `{name}` calls itself", "go through a list with `{% for %}`"
        return self.refuse(message, place.start, place.end, help_, code="template-unknown-function")

    def call_macro(
        self, macro: Macro, name: str, module: Module | None, given: Arguments, place: Token, end: int
    ) -> Expression:
        """A call of a macro; `name` is what it is called by here, `module` the imported file that it is in."""
        arguments: list[Expression | None] = [*given.values[: len(macro.parameters)]]
        arguments += [given.named.get(name) for name in macro.parameters[len(arguments) :]]
        mismatch = _explain_macro_mismatch(macro, given, arguments)
        if mismatch is not None and given.whole:
            return self._refuse_arguments(f"macro `{name}`: {mismatch}", place.start, end)
        if module is not None:
            return CalledFrom(module, name, macro, arguments, place.start, end)
        return Called(macro, arguments, place.start, end)

    def read_arguments(self, node: _Call, name: Token) -> tuple[int, Arguments]:
        """Where a call ends, and what it is given; `name` is the token before the bracket."""
        opener = self.tokens.at(name.start, 1)
        values = [self.read(argument) for argument in node.args]
        closed = self.tokens.find_end(opener.start) if opener.kind == "lparen" else None
        end = max([name.end, *(value.end for value in values)]) if closed is None else closed
        whole = node.dyn_args is None and node.dyn_kwargs is None
        if not whole:
            self.refuse(
                "arguments are written out, one by one",
                opener.start,
                end,
                "leave out `*` and `**`",
                code="template-syntax",
            )
        named: dict[str, Expression] = {}
        places: dict[str, Token] = {}
        for place, keyword in zip(self.tokens.find_keywords(opener.start), _keywords(node), strict=False):
            if keyword.key in named:
                whole = False
                self._refuse_arguments(f"`{keyword.key}` is given twice", place.start, place.end)
            named[keyword.key] = self.read(keyword.value)
            places[keyword.key] = place
        return end, Arguments(values, named, places, whole)

    def _read_selector(self, link: Link) -> tuple[Argument, ...]:
        node = cast("nodes.Call", link.value)
        compared = [one for one in node.args if _find_compared_name(one) is not None]
        for name in filter(None, map(_find_compared_name, compared)):
            place = self.tokens.at(name.lineno)
            self._refuse_selector(
                "a variable is given what it is to be, not compared",
                place.start,
                place.end,
                f"write one `=`: `{name.name}=…` in place of `{name.name} == …`",
            )
        node.args = [one for one in node.args if one not in compared]
        _, arguments = self.read_arguments(node, self.tokens.before(link.start))
        for value in arguments.values:
            self._refuse_selector(
                "variables are chosen by name",
                value.start,
                value.end,
                "write `NAME=…` with the name of the variable",
            )
        if not arguments.named and not arguments.values and not compared:
            self._refuse_selector(
                "no variable is chosen",
                link.start,
                link.stop,
                "write `NAME=each.NAME` for the variables of the step's `for_each`",
            )
        return tuple(
            self._build_argument(name, value, arguments.places[name])
            for name, value in arguments.named.items()
        )

    def _refuse_selector(self, message: str, start: int, end: int, help: str) -> Expression:  # noqa: A002 - the word users see
        return self.refuse(message, start, end, help, code="template-selector")

    def _build_argument(self, name: str, value: Expression, place: Token) -> Argument:
        anything = NameReference("inputs", (), value.start, value.end)  # something, nobody knows what
        if any((one.start, one.end) == (value.start, value.end) for one in self.problems):
            return Argument(name, anything, place.start, value.end)
        chosen: str | int | float | bool | NameReference | None = _literal(value)
        if chosen is None and isinstance(value, Named | Attribute | Item):
            named = [one for one in self.references if isinstance(one, NameReference)]
            chosen = next((one for one in named if _is_selectable(one, value)), None)
        if chosen is None:
            what, help_ = _advise_on_choice(name, value)
            message = f"`{name}` is chosen by one text or number, or by data of `inputs` or `each`, and this is {what}"
            self._refuse_selector(message, value.start, value.end, help_)
            chosen = anything
        return Argument(name, chosen, place.start, value.end)


def _advise_on_filter(name: str) -> str | None:
    if name == "zip":
        return "it is a function of lists with names: `zip(name=…, tone=…)`"
    if name in FUNCTIONS or name in FORMS:
        return f"it is a function: `{name}(…)`"
    return suggest(name, FILTERS, f"the filters are {', '.join(FILTERS)}")


def _keywords(node: _Call) -> list[nodes.Keyword]:
    """Jinja types the named arguments of its nodes in two ways; they are one."""
    return cast("list[nodes.Keyword]", node.kwargs)


def _find_compared_name(node: nodes.Expr) -> nodes.Name | None:
    """The name in `time == 'night'`, as others choose by a variable."""
    if not isinstance(node, nodes.Compare) or not isinstance(node.expr, nodes.Name):
        return None
    return node.expr if [one.op for one in node.ops] == ["eq"] else None


def _explain_macro_mismatch(
    macro: Macro, given: Arguments, arguments: Sequence[Expression | None]
) -> str | None:
    takes = "it takes " + (", ".join(f"`{name}`" for name in macro.parameters) or "no arguments")
    if len(given.values) > len(macro.parameters):
        return f"{takes}, but {len(given.values)} are given"
    for name in given.named:
        if name not in macro.parameters:
            return f"it has no `{name}`; {takes}"
        if name in macro.parameters[: len(given.values)]:
            return f"`{name}` is given twice"
    for name, argument, default in zip(macro.parameters, arguments, macro.defaults, strict=True):
        if argument is None and default is None:
            return f"`{name}` is missing"
    return None


def _is_selectable(reference: NameReference, value: Expression) -> bool:
    """Whether a value is that very mention, and one that may choose tasks."""
    return reference.root in _SELECTABLE and (reference.start, reference.end) == (value.start, value.end)


def _advise_on_choice(name: str, value: Expression) -> tuple[str, str]:
    """What cannot choose tasks, and what to write in its place."""
    bottom = value
    while isinstance(bottom, Attribute) or (isinstance(bottom, Item) and isinstance(bottom.key, Constant)):
        bottom = bottom.base
    match bottom:
        case ListOf():
            return "a list", _advise_on_items(name, bottom.items)
        case RecordOf():
            return "a record", f"write one of its fields, `{name}=…`"
        case Named():
            return f"data of `{bottom.root}`", "write the text or number itself, or make it an input"
        case Mentioned():
            return "what a step gives", f"repeat this step over that, and write `{name}=each.NAME`"
        case Variable():
            return (
                "a variable of the text",
                f"go through its values in `for_each`, and write `{name}=each.NAME`",
            )
        case Constant() if bottom.value is None:
            return "none", f"leave `{name}` out of a `.where()` that does not choose by it"
        case _:
            return "worked out", f"work it out in a list of `for_each`, and write `{name}=each.NAME`"


def _advise_on_items(name: str, items: Sequence[Expression]) -> str:
    chosen = [_literal(item) for item in items]
    spelled = [f"{name}={item!r}" for item in chosen if item is not None]
    if len(spelled) == len(items) == 1:
        return f"write `{spelled[0]}`"
    each = f"a `.where({name}=…)` for each of them"
    if len(spelled) == len(items) <= _MOST_CHOSEN and items:
        each = " and ".join(f"`.where({one})`" for one in spelled)
    return f"write {each}, and put together what they give with `+`"


def _literal(value: Expression) -> str | int | float | bool | None:
    if isinstance(value, Constant) and isinstance(value.value, str | int | float):
        return value.value
    if isinstance(value, Signed) and isinstance(value.operand, Constant):
        number = value.operand.value
        if isinstance(number, int | float) and not isinstance(number, bool):
            return value.sign * number
    return None
