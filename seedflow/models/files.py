"""A file of a project's model folder to JSON data that knows its places, or to what is wrong with it, and where."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seedflow.diagnostics import Diagnostic, Related, Source, Span
from seedflow.models.explain import describe
from seedflow.models.places import find_constants, find_place, find_repeated

MOST_BYTES: Final = 1024 * 1024
_MOST_LEVELS: Final = 64
_SURROGATES: Final = re.compile(r"(?<!\\)(?:\\\\)*((?:\\u[dD][89a-fA-F][0-9a-fA-F]{2})+)")


@dataclass(frozen=True, slots=True)
class ModelFile:
    """A file that could be read: its text, and what it says. `data` is plain JSON."""

    source: Source
    data: object

    @property
    def name(self) -> str:
        """What messages call it."""
        return self.source.name

    def span(self, path: tuple[str | int, ...]) -> Span:
        """The place of what a path of keys and numbers leads to."""
        return Span(self.source, *find_place(self.source.text, path))


def read_model_file(path: Path, shown: str, within: Path | None) -> ModelFile | list[Diagnostic]:
    """Read a card or a profile.

    Args:
        path: where it is.
        shown: what messages call it.
        within: the folder out of which no link may lead, or None where its user chose the files.
    """
    raw = _read_bytes(path, shown, within)
    if isinstance(raw, Diagnostic):
        return [raw]
    try:
        source = Source(shown, raw.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        return [_report_encoding(raw, shown, error)]
    return _parse(source)


def unusable(message: str, span: Span | None, advice: str, related: tuple[Related, ...] = ()) -> Diagnostic:
    """The diagnostic of a model's file that cannot be used."""
    return Diagnostic("unusable-model", message, span, help=advice, related=related)


def _read_bytes(path: Path, shown: str, within: Path | None) -> bytes | Diagnostic:
    try:
        if within is not None and not Path(os.path.realpath(path)).is_relative_to(os.path.realpath(within)):
            return unusable(
                f"{shown} is a link that leads out of the project, so it is not read",
                None,
                "put the file itself into the folder",
            )
        if not path.is_file():
            return unusable(f"{shown} is not a file", None, "remove it, or give it another name")
        with path.open("rb") as file:
            raw = file.read(MOST_BYTES + 1)
    except OSError as error:
        return unusable(f"{shown} cannot be read: {error.strerror}", None, "make it readable, or remove it")
    if len(raw) > MOST_BYTES:
        return unusable(f"{shown} is larger than 1 MiB", None, "a card holds two JSON Schemas and no more")
    return raw


def _report_encoding(raw: bytes, shown: str, error: UnicodeDecodeError) -> Diagnostic:
    mark = b"\xef\xbb\xbf"
    # The codec that drops a byte order mark counts from behind it.
    body = raw.removeprefix(mark)
    source = Source(shown, body.decode("utf-8", errors="replace"))
    at = len(body[: error.start].decode("utf-8", errors="replace"))
    message = f"{shown} is not UTF-8: there is the byte 0x{body[error.start]:02X}"
    return unusable(message, Span(source, at, at + 1), "save it as UTF-8")


def _parse(source: Source) -> ModelFile | list[Diagnostic]:
    text = source.text
    try:
        data = json.loads(text)
        if not _is_shallow(data):
            raise RecursionError
    except json.JSONDecodeError as error:
        end = min(error.pos + 1, max(error.pos, len(text)))
        message = f"this is not JSON: {error.msg[:1].lower()}{error.msg[1:]}"
        return [unusable(message, Span(source, error.pos, end), "correct it; JSON has no comments")]
    except RecursionError:
        message = f"{source.name} cannot be used: it is nested more than {_MOST_LEVELS} levels deep"
        return [unusable(message, None, "make it flatter")]
    except ValueError as error:
        return [unusable(f"{source.name} cannot be used: {error}", None, "correct it")]
    problems = [*_find_loose(source), *_find_halves(source)]
    return problems or ModelFile(source, data)


def _find_halves(source: Source) -> Iterator[Diagnostic]:
    """Escape sequences of half a surrogate pair, which no other program takes for text."""
    for found in _SURROGATES.finditer(source.text):
        try:
            json.loads(f'"{found[1]}"').encode()
        except UnicodeEncodeError:
            message = f"`{found[1]}` is half of a surrogate pair, which is no text"
            yield unusable(message, Span(source, *found.span(1)), "remove it")


def _find_loose(source: Source) -> Iterator[Diagnostic]:
    """What Python takes for JSON and is none: keys that stand twice, and constants."""
    for first, second in find_repeated(source.text):
        key = json.loads(source.text[second[0] : second[1]])
        yield unusable(
            f"the key `{describe(key)[1:-1]}` stands twice in this object",
            Span(source, *second),
            "remove or rename one of the two",
            (Related(Span(source, *first), "first given here"),),
        )
    for start, end in find_constants(source.text):
        yield unusable(
            f"this is not JSON: there is no `{source.text[start:end]}`",
            Span(source, start, end),
            "write a finite number, or `null`",
        )


def _is_shallow(data: object) -> bool:
    """Whether lists and objects are nested at most 64 levels deep, as everywhere."""
    level = [data]
    for _ in range(_MOST_LEVELS + 1):
        level = [
            inner
            for outer in level
            if isinstance(outer, (dict, list))
            for inner in (outer.values() if isinstance(outer, dict) else outer)
        ]
        if not level:
            return True
    return False
