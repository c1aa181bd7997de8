"""A settings file to values: every problem with its place, all of them in one go."""

from __future__ import annotations

import os
import stat
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePath
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.settings.hiding import hide_secrets
from seedflow.settings.keys import KEYS, LATER, Key, list_names, looks_secret
from seedflow.settings.origin import Found, Layer, Origin
from seedflow.text.files import real_path
from seedflow.text.nodes import Entry, Mapping, Node, Scalar
from seedflow.text.reader import LIBRARY_LIMITS, load_source, read_yaml

PROJECT_FILE: Final = "seedflow.yaml"
USER_FILE: Final = "config.yaml"
STATE_FOLDER: Final = ".seedflow"

_MODELS: Final = "models"
_FOLDERS: Final = frozenset({"outputs.folder", _MODELS})
"""Keys whose value is the path of a folder."""


@dataclass(frozen=True, slots=True)
class FileValues:
    """What one file gives: values by dotted path (prices as `prices.MODEL`), and what is wrong with it.

    `unusable` are the paths of values that stand there and could not be used.
    """

    values: dict[str, Found] = field(default_factory=dict)
    unusable: set[str] = field(default_factory=set)
    diagnostics: list[Diagnostic] = field(default_factory=list)


def find_project(folder: Path) -> tuple[Path, Path | None]:
    """The project that a folder belongs to, and its file if it has one.

    The nearest folder upwards with a `seedflow.yaml`, else the nearest with a `.seedflow/`, else the folder itself.
    """
    upwards = (folder, *folder.parents)
    for place in upwards:
        if _is(place / PROJECT_FILE, stat.S_ISREG):
            return place, place / PROJECT_FILE
    return next(
        ((place, None) for place in upwards if _is(place / STATE_FOLDER, stat.S_ISDIR)), (folder, None)
    )


def read_project_file(path: Path, name: str) -> FileValues:
    """The settings of a project: numbers and names, never where the token goes or what it is."""
    return _Reader(Layer.PROJECT, path.parent).read(path, name)


def read_user_file(path: Path, name: str) -> FileValues:
    """The user's own settings; an absent file is none. Nothing is taken from a file that is somebody else's."""
    try:
        facts = path.stat()
    except (FileNotFoundError, NotADirectoryError):
        return FileValues()
    except OSError:
        return _Reader(Layer.USER, path.parent).read(path, name)
    if facts.st_uid not in {os.getuid(), 0}:
        return FileValues(
            diagnostics=[
                Diagnostic(
                    "foreign-settings",
                    f"`{name}` belongs to another user, so its settings are not used",
                    help=f"take it over: `chown $(id -u) {name}`, after reading what is in it",
                )
            ],
        )
    found = _Reader(Layer.USER, path.parent).read(path, name)
    holds_secret = any(path in found.values for path in ("provider.api_token", "upload.secret_access_key"))
    if holds_secret and stat.S_IMODE(facts.st_mode) & 0o077:
        found.diagnostics.append(
            Diagnostic(
                "readable-secret",
                f"`{name}` holds a secret and can be read by others",
                severity=Severity.WARNING,
                help=f"close it: `chmod 600 {name}`",
            )
        )
    return found


