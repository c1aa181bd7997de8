"""What a person gives for a recipe's inputs: `-i name=value`, `--inputs file.yaml`, values of the Python API.

Nothing is read by type here: each value becomes a node that knows its place, and `seedflow.recipe.inputs` reads it as
its input is declared. The command line wins over the file, the file over the API's values.
"""

from __future__ import annotations

import json
import math
import os
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field
from pathlib import Path

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.recipe.leaves import describe_node, quote
from seedflow.text.characters import find_control, is_unicode, report_given_control
from seedflow.text.json_nodes import read_json
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence
from seedflow.text.reader import PROJECT_LIMITS, load_source, read_yaml

_MAX_LEVELS = 64
_MAX_BITS = 1024


@dataclass(frozen=True, slots=True)
class GivenValue:
    """One value. `folder` is where its relative paths start, None for the current folder.

    `arguments` holds the texts of `-i`, one for each time that the name was given, and is empty for other values.
    """

    name_span: Span
    node: Node
    folder: Path | None = None
    arguments: tuple[Scalar, ...] = ()


@dataclass(frozen=True, slots=True)
class GivenInputs:
    """All that was given, by name; what wins over what is settled."""

    values: MappingOf[str, GivenValue] = field(default_factory=dict)


def collect_inputs(
    *,
    arguments: SequenceOf[str] = (),
    file: Path | None = None,
    file_name: str | None = None,
    values: MappingOf[str, object] | None = None,
) -> tuple[GivenInputs, list[Diagnostic]]:
    """What was given, from everywhere, and what is wrong with its form.

    Args:
        arguments: the texts behind each `-i`, such as `hero=a fox`; the same name again makes a list.
        file: a YAML or JSON file with a mapping of names to values; its paths are relative to itself.
        file_name: what messages call the file; by default its path.
        values: plain Python data; an image is a path or URL, as text or as a `Path`.
    """
    found, problems = _read_values(values or {})
    if file is not None:
        from_file, wrong = _read_file(file, file_name or str(file))
        found.update(from_file)
        problems.extend(wrong)
    from_arguments, wrong = _read_arguments(arguments)
    found.update(from_arguments)
    return GivenInputs(found), problems + wrong


def _read_arguments(arguments: SequenceOf[str]) -> tuple[dict[str, GivenValue], list[Diagnostic]]:
    texts: dict[str, list[Scalar]] = {}
    problems = []
    for text in arguments:
        name, equals, value = text.partition("=")
        start = len(name) + 1
        name = name.strip()
        if not equals or not name:
            span = Span(Source("-i", text), 0, len(text))
            problems.append(
                Diagnostic(
                    "not-a-pair",
                    "found no name and value, expected NAME=VALUE",
                    span,
                    help="write `-i NAME=VALUE`",
                )
            )
            continue
        source = Source(f"-i {name}=…", text)
        if not is_unicode(text):
            problems.append(
                Diagnostic(
                    "not-utf8",
                    "found bytes that are not UTF-8, expected text",
                    Span(source, start, len(text)),
                    help="write the value as UTF-8, or put it into a file for `--inputs`",
                )
            )
            continue
        control = find_control(value)
        if control is not None:
            at = start + control
            problems.append(report_given_control(Span(source, at, at + 1), value[control]))
            continue
        texts.setdefault(name, []).append(Scalar(source, start, len(text), value, '"'))
    found = {
        name: GivenValue(Span(first.source, 0, first.start - 1), first, arguments=(first, *more))
        for name, (first, *more) in texts.items()
    }
    return found, problems


