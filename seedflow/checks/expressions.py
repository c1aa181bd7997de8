"""Expressions over what steps give: what fails for every value that it could have is found before anything is paid.

Loops, variables, macros and included files are followed, so that it is known what a name stands for. What is wrong is
wrong in every branch, taken or not, and for every item of a list, however many there are. Only where the test in front of
a branch may be about the kinds of values themselves is the branch left alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import replace

from seedflow.checks.operations import Enough, ExpressionReader, Frame
from seedflow.checks.subject import Subject
from seedflow.checks.text import wants_text
from seedflow.diagnostics import Diagnostic, Severity, Source
from seedflow.graph.flow import Flow
from seedflow.graph.places import Part, Place
from seedflow.graph.shapes import BOOLEAN, INTEGER, TEXT, UNKNOWN, Kind, Shape, join_shapes
from seedflow.recipe.template import TemplateForm
from seedflow.recipe.templating.lookup_nodes import Mentioned, Named
from seedflow.recipe.templating.nodes import Expression
from seedflow.recipe.templating.partials import CalledFrom, Import, Include
from seedflow.recipe.templating.problems import Place as Call
from seedflow.recipe.templating.problems import RenderError
from seedflow.recipe.templating.statements import Body, Called, For, If, Print, Set, SetText, Statement


def check_expressions(subject: Subject) -> Iterator[Diagnostic]:
    """No operation of any template fails whatever steps and callers give."""
    for place in subject.places:
        template, expression = place.template, place.template.expression
        if template.unread or isinstance(expression, Named | Mentioned):
            continue
        reader = _TemplateReader(subject.flow, place)
        try:
            if template.form is TemplateForm.TEXT:
                reader.read_body(template.body)
            elif expression is not None and reader.read(expression) and wants_text(place, subject):
                reader.read_printed(expression, or_none=place.part is Part.PARAMETER)
        except Enough:
            pass
        yield from (template.diagnose(error) for error in reader.found)
        yield from (replace(template.diagnose(doubt), severity=Severity.WARNING) for doubt in reader.doubted)


class _TemplateReader(ExpressionReader):
    """Reads the statements of one template."""

    def __init__(self, flow: Flow, place: Place) -> None:
        super().__init__(flow, place)
        self._prints_text = place.part not in (Part.REFERENCE, Part.OUTPUT)
        self._files: list[tuple[Source, Call]] = []

    def refuse(self, error: RenderError) -> bool:
        """In a file, with the place where that is used."""
        for source, call in reversed(self._files):
            error = error.inside(source, call)
        return super().refuse(error)

    def read_body(self, body: Body) -> None:
        """Look at the statements of a body, in order."""
        for statement in body:
            self._read_statement(statement)

    def _read_statement(self, statement: Statement) -> None:
        match statement:
            case Print():
                if self.read(statement.expression) and self._prints_text:
                    self.read_printed(statement.expression)
            case If():
                self._read_if(statement)
            case Set():
                shape = self.shape_of(statement.expression) if self.read(statement.expression) else UNKNOWN
                self._assign(statement.slots, shape)
            case SetText():
                self.read_body(statement.body)
                self.frame[statement.slot] = TEXT
                if statement.result is not None:
                    clean = self.read(statement.result)
                    self.frame[statement.slot] = self.shape_of(statement.result) if clean else UNKNOWN
            case For():
                self._read_for(statement)
            case Include():
                frame: Frame = {}
                for slot, argument in statement.arguments:
                    frame[slot] = self.shape_of(argument)
                call = Call(
                    None, statement.start, statement.end, f"`{statement.partial.name}` is included here"
                )
                with self._within(frame, statement.partial.source, call):
                    self.read_body(statement.partial.body)
            case Import():
                self._read_import(statement)
            case _:
                pass

    def call(self, called: Called) -> bool:
        """Look at what a macro does with its arguments, in the file that it stands in."""
        shapes = [UNKNOWN if one is None else self.shape_of(one) for one in called.arguments]
        if not isinstance(called, CalledFrom):
            self.shared += 1
            self._read_macro(called, shapes)
            self.shared -= 1
            return True
        frame = self.frame.get(called.module.slot)
        call = Call(None, called.start, called.end, f"`{called.name}` is called here")
        with self._within(frame if isinstance(frame, dict) else {}, called.module.partial.source, call):
            self._read_macro(called, shapes)
        return True

    def _read_macro(self, called: Called, shapes: Sequence[Shape]) -> None:
        macro = called.macro
        for slot, argument, shape, default in zip(
            macro.slots, called.arguments, shapes, macro.defaults, strict=True
        ):
            if argument is None and default is not None:
                self.frame[slot] = self.shape_of(default) if self.read(default) else UNKNOWN
            else:
                self.frame[slot] = shape
        self.read_body(macro.body)

    def _read_if(self, statement: If) -> None:
        before, after = self.frame, list[Frame]()
        with ExitStack() as tests:
            for test, body in statement.branches:
                self.frame = dict(before)
                self.read(test)
                tests.enter_context(self.branch(test))
                self.read_body(body)
                after.append(self.frame)
            self.frame = dict(before)
            self.read_body(statement.otherwise)
        after.append(self.frame)
        before.update(_merge(after))
        self.frame = before

    def _read_for(self, statement: For) -> None:
        clean = self.read(statement.items)
        items = self.shape_of(statement.items) if clean else UNKNOWN
        outside = self.frame
        if not _is_empty(items):
            self.frame = dict(outside)
            self._read_rounds(statement, items)
        self.frame = dict(outside)
        self.read_body(statement.otherwise)
        self.frame = outside

    def _read_rounds(self, statement: For, items: Shape) -> None:
        item = UNKNOWN
        match items.kind:
            case Kind.LIST:
                item = items.item or UNKNOWN
            case Kind.RECORD:
                item = TEXT
            case Kind.UNKNOWN:
                pass
            case _:
                self.refuse(_refuse_loop(statement.items, items))
        self._assign(statement.slots, item)
        if statement.loop_slot is not None:
            self.frame[statement.loop_slot] = _shape_of_loop(item)
        if statement.condition is None:
            self.read_body(statement.body)
            return
        self.read(statement.condition)
        with self.branch(statement.condition):
            self.read_body(statement.body)

    def _read_import(self, statement: Import) -> None:
        frame: Frame = {}
        call = Call(None, statement.start, statement.end, f"`{statement.partial.name}` is imported here")
        with self._within(frame, statement.partial.source, call):
            self.read_body(statement.partial.body)
        self.frame[statement.slot] = frame
        for here, there in statement.copies:
            self.frame[here] = frame.get(there, UNKNOWN)

    def _assign(self, slots: Sequence[int], shape: Shape) -> None:
        if len(slots) > 1:
            shape = shape.item or UNKNOWN if shape.kind is Kind.LIST else UNKNOWN
        for slot in slots:
            self.frame[slot] = shape

    @contextmanager
    def _within(self, frame: Frame, source: Source, call: Call) -> Iterator[None]:
        """Among the variables of a file."""
        outside, self.frame = self.frame, frame
        self._files.append((source, call))
        self.shared += 1
        try:
            yield
        finally:
            self.shared -= 1
            self.frame = outside
            self._files.pop()


def _merge(frames: Sequence[Frame]) -> Frame:
    """What is known behind branches of which one was taken."""
    first, *others = frames
    merged: Frame = dict(first)
    for frame in others:
        for slot, shape in frame.items():
            known = merged.get(slot, shape)
            if isinstance(shape, Shape) and isinstance(known, Shape):
                merged[slot] = join_shapes([known, shape])
            else:
                merged[slot] = known
    return merged


def _is_empty(items: Shape) -> bool:
    """Whether there is certainly nothing to go through."""
    return (items.kind is Kind.LIST and items.count.high == 0) or (
        items.kind is Kind.RECORD and items.fields == {}
    )


def _shape_of_loop(item: Shape) -> Shape:
    return Shape(
        Kind.RECORD,
        fields={
            **dict.fromkeys(("index", "index0", "revindex", "revindex0", "length"), INTEGER),
            **dict.fromkeys(("first", "last"), BOOLEAN),
            **dict.fromkeys(("previtem", "nextitem"), item),
        },
    )


def _refuse_loop(node: Expression, shape: Shape) -> RenderError:
    return RenderError(
        f"`for` goes through a list, but this is {shape.describe()}",
        node.start,
        node.end,
        "template-type",
        "an absent list is none; write `… or []`"
        if shape.kind is Kind.NONE
        else "give it a list; for one value, write `[…]` around it",
    )
