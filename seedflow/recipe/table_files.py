"""A table in a file: CSV, JSONL, JSON or YAML, told apart by the end of the file's name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Final

from seedflow.diagnostics import Diagnostic, Source, Span
from seedflow.recipe.binding import sort_by_place
from seedflow.recipe.csv_tables import CsvTableReader
from seedflow.recipe.leaves import describe_node, quote
from seedflow.recipe.model import Input
from seedflow.recipe.tables import ReadCell, TableReader
from seedflow.recipe.views import Row
from seedflow.text.characters import check_characters
from seedflow.text.csv_rows import read_csv
from seedflow.text.json_nodes import is_json, read_json
from seedflow.text.nodes import Mapping, Node, Sequence
from seedflow.text.reader import PROJECT_LIMITS, load_source, read_yaml

_DELIMITERS: Final = {".csv": ",", ".tsv": "\t"}
_LINES: Final = frozenset({".jsonl", ".ndjson"})
_TREES: Final = frozenset({".json", ".yaml", ".yml"})
_SPREADSHEETS: Final = frozenset({".xlsx", ".xls", ".ods", ".numbers"})
_URL: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://")
_MOST_BROKEN_LINES: Final = 3


def check_table_path(text: str, span: Span) -> Diagnostic | None:
    """What is wrong with the spelling of a table's file, without looking for it."""
    if _URL.match(text):
        return Diagnostic(
            "not-a-table",
            f"found the URL {quote(text)}, expected rows, or the path of a file: tables are not fetched",
            span,
            help="download it first, and write the path",
        )
    ending = _find_ending(text)
    if ending in _DELIMITERS or ending in _LINES or ending in _TREES:
        return None
    if not text.strip():
        return Diagnostic(
            "empty-text", "found empty text, expected the path of a table", span, help="write the path"
        )
    return Diagnostic(
        "not-a-table",
        f"found {quote(text)}, expected rows, or a file that ends with .csv, .tsv, .jsonl, .json or .yaml",
        span,
        help="save the table as CSV in UTF-8" if ending in _SPREADSHEETS else "write the path of such a file",
    )


def load_table(
    path: Path,
    name: str,
    span: Span,
    declared: Input,
    *,
    read_cell: ReadCell,
    read_default: ReadCell,
) -> tuple[list[Row], list[Diagnostic]]:
    """The rows of a file, and everything that is wrong with it.

    Args:
        path: the file; its name ends as `check_table_path` wants it.
        name: what messages call it.
        span: where the path is spelled.
        declared: the table.
        read_cell: reads one cell; paths of images in it start in the file's folder.
        read_default: reads a column's default; paths in it start in the recipe's folder.
    """
    source = load_source(path, name, max_bytes=PROJECT_LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        return [], [source if source.span is not None else _place(source, path, span)]
    ending = _find_ending(name)
    if ending in _DELIMITERS:
        cells = CsvTableReader(declared, read_cell, read_default)
        problems = _read_csv(source, declared.delimiter or _DELIMITERS[ending], cells)
        return cells.rows, sort_by_place([*problems, *cells.problems])
    reader = TableReader(declared, read_cell, read_default, titled=True)
    problems = _read_lines(source, reader) if ending in _LINES else _read_tree(source, ending, reader)
    return reader.rows, sort_by_place([*problems, *reader.problems])


def _find_ending(text: str) -> str:
    return PurePosixPath(text).suffix.lower()


def _place(found: Diagnostic, path: Path, span: Span) -> Diagnostic:
    """A problem with the file as such, at the place that names it."""
    near = found.help is not None and found.help.startswith("did you mean")
    advice = (
        found.help
        if near or found.code != "file-missing"
        else f"looked in the folder {path.absolute().parent}"
    )
    return replace(found, span=span, help=advice)


def _read_csv(source: Source, delimiter: str, reader: CsvTableReader) -> list[Diagnostic]:
    if not source.text.strip():
        return [_report_empty(source, "write the titles of the columns into the first line")]
    rows, problems = read_csv(source, delimiter=delimiter)
    if rows:
        reader.read_rows(rows[0], rows[1:])
    return problems


def _read_lines(source: Source, reader: TableReader) -> list[Diagnostic]:
    if not source.text.strip():
        return [
            _report_empty(source, "write one JSON object on each line; `[]` in a .json file means no rows")
        ]
    listed = _find_one_list(source)
    if listed is not None:
        return [listed]
    _, problems = check_characters(source)
    broken = 0
    number = 0
    for start, end in _find_lines(source.text):
        number += 1
        node, wrong = read_json(source, start, end)
        if node is not None:
            problems.extend(wrong)
            reader.read_record(node, number)
            continue
        broken += 1
        if broken <= _MOST_BROKEN_LINES:
            problems.extend(wrong)
    if broken > _MOST_BROKEN_LINES:
        problems[-1] = replace(
            problems[-1],
            message=f"{problems[-1].message}; and {broken - _MOST_BROKEN_LINES:,} more lines are not JSON",
        )
    return problems


def _find_one_list(source: Source) -> Diagnostic | None:
    """What is wrong with a file of one list, which is JSON as a whole and not line by line."""
    start = len(source.text) - len(source.text.lstrip())
    if not source.text.startswith("[", start) or not source.text.rstrip().endswith("]"):
        return None
    root, problems = read_json(source)
    if not isinstance(root, Sequence) or problems:
        return None
    if not root.items or not all(isinstance(item, Mapping) for item in root.items):
        return None
    name = PurePosixPath(source.name)
    return Diagnostic(
        "wrong-type",
        "found one list, expected an object on each line, with nothing around them",
        Span(source, start, start + 1),
        help=f"a list of rows is JSON as a whole: call the file `{name.stem}.json`",
    )


def _find_lines(text: str) -> Iterator[tuple[int, int]]:
    """Where the lines of a text stand that are not empty."""
    start = 0
    while start < len(text):
        found = text.find("\n", start)
        end = len(text) if found < 0 else found
        if not text[start:end].isspace() and end > start:
            yield start, end
        start = end + 1


def _read_tree(source: Source, ending: str, reader: TableReader) -> list[Diagnostic]:
    if ending == ".json":
        if not source.text.strip():
            return [_report_empty(source, "write `[]` for no rows")]
        root, problems = read_json(source)
    else:
        root, problems = read_yaml(source)
        if any(found.code == "empty-file" for found in problems):
            return [_report_empty(source, "write `- COLUMN: VALUE` for each row, or `[]` for no rows")]
    if root is None:
        return problems
    if not isinstance(root, Sequence):
        return [*problems, _report_root(root)]
    for number, item in enumerate(root.items, 1):
        reader.read_record(item, number)
    return problems


def _report_root(root: Node) -> Diagnostic:
    lists = (
        [entry.key.value for entry in root if isinstance(entry.value, Sequence)]
        if isinstance(root, Mapping)
        else []
    )
    return Diagnostic(
        "wrong-type",
        f"found {describe_node(root)}, expected the rows of a table: a list of mappings",
        root.span if not isinstance(root, Mapping) else Span(root.source, root.start, root.start + 1),
        help=f"keep the list below {quote(lists[0])} alone in the file"
        if lists
        else 'write `[{"COLUMN": VALUE, …}, …]`, a mapping for each row'
        if is_json(root.source)
        else "write `- COLUMN: VALUE` for each row",
    )


def _report_empty(source: Source, advice: str) -> Diagnostic:
    return Diagnostic("empty-file", "this file is empty, expected a table", Span(source, 0, 0), help=advice)
