"""What people picked: which take of each address is current. `NAME.picks.yaml` as a value, and that value as text.

Only the section `takes` is ours here. Everything else in the file, comments and sections of later versions included, stays
as it is written; comments between the entries of `takes` do not outlive a change of that section.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, Source, Span, has_errors
from seedflow.diagnostics.suggest import find_near
from seedflow.text.nodes import Entry, Node, Scalar
from seedflow.text.nodes import Mapping as MappingNode
from seedflow.text.reader import PROJECT_LIMITS, load_source, read_yaml

PICKS_VERSION: Final = 1
VERSION_KEY: Final = "seedflow_picks"
TAKES_KEY: Final = "takes"
MOST_TAKES: Final = 1_000_000
"""More than anybody draws of one request: a larger number is a slip, and would be paid."""
_FIRST_LINE: Final = (
    "# What was picked for this recipe: the current take of each address. seedflow writes it; keep it in git."
)
_ENTRY_KEYS: Final = ("take", "request")
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_-]*")
_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class TakePick:
    """A take that somebody made current; `request` is the fingerprint of the request that it is a take of."""

    take: int
    request: str


Takes = Mapping[str, Mapping[str, TakePick]]
"""By realm, then by address."""


@dataclass(frozen=True, slots=True)
class Picks:
    """The picks of one recipe. `text` is the file as it was read, `section` and `places` where `takes` and its addresses stand."""

    takes: Takes = field(default_factory=dict)
    text: str = ""
    section: tuple[int, int] | None = None
    places: tuple[tuple[str, Span], ...] = field(default=(), compare=False)

    def has_any(self, realm: str) -> bool:
        """Whether anything was picked at all."""
        return bool(self.takes.get(realm))

    def find_take(self, realm: str, address: str, fingerprint: str) -> int | None:
        """The current take of an address, if it was picked for this very request: takes count from 1 for each request."""
        found = self.takes.get(realm, {}).get(address)
        return found.take if found is not None and found.request == fingerprint else None

    def with_take(self, realm: str, address: str, take: int, fingerprint: str) -> Picks:
        """The same with this take current for an address.

        Raises:
            ValueError: takes count from 1.
        """
        if take < 1:
            raise ValueError(f"take {take}: takes count from 1")
        of_realm = {**self.takes.get(realm, {}), address: TakePick(take, fingerprint)}
        return replace(self, takes={**self.takes, realm: of_realm})

    def without_take(self, realm: str, address: str) -> Picks:
        """The same with the first take current for an address again."""
        of_realm = {name: pick for name, pick in self.takes.get(realm, {}).items() if name != address}
        others = {name: found for name, found in self.takes.items() if name != realm}
        return replace(self, takes={**others, realm: of_realm} if of_realm else others)

    def render(self) -> str:
        """The file's text: entries in order of realm and address, one line each, so that it merges well."""
        section = "".join(_render_takes(self.takes))
        if not self.text.strip():
            return f"{_FIRST_LINE}\n{VERSION_KEY}: {PICKS_VERSION}\n{section}"
        start, end = self.section or (len(self.text), len(self.text))
        before = self.text[:start]
        if section and before and not before.endswith("\n"):
            before += "\n"
        return f"{before}{section}{self.text[end:]}"


