"""What a shell offers behind an option or in an argument's place: recipes, inputs of the recipe on the line, their values.

Somebody is typing: nothing here prints, waits or fails. A recipe is opened only for its inputs, steps and tasks, and its
inputs are read as YAML alone, so that one with mistakes completes as well.
"""

from __future__ import annotations

import functools
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Final, TypeAlias

import click
from click.shell_completion import CompletionItem

from seedflow.diagnostics import Diagnostic
from seedflow.providers.registry import PROVIDERS
from seedflow.recipe.shipped import find_shipped, list_blocks, list_shipped
from seedflow.settings.files import PROJECT_FILE
from seedflow.text.nodes import Mapping, Node, Scalar, Sequence
from seedflow.text.reader import Limits, load_source, read_yaml

Items: TypeAlias = "list[CompletionItem[str]]"
Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], Items]

RECIPES: Final = (".yaml", ".yml")
IMAGES: Final = (".avif", ".gif", ".jpeg", ".jpg", ".png", ".webp")
NOT_RECIPES: Final = (PROJECT_FILE, ".picks.yaml")
LIMITS: Final = Limits(max_bytes=4 * 1024 * 1024, max_nodes=200_000)
MOST_NAMES: Final = 500
"""Of a folder with more files, so many are offered."""


def offer_silently(find: Callable[[click.Context, str], Iterator[CompletionItem[str]]]) -> Completer:
    """As click wants it. Whatever goes wrong, nothing is offered and nothing is said."""

    @functools.wraps(find)
    def complete(ctx: click.Context, param: click.Parameter, incomplete: str) -> Items:  # noqa: ARG001 - click's signature
        try:
            return [item for item in find(ctx, incomplete) if item.value.isprintable()]
        except Exception:  # noqa: BLE001 - a message would stand in the middle of the line that is typed
            return []

    return complete


@offer_silently
def complete_recipes(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:  # noqa: ARG001 - as the others
    """Names of shipped recipes and of blocks to build with, YAML files, and folders to look into."""
    yield from _list_files(incomplete, RECIPES)
    for recipes, told in (
        (list_shipped(), "shipped with seedflow"),
        (list_blocks(), "shipped, to build with"),
    ):
        for recipe in recipes:
            if recipe.name.startswith(incomplete):
                yield CompletionItem(recipe.name, help=told)


@offer_silently
def complete_providers(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:  # noqa: ARG001 - as the others
    """Who may make the images."""
    for name in PROVIDERS:
        if name.startswith(incomplete):
            yield CompletionItem(name)


@offer_silently
def complete_folders(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:  # noqa: ARG001 - as the others
    """Folders."""
    yield CompletionItem(incomplete, type="dir")


@offer_silently
def complete_inputs(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem[str]]:
    """`hero=` for each input of the recipe on the line; behind the `=`, what its type knows: options, booleans, pictures."""
    inputs = _read_inputs(ctx)
    name, equals, value = incomplete.partition("=")
    if equals:
        for text in _list_values(inputs.get(name), value):
            yield CompletionItem(f"{name}={text}")
        return
    given = {text.partition("=")[0] for text in ctx.params.get("inputs") or ()}
    for found, declared in inputs.items():
        if found.startswith(name) and (found not in given or read_text(declared, "type") == "list"):
            yield CompletionItem(f"{found}=", help=_describe(declared))


def _read_inputs(ctx: click.Context) -> dict[str, Mapping]:
    """The definitions under `inputs:` of the recipe that stands on the line."""
    return read_part(ctx, "inputs")


def find_named(ctx: click.Context) -> str | None:
    """The recipe that stands on the line, as it is written there."""
    words = [ctx.params.get("recipe"), *ctx.args]
    return next((word for word in words if isinstance(word, str) and not word.startswith("-")), None)


def read_part(ctx: click.Context, part: str) -> dict[str, Mapping]:
    """What stands under one key of the recipe that stands on the line, whatever else is in it."""
    named = find_named(ctx)
    if named is None:
        return {}
    path = Path(named).expanduser()
    if not path.is_file():
        path = find_shipped(named) or path
    source = load_source(path, named, max_bytes=LIMITS.max_bytes)
    if isinstance(source, Diagnostic):
        return {}
    root, _ = read_yaml(source, LIMITS)
    entry = root.find(part) if isinstance(root, Mapping) else None
    if entry is None or not isinstance(entry.value, Mapping):
        return {}
    return {one.key.value: one.value for one in entry.value if isinstance(one.value, Mapping)}


def _list_values(declared: Mapping | None, typed: str) -> Iterator[str]:
    if declared is None:
        return
    of = _find(declared, "of")
    match read_text(declared, "type"):
        case "list" if isinstance(of, Mapping):
            yield from _list_values(of, typed)
        case "list" if isinstance(of, Scalar):
            yield from _list_of_type(of.value, declared, typed)
        case kind:
            yield from _list_of_type(kind, declared, typed)


def _list_of_type(kind: str | None, declared: Mapping, typed: str) -> Iterator[str]:
    match kind:
        case "boolean":
            yield from (text for text in ("true", "false") if text.startswith(typed))
        case "choice":
            options = _find(declared, "options")
            nodes = options.items if isinstance(options, Sequence) else ()
            texts = (node.value for node in nodes if isinstance(node, Scalar))
            yield from (text for text in texts if text.startswith(typed))
        case "image":
            yield from (item.value for item in _list_files(typed, IMAGES))
        case "table":
            yield from (item.value for item in _list_files(typed, (".csv", ".json", ".jsonl", *RECIPES)))
        case _:
            return


def _describe(declared: Mapping) -> str:
    kind = read_text(declared, "type") or ""
    of = _find(declared, "of")
    if kind == "list" and isinstance(of, Scalar):
        kind = f"list of {of.value}"
    about = " ".join((read_text(declared, "description") or "").split())
    return f"{kind}: {about}" if about else kind


def _find(declared: Mapping, key: str) -> Node | None:
    entry = declared.find(key)
    return None if entry is None else entry.value


def read_text(declared: Mapping, key: str) -> str | None:
    """The text behind a key, if it is one."""
    value = _find(declared, key)
    return value.value if isinstance(value, Scalar) else None


def _list_files(incomplete: str, endings: tuple[str, ...]) -> Iterator[CompletionItem[str]]:
    """Folders, with a slash, and files with one of these endings; hidden ones only where a dot is typed."""
    folder, slash, start = incomplete.rpartition("/")
    place = Path(folder + slash or ".").expanduser()
    found = []
    with os.scandir(place) as entries:
        for entry in entries:
            if not entry.name.startswith(start) or (entry.name.startswith(".") and not start.startswith(".")):
                continue
            if entry.is_dir():
                found.append(f"{entry.name}/")
            elif entry.name.lower().endswith(endings) and not entry.name.endswith(NOT_RECIPES):
                found.append(entry.name)
            if len(found) == MOST_NAMES:
                break
    for name in sorted(found):
        yield CompletionItem(f"{folder}{slash}{name}")
