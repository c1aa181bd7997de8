"""Jinja's syntax tree → nodes: `include`, `import` and `from`, and the names that these give."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import Final, Protocol, TypeAlias, cast

from jinja2 import nodes

from seedflow.diagnostics import Source
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.templating.lexing import Token
from seedflow.recipe.templating.limits import MAX_FILES_DEEP, MAX_PROBLEMS
from seedflow.recipe.templating.lookup_nodes import Variable
from seedflow.recipe.templating.nodes import Constant, Expression
from seedflow.recipe.templating.partials import Import, Include, Member, Module, Need, Partial
from seedflow.recipe.templating.problems import Enough, Place, Problem, suggest
from seedflow.recipe.templating.reading_expressions import RESERVED, Chain, ExpressionReader
from seedflow.recipe.templating.statements import Statement

_MOST_NAMED: Final = 8
_BARE_FILE: Final = re.compile(r"[\w./-]+")

FileTag: TypeAlias = nodes.Include | nodes.Import | nodes.FromImport


class Shelf(Protocol):
    """Where the files are that a template names."""

    def get_partial(self, name: str, start: int, end: int) -> tuple[Partial | None, list[Problem]]:
        """The file, as far as it could be read, and what is wrong with it; `start`, `end` are the place of its name."""
        ...


class FileReader(ExpressionReader):
    """Reads what has to do with other files."""

    def __init__(
        self,
        tokens: Sequence[Token],
        roots: Collection[str],
        shelf: Shelf | None,
        source: Source | None = None,
    ) -> None:
        super().__init__(tokens, roots, source)
        self._shelf = shelf
        self.uses_files = False
        self.depth = 1

    def read_include(self, node: nodes.Include) -> list[Statement]:
        """`{% include "FILE" %}`: the file, written with the variables of the text around it."""
        literal, partial = self._open(node)
        if partial is None:
            return []
        arguments: list[tuple[int, Expression]] = []
        missing: dict[str, Need] = {}
        for name, need in partial.needs.items():
            slot = self.find_variable(name)
            if self.source is not None and (
                self.needs_slot(name, slot)
                or (slot is None and name not in self.macros and name not in self.modules)
            ):
                slot = self.need(name, need.source, need.start, need.end, required=need.required)
            if slot is not None:
                arguments.append((need.slot, Variable(name, slot, literal.start, literal.end)))
                continue
            if not need.required:
                continue
            missing[name] = need
        if missing:
            self._stop_when_enough()
            self.problems.append(_report_missing(partial, missing, self.names.all(), literal))
        return [Include(partial, arguments, literal.start, literal.end)]

    def read_import(self, node: nodes.Import) -> list[Statement]:
        """`{% import "FILE" as NAME %}`: the file's macros and variables, behind a name."""
        tag = self.tokens.tag_at(node.lineno)
        literal, partial = self._open(node)
        target = next(
            (after for word, after in pairwise(tag) if word.value == "as" and after.kind == "name"), tag[-1]
        )
        if not self._check_import(node, target, node.target):
            return []
        if partial is None:
            self.unread.add(node.target)
            return []
        module = self.modules[node.target] = self._make_module(partial, literal)
        return [Import(module, (), literal.start, literal.end)]

    def read_from_import(self, node: nodes.FromImport) -> list[Statement]:
        """`{% from "FILE" import NAME, NAME as NAME %}`: some of the file's macros and variables."""
        literal, partial = self._open(node)
        module = self._make_module(partial, literal) if partial is not None else None
        copies: list[tuple[int, int]] = []
        wanted = _list_wanted(self.tokens.tag_at(node.lineno))
        for name, alias in wanted:
            here, there = str(alias.value), str(name.value)
            if not self._check_import(node, alias, here):
                continue
            if module is None:
                self.unread.add(here)
            elif there in module.partial.macros:
                self.macros[here], self.origins[here] = module.partial.macros[there], module
            elif there in module.partial.names:
                slot = self.names.own[here] = self.new_slot()
                copies.append((slot, module.partial.names[there]))
            else:
                self._refuse_member(module, there, name.start, name.end)
                self.unread.add(here)
        return [Import(module, copies, literal.start, literal.end)] if module is not None else []

    def read_member(self, name: str, place: Token, chain: Chain) -> Expression:
        """`MODULE.NAME` or `MODULE.NAME(…)`."""
        module = self.modules[name]
        link = self.build_link(chain[0]) if chain else None
        if link is None or link.kind != "name":
            start, end = (place.start, place.end) if link is None else (link.start, link.end)
            return self.refuse(
                f"`{name}` is a file, not a value" if link is None else f"a name of `{name}` is written out",
                start,
                end,
                f"write `{name}.NAME`",
                code="template-unknown-name",
            )
        wanted = str(link.value)
        macro = module.partial.macros.get(wanted)
        if macro is not None:
            call = chain[1] if len(chain) > 1 else None
            if not isinstance(call, nodes.Call):
                return self.refuse(
                    f"`{name}.{wanted}` is called, it is not a value",
                    place.start,
                    link.stop,
                    f"write `{name}.{wanted}(…)`",
                    code="template-unknown-name",
                )
            end, given = self.read_arguments(call, self.tokens.before(call.lineno))
            called = self.call_macro(macro, f"{name}.{wanted}", module, given, place, end)
            return self.mentions.extend(called, [self.build_link(part) for part in chain[2:]])
        if wanted in module.partial.names:
            member = Member(module, wanted, module.partial.names[wanted], place.start, link.stop)
            return self.mentions.extend(member, [self.build_link(part) for part in chain[1:]], link)
        return self._refuse_member(module, wanted, link.start, link.end)

    def check_free(self, name: str, start: int, end: int) -> bool:
        """Whether a name may be given a meaning here; a problem if not."""
        kind = None
        if name in self.modules:
            kind = "an imported file"
        elif name in self.macros:
            kind = "a macro"
        elif name in RESERVED or name in self._roots:
            kind = "a name of seedflow's own"
        if kind is not None:
            self.refuse(
                f"`{name}` is {kind} and cannot be given another meaning",
                start,
                end,
                "use another name",
                code="template-name-taken",
            )
        return kind is None

    def _open(self, node: FileTag) -> tuple[Token, Partial | None]:
        """The name of a file as written, and the file, unless something is wrong with it."""
        self.uses_files = True
        tag = self.tokens.tag_at(node.lineno)
        self._check_options(tag)
        named = node.template
        if not isinstance(named, nodes.Const) or not isinstance(named.value, str):
            before = len(self.problems)
            value = self.read(named)
            del self.problems[before:]  # a name without quotes is no expression with mistakes of its own
            end = max(value.end, tag[-1].end if tag[0].value == "include" else value.end)
            bare = "".join(map(_spell, tag[1:])) if tag[0].value == "include" else ""
            shown = f": `{{% include '{bare}' %}}`" if _BARE_FILE.fullmatch(bare) else ""
            self.refuse(
                "the name of a file is written out, never worked out: it is read before there are any values",
                value.start,
                end,
                f"write the name in quotes{shown}; choose between files with `{{% if … %}}`",
                code="template-file-name",
            )
            return tag[0], None
        literal = self.tokens.at(named.lineno)
        if self._shelf is None:
            self.refuse(
                f"`{tag[0].value}` cannot stand here: there is no folder in which the file could be",
                tag[0].start,
                tag[0].end,
                "write the text here",
                code="template-unknown-tag",
            )
            return literal, None
        partial, problems = self._shelf.get_partial(named.value, literal.start, literal.end)
        self.problems.extend(problems)
        if partial is None:
            return literal, None
        self.depth = max(self.depth, 1 + partial.depth)
        if partial.depth > MAX_FILES_DEEP:
            self.refuse(
                f"more than {MAX_FILES_DEEP} files use each other, one behind the other",
                literal.start,
                literal.end,
                "put some of them into one file",
                code="template-too-deep",
            )
        return literal, partial

    def _check_options(self, tag: Sequence[Token]) -> None:
        words = [str(token.value) for token in tag if token.kind == "name"]
        pairs = {
            ("ignore", "missing"): "leave it out: whether the file exists is known before anything runs",
            (
                "with",
                "context",
            ): "leave it out: an included file sees the variables around it, an imported one none",
            ("without", "context"): "leave it out; for a file that sees nothing from here, import a macro",
        }
        for pair, advice in pairs.items():
            at = next((at for at in range(1, len(words) - 1) if (words[at], words[at + 1]) == pair), None)
            if at is not None:
                named = [token for token in tag if token.kind == "name"]
                self.refuse(
                    f"there is no `{' '.join(pair)}`",
                    named[at].start,
                    named[at + 1].end,
                    advice,
                    code="template-syntax",
                )

    def _check_import(self, node: FileTag, place: Token, name: str) -> bool:
        if self.names.kind != "template" or self.branches:
            tag = self.tokens.at(node.lineno)
            self.refuse(
                "files are imported at the beginning, not inside another block",
                tag.start,
                tag.end,
                "move it to the beginning of the template",
                code="template-syntax",
            )
            return False
        if not self.check_free(name, place.start, place.end):
            return False
        if name in self.names.own:
            self.refuse(
                f"`{name}` was set before and cannot be given another meaning",
                place.start,
                place.end,
                "use another name: `… as NAME`",
                code="template-name-taken",
            )
            return False
        return True

    def _stop_when_enough(self) -> None:
        if len(self.problems) >= MAX_PROBLEMS:
            raise Enough

    def _make_module(self, partial: Partial, literal: Token) -> Module:
        for name, need in partial.needs.items() if not partial.problems else ():
            self._stop_when_enough()
            self.problems.append(
                Problem(
                    code="template-unknown-name",
                    message=f"`{name}` is not known here: an imported file sees only what it sets itself",
                    start=need.start,
                    end=need.end,
                    help=f"make it an argument of the macro: `{{% macro NAME({name}) %}}`",
                    source=need.source,
                    related=(Place(None, literal.start, literal.end, f"`{partial.name}` is imported here"),),
                )
            )
        return Module(partial, self.new_slot())

    def _refuse_member(self, module: Module, name: str, start: int, end: int) -> Expression:
        if module.partial.problems:
            return Constant("", start, end)
        known = [*module.partial.macros, *module.partial.names]
        return self.refuse(
            f"`{module.partial.name}` has no `{name}`",
            start,
            end,
            suggest(name, known, None if known else "it has no macros; write it with `{% include … %}`"),
            code="template-unknown-name",
        )


