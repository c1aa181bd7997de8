"""Keys that stand on the wrong level of a recipe: read as if they stood where they belong, and told once.

Parameters of a model beside `generate:`, options of the step inside it, and both at the top level of the recipe.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Final, NamedTuple

from seedflow.diagnostics import Diagnostic, Related
from seedflow.recipe.leaves import is_nothing, quote
from seedflow.recipe.salvage import Path
from seedflow.recipe.schema import RecipeBlock, StepBlock
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND
from seedflow.text.nodes import Entry, Mapping, Node, Scalar

_GENERATE: Final = "generate"
_OPTIONS: Final = OPTIONS_BY_KIND[_GENERATE]
_KEYS_OF_STEPS: Final = frozenset(StepBlock.known_keys())
_KEYS_OF_RECIPES: Final = frozenset(RecipeBlock.known_keys())


class Misplaced(NamedTuple):
    """What is wrong, and the path to what is not known for certain because of it."""

    path: Path
    diagnostic: Diagnostic


def put_in_place(root: Node, parameters: Collection[str]) -> tuple[Node, list[Misplaced]]:
    """The tree with every such key where it belongs, or without it where nobody knows that; every node keeps its place.

    `parameters` are those of all models.
    """
    if not isinstance(root, Mapping):
        return root, []
    problems: list[Misplaced] = []
    stray = [entry for entry in root if _belongs_to_step(entry, parameters)]
    left = root.entries
    if stray:
        left = tuple(entry for entry in root if entry not in stray)
        problems.append(
            Misplaced(("steps",), _tell_top(stray, parameters, has_steps=root.find("steps") is not None))
        )
        if root.find("steps") is None:
            at = stray[0].key
            left = (
                *left,
                Entry(
                    Scalar(at.source, at.start, at.end, "steps"), Mapping(at.source, at.start, at.start, ())
                ),
            )
    entries = tuple(
        Entry(entry.key, _mend_steps(entry.value, parameters, problems))
        if entry.key.value == "steps" and isinstance(entry.value, Mapping)
        else entry
        for entry in left
    )
    return (Mapping(root.source, root.start, root.end, entries), problems) if problems else (root, [])


def _belongs_to_step(entry: Entry, parameters: Collection[str]) -> bool:
    name = entry.key.value
    return (name in _KEYS_OF_STEPS or name in parameters) and name not in _KEYS_OF_RECIPES


def _tell_top(stray: list[Entry], parameters: Collection[str], *, has_steps: bool) -> Diagnostic:
    names = [entry.key.value for entry in stray]
    inside = [name for name in names if name in parameters and name not in _KEYS_OF_STEPS]
    beside = [name for name in names if name not in inside]
    parts = [f"{_GENERATE}: {_skeleton(inside)}"] if inside and _GENERATE not in beside else []
    step = "{" + ", ".join([*parts, *(f"{name}: …" for name in beside)]) + "}"
    it = "it" if len(names) == 1 else "them"
    help_text = f"write {it} inside a step, below `steps:`: `steps: {{NAME: {step}}}`"
    if has_steps and not beside and "prompt" not in names:
        help_text = (
            f"write {it} inside `generate:` of a step, or for all steps `defaults: {_skeleton(inside)}`"
        )
    return Diagnostic(
        "unknown-key",
        f"{_list(names)} {'belongs' if len(names) == 1 else 'belong'} to a step, and "
        f"{'stands' if len(names) == 1 else 'stand'} at the top level of the recipe",
        stray[0].key.span,
        help=help_text,
        related=tuple(Related(entry.key.span, "and this") for entry in stray[1:]),
    )


def _mend_steps(steps: Mapping, parameters: Collection[str], problems: list[Misplaced]) -> Mapping:
    mended = []
    for step in steps:
        block = step.value
        if isinstance(block, Mapping) and block.find("recipe") is None:
            block = _move_in(
                step, _move_out(step.key.value, block, parameters, problems), parameters, problems
            )
        mended.append(Entry(step.key, block))
    return Mapping(steps.source, steps.start, steps.end, tuple(mended))


def _move_out(step: str, block: Mapping, parameters: Collection[str], problems: list[Misplaced]) -> Mapping:
    """A step with the options that stand inside its `generate` beside it."""
    generate = block.find(_GENERATE)
    if generate is None or not isinstance(generate.value, Mapping):
        return block
    inside = generate.value
    options = [
        entry
        for entry in inside
        if entry.key.value in _OPTIONS
        and entry.key.value not in parameters
        and block.find(entry.key.value) is None
    ]
    if not options:
        return block
    names = [entry.key.value for entry in options]
    problems.append(
        Misplaced(
            ("steps", step),
            Diagnostic(
                "unknown-parameter",
                f"{_list(names)} {'is no parameter' if len(names) == 1 else 'are no parameters'} of a model, "
                f"but {'a key' if len(names) == 1 else 'keys'} of the step",
                options[0].key.span,
                help=f"{_list(names, ':')} {'stands' if len(names) == 1 else 'stand'} beside `generate:`, "
                f"as {'a key' if len(names) == 1 else 'keys'} of the step",
                related=tuple(Related(entry.key.span, "and this") for entry in options[1:]),
            ),
        )
    )
    rest = Mapping(
        inside.source, inside.start, inside.end, tuple(entry for entry in inside if entry not in options)
    )
    kept = tuple(Entry(entry.key, rest) if entry is generate else entry for entry in block)
    return Mapping(block.source, block.start, block.end, (*kept, *options))


def _move_in(step: Entry, block: Mapping, parameters: Collection[str], problems: list[Misplaced]) -> Mapping:
    """A step with the parameters that stand beside its `generate` inside it, or inside one that it lacks."""
    generate = block.find(_GENERATE)
    inside = generate.value if generate is not None else None
    if inside is not None and not isinstance(inside, Mapping):
        return block
    if generate is None and any(_may_be_generate(entry, parameters) for entry in block):
        return block
    stray = [
        entry
        for entry in block
        if entry.key.value in parameters
        and entry.key.value not in _KEYS_OF_STEPS
        and (inside is None or inside.find(entry.key.value) is None)
    ]
    if not stray or all(is_nothing(entry.value) for entry in stray):
        return block
    names = [entry.key.value for entry in stray]
    it = "it" if len(names) == 1 else "them"
    lacking = generate is None
    problems.append(
        Misplaced(
            ("steps", step.key.value),
            Diagnostic(
                "unknown-key",
                f"{_list(names)} {'is a parameter' if len(names) == 1 else 'are parameters'} of the model, and "
                f"{'stands' if len(names) == 1 else 'stand'} "
                + (f"right below the step {quote(step.key.value)}" if lacking else "beside `generate`"),
                stray[0].key.span,
                help=f"write a line `generate:` above, and indent {it} below it"
                if lacking
                else f"write {it} inside `generate:`",
                related=tuple(Related(entry.key.span, "and this") for entry in stray[1:]),
            ),
        )
    )
    first, last = stray[0].key, stray[-1].value
    if generate is None or inside is None:
        generate = Entry(
            Scalar(first.source, first.start, first.end, _GENERATE),
            Mapping(first.source, first.start, last.end, tuple(stray)),
        )
        kept: Iterable[Entry] = (*(entry for entry in block if entry not in stray), generate)
    else:
        full = Mapping(inside.source, inside.start, inside.end, (*inside.entries, *stray))
        kept = (
            Entry(entry.key, full) if entry is generate else entry for entry in block if entry not in stray
        )
    return Mapping(block.source, block.start, block.end, tuple(kept))


def _may_be_generate(entry: Entry, parameters: Collection[str]) -> bool:
    """Whether a key may be a slip of `generate`, which is told as that."""
    name = entry.key.value
    return isinstance(entry.value, Mapping) and name not in _KEYS_OF_STEPS and name not in parameters


def _skeleton(names: list[str]) -> str:
    return "{" + ", ".join(f"{name}: …" for name in names) + "}"


def _list(names: list[str], end: str = "") -> str:
    quoted = [quote(f"{name}{end}") for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} and {quoted[-1]}"