class _Reader:
    """Walks one document by the table of keys."""

    def __init__(self, layer: Layer, folder: Path) -> None:
        self._layer = layer
        self._folder = folder
        self._found = FileValues()
        self._hidden: list[Span] = []

    def read(self, path: Path, name: str) -> FileValues:
        source = load_source(path, name, max_bytes=LIBRARY_LIMITS.max_bytes)
        if isinstance(source, Diagnostic):
            self._found.diagnostics.append(source)
            return self._found
        root, problems = read_yaml(source, LIBRARY_LIMITS)
        self._found.diagnostics.extend(problem for problem in problems if problem.code != "empty-file")
        if isinstance(root, Mapping):
            self._walk(root, "")
        elif root is not None and not _is_nothing(root):
            advice = "begin with `provider:`, `budget:` or another setting"
            self._report("wrong-setting", "expected settings as `key: value` lines", root.span, advice)
        self._found.diagnostics[:] = hide_secrets(self._found.diagnostics, source, self._hidden)
        self._found.diagnostics.sort(key=lambda found: found.span.start if found.span else -1)
        return self._found

    def _walk(self, mapping: Mapping, below: str) -> None:
        for entry in mapping:
            name = entry.key.value
            path = f"{below}.{name}" if below else name
            if looks_secret(name):
                self._hidden.append(entry.value.span)
            if name.startswith("x-"):
                continue
            if f"{below}.*" in KEYS:
                self._take(entry, path, KEYS[f"{below}.*"])
            elif path in KEYS:
                self._take(entry, path, KEYS[path])
            elif list_names(path):
                self._descend(entry, path)
            else:
                self._report_unknown(entry, below, path)

    def _descend(self, entry: Entry, path: str) -> None:
        if isinstance(entry.value, Mapping):
            self._walk(entry.value, path)
        elif not _is_nothing(entry.value):
            names = ", ".join(name for name in self._allowed(path) if name != "*")
            inner = f"with {names}" if names else "of model names and amounts"
            self._report(
                "wrong-setting",
                f"expected a mapping {inner} under `{path}`",
                entry.value.span,
                f"write `{path}: {{{(names.split(', ')[0] or 'bytedance/seedream-4.5')}: …}}`",
            )

    def _take(self, entry: Entry, path: str, key: Key) -> None:
        if key.private and self._layer is Layer.PROJECT:
            self._report_secret(entry, path)
            return
        node = entry.value
        if not isinstance(node, Scalar):
            self._found.unusable.add(path)
            advice = f"write `{entry.key.value}: VALUE`"
            self._report("wrong-setting", f"expected one value for `{path}`", node.span, advice)
            return
        try:
            value = key.read(node)
            if path in _FOLDERS:
                value = self._place(str(value))
            if path == _MODELS:
                _refuse_absent(value)
        except ValueError as error:
            self._found.unusable.add(path)
            found = "nothing" if _is_nothing(node) else f"`{node.value}`"
            shown = "" if key.private else f", found {found}"
            advice = f"correct it, or take `{entry.key.value}` out"
            self._report("wrong-setting", f"`{path}`: {error}{shown}", node.span, advice)
            return
        self._found.values[path] = Found(
            value, Origin(self._layer, str(node.span)), entry.key.span, node.span
        )

    def _place(self, text: str) -> Path:
        """A folder relative to the file. A project's stays inside it: nobody's clone writes elsewhere."""
        if "\0" in text or not text.strip():
            raise ValueError("expected the path of a folder")
        try:
            folder = self._folder / (Path(text).expanduser() if self._layer is Layer.USER else text)
        except RuntimeError:
            raise ValueError("expected the path of a folder, and this home is not known") from None
        if self._layer is Layer.PROJECT and (PurePath(text).is_absolute() or ".." in PurePath(text).parts):
            raise ValueError("expected a folder inside the project")
        if self._layer is Layer.PROJECT and not real_path(folder).is_relative_to(real_path(self._folder)):
            raise ValueError("expected a folder inside the project, and this one leads out of it")
        return folder

    def _allowed(self, below: str) -> Iterator[str]:
        for name in list_names(below):
            key = KEYS.get(f"{below}.{name}" if below else name)
            if key is None or not (key.private and self._layer is Layer.PROJECT):
                yield name

    def _report_unknown(self, entry: Entry, below: str, path: str) -> None:
        if path in LATER:
            self._report_later(entry.key.span, f"`{path}`", LATER[path])
        elif looks_secret(entry.key.value) and self._layer is Layer.PROJECT:
            self._report_secret(entry, path)
        else:
            names = tuple(self._allowed(below))
            units = (f"{entry.key.value}_usd", f"{entry.key.value}_s")
            near = next((name for name in units if name in names), None) or find_near(entry.key.value, names)
            where = f"`{below}`" if below else "the settings"
            self._report(
                "unknown-setting",
                f"{where} has no key `{entry.key.value}`; known here: {', '.join(names)}"
                if below
                else f"there is no setting `{entry.key.value}`; known here: {', '.join(names)}",
                entry.key.span,
                f"did you mean `{near}`?" if near else "keys of your own begin with `x-`",
            )

    def _report_secret(self, entry: Entry, path: str) -> None:
        variable = {
            "provider.account_id": "CLOUDFLARE_ACCOUNT_ID",
            "provider.base_url": "SEEDFLOW_CLOUDFLARE_BASE_URL",
            **{key: f"SEEDFLOW_{key.replace('.', '_').upper()}" for key in KEYS if key.startswith("upload.")},
        }.get(path, "CLOUDFLARE_API_TOKEN")
        what = "pictures" if path.startswith("upload.") else "a token"
        self._report(
            "secret-in-project",
            f"`{path}` may not stand in a project's settings: who clones the project must not send {what} elsewhere, "
            "and a secret in a file gets published",
            entry.key.span,
            f"take it out and set {variable} in the environment, or put it into your own settings file",
        )

    def _report_later(self, span: Span, what: str, why: str) -> None:
        self._report("not-yet", f"{what} {why}; this seedflow cannot do it yet", span, "take it out for now")

    def _report(self, code: str, message: str, span: Span, advice: str | None = None) -> None:
        self._found.diagnostics.append(Diagnostic(code, message, span, help=advice))


def _is(path: Path, kind: Callable[[int], bool]) -> bool:
    """Whether something of that kind is there and can be looked at."""
    try:
        return kind(path.stat().st_mode)
    except OSError:
        return False


def _refuse_absent(folder: object) -> None:
    """A folder that is read must be there, so that a misspelt one is not taken for one without files.

    Raises:
        ValueError: it is not.
    """
    if not (isinstance(folder, Path) and _is(folder, stat.S_ISDIR)):
        raise ValueError("expected a folder that is there")


def _is_nothing(node: Node) -> bool:
    return isinstance(node, Scalar) and node.plain and node.resolve() is None