def _read_file(path: Path, name: str) -> tuple[dict[str, GivenValue], list[Diagnostic]]:
    source = load_source(path, name, max_bytes=PROJECT_LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        return {}, [source]
    as_json = path.suffix.lower() == ".json" and bool(source.text.strip())
    root, problems = read_json(source) if as_json else read_yaml(source)
    if root is None or (isinstance(root, Scalar) and root.plain and root.resolve() is None):
        return {}, problems
    if not isinstance(root, Mapping):
        message = f"found {describe_node(root)}, expected a mapping of input names to values"
        return {}, [
            *problems,
            Diagnostic(
                "wrong-type",
                message,
                root.span,
                help='write `{"NAME": VALUE, …}`, an entry for each input'
                if as_json
                else "write `NAME: VALUE` for each input",
            ),
        ]
    return {
        entry.key.value: GivenValue(entry.key.span, entry.value, path.parent)
        for entry in root
        if not entry.key.value.startswith("x-")
    }, problems


def _read_values(values: MappingOf[str, object]) -> tuple[dict[str, GivenValue], list[Diagnostic]]:
    writer = _NodeWriter()
    found = {}
    problems = []
    for name, value in values.items():
        name_span = writer.write(f"{name}").span
        writer.write(": ")
        try:
            found[str(name)] = GivenValue(name_span, writer.write_value(value, 0))
        except _Unwritable as error:
            problems.append(
                Diagnostic(
                    "not-plain-data",
                    f"input {quote(str(name))} holds {error.found}, expected text, numbers, booleans, None, paths, and lists and mappings of these",
                    name_span,
                    help="convert it to plain data first",
                )
            )
        writer.end_line()
    writer.finish()
    return found, [*problems, *writer.problems]


class _Unwritable(Exception):  # noqa: N818 - not an error of the program: says which value has no YAML form
    def __init__(self, found: str) -> None:
        super().__init__(found)
        self.found = found


class _NodeWriter:
    """Writes Python data down as YAML, as a text that diagnostics can point into, and gives its nodes."""

    def __init__(self) -> None:
        self._source = Source("inputs", "")
        self._parts: list[str] = []
        self._length = 0
        self.problems: list[Diagnostic] = []

    def finish(self) -> None:
        """Put the text behind the nodes that were given."""
        self._source.text = "".join(self._parts)

    def end_line(self) -> None:
        """Begin a new line."""
        self._parts.append("\n")
        self._length += 1

    def write(self, text: str) -> Scalar:
        """Write text as it is, on one line, and give the scalar that it is."""
        shown = text.replace("\n", " ").replace("\r", " ")
        start = self._length
        self._parts.append(shown)
        self._length += len(shown)
        return Scalar(self._source, start, self._length, text)

    def write_value(self, value: object, level: int) -> Node:
        """Write one value.

        Raises:
            _Unwritable: it is not plain data, or nested too deeply.
        """
        if level > _MAX_LEVELS:
            raise _Unwritable(f"lists nested more than {_MAX_LEVELS} deep")
        match value:
            case None | bool():
                return self.write({None: "null", True: "true", False: "false"}[value])
            case int():
                if value.bit_length() > _MAX_BITS:
                    raise _Unwritable("a number that is too large")
                return self.write(f"{int(value)}")
            case float():
                return self.write(_spell_float(value))
            case str() | os.PathLike():
                text = str(os.fspath(value))
                if not is_unicode(text):
                    raise _Unwritable("text that is not Unicode")
                return self._write_text(text)
            case list() | tuple():
                return self._write_list(value, level)
            case MappingOf():
                return self._write_mapping(value, level)
            case _:
                raise _Unwritable(f"a Python {type(value).__name__}")

    def _write_text(self, text: str) -> Scalar:
        shown = self.write(json.dumps(text, ensure_ascii=False))
        control = find_control(text)
        if control is not None:
            self.problems.append(report_given_control(shown.span, text[control]))
        return Scalar(self._source, shown.start, shown.end, text, '"')

    def _write_list(self, values: SequenceOf[object], level: int) -> Sequence:
        start = self.write("[").start
        items = []
        for number, value in enumerate(values):
            if number:
                self.write(", ")
            items.append(self.write_value(value, level + 1))
        return Sequence(self._source, start, self.write("]").end, tuple(items))

    def _write_mapping(self, values: MappingOf[object, object], level: int) -> Mapping:
        start = self.write("{").start
        entries = []
        for number, (key, value) in enumerate(values.items()):
            if number:
                self.write(", ")
            name = self._write_text(str(key))
            self.write(": ")
            entries.append(Entry(name, self.write_value(value, level + 1)))
        return Mapping(self._source, start, self.write("}").end, tuple(entries))


def _spell_float(value: float) -> str:
    if math.isfinite(value):
        return repr(float(value))
    return ".nan" if math.isnan(value) else ".inf" if value > 0 else "-.inf"
