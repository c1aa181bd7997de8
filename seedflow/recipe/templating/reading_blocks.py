"""Jinja's syntax tree → nodes: text, `if`, `for`, `set`, `with`, macros, and the variables that these make."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from jinja2 import nodes

from seedflow.recipe.templating.lookup_nodes import Variable
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.optional_names import NO_NAMES, find_passed
from seedflow.recipe.templating.reading_files import FileReader
from seedflow.recipe.templating.statements import Body, For, If, Macro, Print, Set, SetText, Statement, Text
from seedflow.recipe.templating.variables import Kind, Names


class BlockReader(FileReader):
    """Reads statements."""

    def read_body(self, parts: Sequence[nodes.Node]) -> Body:
        """The statements of a body, in order.

        Raises:
            Misread: an expression is too deep.
        """
        body: list[Statement] = []
        for part in parts:
            self.count += 1
            match part:
                case nodes.Output():
                    body.extend(self._read_output(part))
                case nodes.If():
                    body.append(self._read_if(part))
                case nodes.For():
                    body.append(self._read_for(part))
                case nodes.Assign():
                    body.append(self._read_set(part))
                case nodes.AssignBlock():
                    body.append(self._read_set_text(part))
                case nodes.With():
                    body.extend(self._read_with(part))
                case nodes.Macro():
                    self._read_macro(part)
                case nodes.Include():
                    body.extend(self.read_include(part))
                case nodes.Import():
                    body.extend(self.read_import(part))
                case nodes.FromImport():
                    body.extend(self.read_from_import(part))
                case _:
                    self.refuse(
                        "this tag cannot stand here",
                        part.lineno,
                        part.lineno + 1,
                        None,
                        code="template-unknown-tag",
                    )
        return tuple(body)

    def _within(self, kind: Kind, read: Callable[[Names], Body]) -> Body:
        """Read something whose variables end with it."""
        names = self.names = Names(kind, self.names)
        body = read(names)
        self.names = names.parent or names
        return body

    def _read_output(self, output: nodes.Output) -> list[Statement]:
        found: list[Statement] = []
        for part in output.nodes:
            if isinstance(part, nodes.TemplateData):
                self.count += 1
                found.append(Text(part.data, part.lineno))
            else:
                found.append(Print(self.read(part)))
        return found

    def _read_if(self, node: nodes.If) -> Statement:
        self.branches += 1
        branches: list[tuple[Expression, Body]] = []
        passed = NO_NAMES  # where none of the tests so far holds
        for branch in (node, *node.elif_):
            with self.sparing(passed):
                test = self._read_test_of(branch)
            with self.sparing(passed | find_passed(branch.test, holds=True)):
                branches.append((test, self.read_body(branch.body)))
            passed |= find_passed(branch.test, holds=False)
        with self.sparing(passed):
            otherwise = self.read_body(node.else_)
        self.branches -= 1
        return If(branches, otherwise)

    def _read_test_of(self, branch: nodes.If) -> Expression:
        test = self.read(branch.test)
        if isinstance(branch.test, nodes.Tuple):
            self.refuse(
                "a list always holds, so this test decides nothing",
                test.start,
                test.end,
                "join conditions with `and` or `or`",
                code="template-syntax",
            )
        return test

    def _read_for(self, node: nodes.For) -> Statement:
        if node.recursive:
            place = self.tokens.at(node.lineno)
            self.refuse(
                "loops do not call themselves",
                place.start,
                place.end,
                "leave out `recursive`",
                code="template-syntax",
            )
        items = self.read(node.iter)
        before = self.count
        condition: list[Expression] = []
        slots: list[int] = []
        loop: list[Names] = []

        def read(names: Names) -> Body:
            loop.append(names)
            slots.extend(self._declare(node.target, names, by_set=False))
            if node.test is not None:
                condition.append(self.read(node.test))
            return self.read_body(node.body)

        body = self._within("for", read)
        weight = 1 + self.count - before
        otherwise = self._within("branch", lambda _: self.read_body(node.else_))
        return For(
            slots,
            items,
            condition[0] if condition else None,
            body,
            otherwise,
            loop_slot=loop[0].loop_slot,
            inner=loop[0].inner,
            weight=weight,
        )

    def _read_set(self, node: nodes.Assign) -> Statement:
        value = self.read(node.node)
        return Set(self._declare(node.target, self.names, by_set=True), value)

    def _read_set_text(self, node: nodes.AssignBlock) -> Statement:
        body = self._within("set", lambda _: self.read_body(node.body))
        slots = self._declare(node.target, self.names, by_set=True)
        result: Expression | None = None
        filters: list[nodes.Filter] = []
        one: nodes.Node | None = node.filter
        while isinstance(one, nodes.Filter):
            filters.append(one)
            one = one.node
        if filters:
            place = self.tokens.at(node.lineno, 1)
            result = Variable(str(place.value), slots[0], place.start, place.end)
            for each in reversed(filters):
                result = self.read_filter(each, result)
        if len(slots) > 1:
            place = self.tokens.at(node.lineno, 1)
            self.refuse(
                "one text has one name", place.start, place.end, "name one variable", code="template-syntax"
            )
        return SetText(slots[0], body, result)

    def _read_with(self, node: nodes.With) -> Body:
        values = [self.read(value) for value in node.values]

        def read(names: Names) -> Body:
            sets = [
                Set(self._declare(target, names, by_set=False), value)
                for target, value in zip(node.targets, values, strict=True)
            ]
            return (*sets, *self.read_body(node.body))

        return self._within("with", read)

    def _read_macro(self, node: nodes.Macro) -> None:
        place = self.tokens.at(node.lineno, 1)
        if self.names.kind != "template" or self.branches:
            self.refuse(
                "a macro stands by itself, not inside another block",
                place.start,
                place.end,
                "move it to the beginning of the template",
                code="template-syntax",
            )
        self.check_free(node.name, place.start, place.end)
        before = self.count
        defaults: list[Expression] = []
        slots: list[int] = []
        inside: list[Names] = []

        def read(names: Names) -> Body:
            inside.append(names)
            for number, parameter in enumerate(node.args):
                if number >= len(node.args) - len(node.defaults):
                    defaults.append(self.read(node.defaults[number - len(node.args) + len(node.defaults)]))
                self._refuse_repeated(parameter.name, names, parameter.lineno)
                slots.extend(self._declare(parameter, names, by_set=False))
            return self.read_body(node.body)

        self.macro_in_reading = node.name
        body = self._within("macro", read)
        self.macro_in_reading = None
        parameters = [parameter.name for parameter in node.args]
        macro = Macro(node.name, parameters, slots)
        macro.defaults = (*(None for _ in range(len(slots) - len(defaults))), *defaults)
        macro.body = body
        macro.inner = tuple(inside[0].inner)
        macro.weight = 1 + self.count - before
        self.macros[node.name] = macro

    def _refuse_repeated(self, name: str, names: Names, lineno: int) -> None:
        if name in names.own:
            place = self.tokens.at(lineno)
            self.refuse(
                f"`{name}` is a parameter of this macro already",
                place.start,
                place.end,
                "give it another name",
                code="template-syntax",
            )

    def _declare(self, target: nodes.Node, names: Names, *, by_set: bool) -> list[int]:
        """The variables that a target names; at least one."""
        parts = target.items if isinstance(target, nodes.Tuple) else [target]
        slots: list[int] = []
        for part in parts:
            if not isinstance(part, nodes.Name):
                place = self.tokens.at(part.lineno)
                self.refuse(
                    "only a name can be set",
                    place.start,
                    place.end,
                    "write `{% set NAME = … %}`",
                    code="template-syntax",
                )
                continue
            place = self.tokens.at(part.lineno)
            self.check_free(part.name, place.start, place.end)
            if by_set and names.is_set_outside(part.name):
                self.refuse(
                    f"`{part.name}` was set outside; what is set in here ends with `{{% end{names.kind} %}}`",
                    place.start,
                    place.end,
                    "use another name, or prepare the value with a filter",
                    code="template-set-outside",
                )
            slot = names.own.get(part.name)
            if by_set and self.needs_slot(part.name, slot):
                self.spare(part.name)
            if slot is None or not by_set:
                slot = names.own[part.name] = self.new_slot()
                if by_set:
                    names.inner.append(slot)
            slots.append(slot)
        return slots or [self.new_slot()]