def _report_missing(
    partial: Partial, missing: Mapping[str, Need], known: Collection[str], literal: Token
) -> Problem:
    """All variables in one problem that a file uses and that are not set where it is included."""
    listed = list(missing)[:_MOST_NAMED]
    near = {name: found for name in listed if (found := find_near(name, known)) is not None}
    unset = [name for name in listed if name not in near]
    advice = []
    if near:
        meant = [f"`{found}`" + (f" for `{name}`" if listed[1:] else "") for name, found in near.items()]
        advice.append(f"did you mean {' and '.join(meant)}?")
    if unset:
        values = ", ".join(f"{name} = …" for name in unset)
        what = f"`{unset[0]}`" if near and not unset[1:] else "them" if unset[1:] else "it"
        advice.append(f"set {what} around the file: `{{% with {values} %}}…{{% endwith %}}`")
    names = [f"`{name}`" for name in listed]
    if len(missing) > len(listed):
        names.append(f"{len(missing) - len(listed)} more")
    last = names.pop()
    said = f"{', '.join(names)} and {last}, which are" if names else f"{last}, which is"
    return Problem(
        code="template-not-passed",
        message=f"`{partial.name}` uses {said} not set here",
        start=literal.start,
        end=literal.end,
        help=" ".join(advice),
        related=tuple(
            Place(missing[name].source, missing[name].start, missing[name].end, f"`{name}` is used here")
            for name in listed
        ),
    )