def load_picks(path: Path, *, name: str | None = None) -> tuple[Picks, list[Diagnostic]]:
    """Read a picks file; one that is not there, or is empty, has no picks.

    Args:
        path: where it is.
        name: what messages call it, the path itself by default.

    Returns:
        The picks, and what is wrong with the file. With an error there are none, and nothing may be written over it.
    """
    if not os.path.lexists(path):
        return Picks(), []
    source = load_source(path, name or str(path), max_bytes=PROJECT_LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        return Picks(), [source]
    if not source.text.strip():
        return Picks(), []
    return parse_picks(source)


def parse_picks(source: Source) -> tuple[Picks, list[Diagnostic]]:
    """The picks of a text that is not empty, and what is wrong with it; see `load_picks`."""
    root, problems = read_yaml(source)
    if root is None or has_errors(problems):
        return Picks(), problems
    reader = _Reader()
    picks = reader.read(source, root)
    problems += reader.problems
    return (Picks() if has_errors(problems) else picks), problems


class _Reader:
    def __init__(self) -> None:
        self.problems: list[Diagnostic] = []

    def read(self, source: Source, root: Node) -> Picks:
        if not isinstance(root, MappingNode) or source.text.startswith("{", root.start):
            self._report(
                "a picks file is a mapping with a key in each line",
                root.span,
                f"begin it with `{VERSION_KEY}: 1`",
            )
            return Picks()
        self._check_version(source, root.find(VERSION_KEY))
        self._warn_of_slips(root)
        entry = root.find(TAKES_KEY)
        if entry is None:
            return Picks({}, source.text)
        end = source.text.find("\n", max(entry.key.end, entry.value.end))
        section = (entry.key.start, len(source.text) if end < 0 else end + 1)
        takes = self._read_takes(entry.value)
        return Picks(takes, source.text, section, tuple(_find_places(entry.value)))

    def _warn_of_slips(self, root: MappingNode) -> None:
        """Keys of others are theirs; one that is nearly ours is a slip, and what stands below it would count for nothing."""
        missing = [key for key in (VERSION_KEY, TAKES_KEY) if root.find(key) is None]
        for key, _ in root:
            meant = find_near(key.value, missing)
            if meant is not None:
                self.problems.append(
                    Diagnostic(
                        "wrong-picks",
                        f"`{_shorten(key.value)}` is not a key that seedflow reads here",
                        key.span,
                        Severity.WARNING,
                        help=f"did you mean `{meant}`?",
                    )
                )

    def _check_version(self, source: Source, entry: Entry | None) -> None:
        advice = f"begin the file with `{VERSION_KEY}: {PICKS_VERSION}`"
        if entry is None:
            self._report(f"this file has no `{VERSION_KEY}`", Span(source, 0, 0), advice)
            return
        version = entry.value.resolve() if isinstance(entry.value, Scalar) else None
        if isinstance(version, bool) or not isinstance(version, int) or version < 1:
            self._report(f"`{VERSION_KEY}` is the number of the file's format", entry.value.span, advice)
        elif version > PICKS_VERSION:
            self.problems.append(
                Diagnostic(
                    "newer-picks",
                    f"this picks file has format {version}; this seedflow knows formats up to {PICKS_VERSION}",
                    entry.value.span,
                    help="use the newer seedflow that wrote it; nothing was changed",
                )
            )

    def _read_takes(self, node: Node) -> Takes:
        return MappingProxyType(
            {
                realm.key.value: MappingProxyType(
                    {
                        entry.key.value: pick
                        for entry in self._entries(realm.value, "the takes of a realm by address")
                        if (pick := self._read_pick(entry)) is not None
                    }
                )
                for realm in self._entries(node, "the takes by realm")
            }
        )

    def _entries(self, node: Node, what: str) -> Iterator[Entry]:
        if isinstance(node, MappingNode):
            yield from node
        elif not (isinstance(node, Scalar) and node.resolve() is None):
            self._report(
                f"expected {what}, as a mapping",
                node.span,
                "write `ADDRESS: {take: 2, request: …}` below the realm",
            )

    def _read_pick(self, entry: Entry) -> TakePick | None:
        advice = "write `{take: 2, request: …}` as seedflow does, or take the line out"
        where = f"`{_shorten(entry.key.value)}`"
        if not isinstance(entry.value, MappingNode):
            self._report(f"expected the take of {where} as a mapping", entry.value.span, advice)
            return None
        for key, _ in entry.value:
            if key.value not in _ENTRY_KEYS:
                self._report(
                    f"{where} has a key `{_shorten(key.value)}`; known here: take, request", key.span, advice
                )
        values = [self._read_value(entry.value, name) for name in _ENTRY_KEYS]
        (take, take_span), (request, request_span) = values
        wrong = len(self.problems)
        if isinstance(take, bool) or not isinstance(take, int) or not 1 <= take <= MOST_TAKES:
            self._report(
                f"found {_describe(take)} as `take` of {where}, expected a whole number from 1 to {MOST_TAKES:,}",
                take_span,
                advice,
            )
        if not isinstance(request, str) or not request:
            self._report(
                f"found {_describe(request)} as `request` of {where}, expected the fingerprint of a request, `request/1:…`",
                request_span,
                advice,
            )
        if len(self.problems) > wrong or not isinstance(take, int) or not isinstance(request, str):
            return None
        return TakePick(take, request)

    def _read_value(self, node: MappingNode, name: str) -> tuple[object, Span]:
        entry = node.find(name)
        if entry is None:
            return None, node.span
        return (entry.value.resolve() if isinstance(entry.value, Scalar) else None), entry.value.span

    def _report(self, message: str, span: Span, advice: str) -> None:
        self.problems.append(Diagnostic("wrong-picks", message, span, help=advice))


def _describe(value: object) -> str:
    if value is None or value == "":
        return "nothing"
    return f"`{_shorten(str(value))}`"


def _find_places(takes: Node) -> Iterator[tuple[str, Span]]:
    for realm in takes if isinstance(takes, MappingNode) else ():
        for entry in realm.value if isinstance(realm.value, MappingNode) else ():
            yield entry.key.value, entry.key.span


def _render_takes(takes: Takes) -> Iterator[str]:
    realms = [realm for realm in sorted(takes) if takes[realm]]
    if realms:
        yield f"{TAKES_KEY}:\n"
    for realm in realms:
        yield f"  {_quote_unless_plain(realm)}:\n"
        for address, pick in sorted(takes[realm].items()):
            yield f"    {_quote(address)}: {{take: {pick.take}, request: {_quote(pick.request)}}}\n"


def _quote_unless_plain(text: str) -> str:
    plain = _PLAIN.fullmatch(text) and text not in ("null", "true", "false")
    return text if plain else _quote(text)


def _quote(text: str) -> str:
    """A YAML text in double quotes; what cannot be seen is escaped."""
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return '"' + "".join(char if char.isprintable() else f"\\U{ord(char):08x}" for char in escaped) + '"'


def _shorten(text: str) -> str:
    return text if len(text) <= _SHOWN else f"{text[: _SHOWN - 1]}…"