def _list_wanted(tag: Sequence[Token]) -> list[tuple[Token, Token]]:
    """What stands behind `import`: each name with the one that it gets here, which is itself unless `as` says otherwise."""
    start = next((at for at, token in enumerate(tag) if at > 1 and token.value == "import"), len(tag))
    found: list[tuple[Token, Token]] = []
    rest = list(tag[start + 1 :])
    while rest and rest[0].kind == "name":
        name = alias = rest.pop(0)
        if len(rest) > 1 and rest[0].value == "as":
            alias = rest[1]
            del rest[:2]
        found.append((name, alias))
        if not rest or rest[0].kind != "comma":
            break
        rest.pop(0)
    return [
        (name, alias) for name, alias in found if name.value not in ("with", "without") or alias is not name
    ]


def find_file_names(tree: nodes.Template) -> list[str]:
    """The names of all files that a template includes or imports, as written."""
    tags = cast("Sequence[FileTag]", tree.find_all((nodes.Include, nodes.Import, nodes.FromImport)))
    names = [tag.template.value for tag in tags if isinstance(tag.template, nodes.Const)]
    return [name for name in names if isinstance(name, str)]


def _spell(token: Token) -> str:
    return {"sub": "-", "div": "/", "dot": "."}.get(token.kind, str(token.value))
