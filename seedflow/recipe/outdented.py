"""What a step, an option of a step, or an output consists of, written beside its name and not below it: read as if it stood below, and told once."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from typing import Final

from seedflow.diagnostics import Diagnostic, Related
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.leaves import is_nothing, quote
from seedflow.recipe.option_schema import ExpectBlock, IterateBlock
from seedflow.recipe.schema import LoopBlock, OutputBlock, StepBlock
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND
from seedflow.recipe.unbraced import advise_of_dollar, find_expression
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence

_KEYS: Final = frozenset(StepBlock.known_keys())
_OTHER_WORDS: Final = frozenset((*StepBlock.meant, *StepBlock.later, *StepBlock.elsewhere)) - {
    "prompt",
    "model",
}
"""What some write for keys of a step."""
_OPTIONS: Final = frozenset(("for_each", "generate", "with", "expect", "iterate"))
"""Keys of a step behind which a mapping stands."""
_KEYS_OF_LOOPS: Final = frozenset(LoopBlock.known_keys())
_KEYS_OF_OUTPUTS: Final = frozenset(OutputBlock.known_keys())
_WHOLE: Final = re.compile(r"\s*\{\{(?:(?!\}\}).)*\}\}\s*", re.DOTALL)
_PLAIN: Final = re.compile(r"[a-z][a-z0-9_./-]*", re.IGNORECASE)
_OF_FILES: Final = re.compile(r"\b(?:image|each)\b\s*\.")
"""What is known in the name of a file alone."""
_KEYS_OF_OPTIONS: Final = {
    name: frozenset((*block.known_keys(), *block.meant, *block.elsewhere))
    for name, block in (("expect", ExpectBlock), ("iterate", IterateBlock))
}


def indent_steps(root: Node) -> tuple[Node, list[tuple[str, Diagnostic]]]:
    """The tree with every such part below its step, and what is wrong by the names of these steps; every node keeps its place."""
    written = root.find("steps") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or written is None or not isinstance(written.value, Mapping):
        return root, []
    problems: list[tuple[str, Diagnostic]] = []
    steps = tuple(
        _indent_loops(_indent_options(step, problems), problems) for step in _indent(written.value, problems)
    )
    if not problems:
        return root, []
    below = Mapping(written.value.source, written.value.start, written.value.end, steps)
    entries = tuple(Entry(entry.key, below) if entry is written else entry for entry in root)
    return Mapping(root.source, root.start, root.end, entries), problems


def indent_outputs(root: Node) -> tuple[Node, list[tuple[tuple[str, ...], Diagnostic]]]:
    """The tree with `file` and `images` below the output that they stand beside, and what is wrong by its path."""
    written = root.find("outputs") if isinstance(root, Mapping) else None
    if not isinstance(root, Mapping) or written is None or not isinstance(written.value, Mapping):
        return root, []
    left, entries = list(written.value), list[Entry]()
    problems: list[tuple[tuple[str, ...], Diagnostic]] = []
    while left:
        output = left.pop(0)
        parts: list[Entry] = []
        while left and _is_part_of_output(output, left[0]):
            parts.append(left.pop(0))
        if parts:
            path = ("outputs", output.key.value)
            if is_nothing(output.value):
                problems.append((path, _wrong(output, parts, "the output")))
                output = _put_below(output, parts)
            else:
                problems.append((path, _not_an_output(output, parts[0])))
                output = _put_below(output, [*_open_output(output), *parts])
        entries.append(output)
    if not problems:
        return root, []
    mended = Mapping(written.value.source, written.value.start, written.value.end, tuple(entries))
    kept = tuple(Entry(entry.key, mended) if entry is written else entry for entry in root)
    return Mapping(root.source, root.start, root.end, kept), problems


def _is_part_of_output(output: Entry, entry: Entry) -> bool:
    """Whether it belongs to the output before it, and is no output that is called like one of its keys."""
    name, value = entry.key.value, entry.value
    if output.key.value in _KEYS_OF_OUTPUTS or not isinstance(value, Scalar) or is_nothing(value):
        return False
    if is_nothing(output.value):
        return name in _KEYS_OF_OUTPUTS
    has_file = isinstance(output.value, Mapping) and output.value.find("file") is not None
    if name != "file" or has_file or isinstance(output.value, Sequence):
        return False
    gives_images = _WHOLE.fullmatch(value.value) is not None and not _OF_FILES.search(value.value)
    return not gives_images and find_expression(value.value) is None and advise_of_dollar(value.value) is None


def _open_output(output: Entry) -> list[Entry]:
    """The keys of an output, those of its long form where it has the short one."""
    key, value = output
    if isinstance(value, Mapping):
        return list(value)
    return [Entry(Scalar(key.source, key.start, key.end, "images"), value)]


def _not_an_output(output: Entry, file: Entry) -> Diagnostic:
    name = output.key.value
    return Diagnostic(
        "wrong-type",
        f"`file` stands beside {quote(name)} like an output of its own, and gives no images; expected below the output",
        file.key.span,
        help=f"indent `file` like `images`, below {quote(name)}"
        if isinstance(output.value, Mapping)
        else f"write it with the images: `{name}: {{images: {_spell(output.value)}, file: {_spell(file.value)}}}`",
        related=(Related(output.key.span, "the output"),),
    )


def _spell(node: Node) -> str:
    """How it is written, where that can stand between braces."""
    written = node.source.text[node.start : node.end]
    fits = written[:1] in ("'", '"') and "\n" not in written
    return written if fits or _PLAIN.fullmatch(written) else "…"


def _indent(steps: Mapping, problems: list[tuple[str, Diagnostic]]) -> Iterator[Entry]:
    left = deque(steps)
    while left:
        step = left.popleft()
        parts: list[Entry] = []
        while is_nothing(step.value) and left and _is_part(left[0]):
            parts.append(left.popleft())
        if not any(part.key.value in OPTIONS_BY_KIND for part in parts):
            yield step
            yield from parts
            continue
        problems.append((step.key.value, _wrong(step, parts, "the step")))
        yield _put_below(step, parts)


def _indent_options(step: Entry, problems: list[tuple[str, Diagnostic]]) -> Entry:
    """A step with what stands beside `for_each:` and the like below it, where nothing else is below it."""
    block = step.value
    if not isinstance(block, Mapping):
        return step
    left, entries, before = list(block), list[Entry](), len(problems)
    while left:
        option = left.pop(0)
        parts: list[Entry] = []
        while option.key.value in _OPTIONS and is_nothing(option.value) and left:
            if not _is_part_of(option.key.value, left[0]):
                break
            parts.append(left.pop(0))
        if parts:
            problems.append((step.key.value, _wrong(option, parts, quote(option.key.value))))
            option = _put_below(option, parts)
        entries.append(option)
    if len(problems) == before:
        return step
    return Entry(step.key, Mapping(block.source, block.start, block.end, tuple(entries)))


def _indent_loops(step: Entry, problems: list[tuple[str, Diagnostic]]) -> Entry:
    """A step with what stands beside a variable of `for_each` and can be none itself below that variable."""
    block = step.value
    loops = block.find("for_each") if isinstance(block, Mapping) else None
    if not isinstance(block, Mapping) or loops is None or not isinstance(loops.value, Mapping):
        return step
    left, entries, before = list(loops.value), list[Entry](), len(problems)
    while left:
        variable = left.pop(0)
        parts: list[Entry] = []
        while left and _is_part_of_variable(variable, left[0]):
            parts.append(left.pop(0))
        if parts and is_nothing(variable.value):
            problems.append((step.key.value, _wrong(variable, parts, quote(variable.key.value))))
            variable = _put_below(variable, parts)
        elif parts:
            problems.append((step.key.value, _not_a_variable(variable, parts)))
            variable = _put_below(variable, [*_open(variable), *parts])
        entries.append(variable)
    if len(problems) == before:
        return step
    mended = Mapping(loops.value.source, loops.value.start, loops.value.end, tuple(entries))
    kept = tuple(Entry(entry.key, mended) if entry is loops else entry for entry in block)
    return Entry(step.key, Mapping(block.source, block.start, block.end, kept))


def _is_part_of_variable(variable: Entry, entry: Entry) -> bool:
    """Whether it belongs to the variable before it: by its key, and as nothing or no list stands behind the one or the other."""
    if entry.key.value not in _KEYS_OF_LOOPS or variable.key.value in _KEYS_OF_LOOPS:
        return False
    is_list = isinstance(entry.value, Sequence) or "{{" in getattr(entry.value, "value", "")
    has_list = isinstance(variable.value, Mapping) and variable.value.find("in") is not None
    if is_nothing(variable.value):
        return not isinstance(entry.value, Mapping)
    return isinstance(entry.value, Scalar) and not is_list and (has_list or not _is_mapping(variable))


def _is_mapping(entry: Entry) -> bool:
    return isinstance(entry.value, Mapping)


def _open(variable: Entry) -> list[Entry]:
    """The keys of a variable, those of its long form where it has the short one."""
    key, value = variable
    if isinstance(value, Mapping):
        return list(value)
    return [Entry(Scalar(key.source, key.start, key.end, "in"), value)]


def _not_a_variable(variable: Entry, parts: list[Entry]) -> Diagnostic:
    names = ", ".join(quote(part.key.value) for part in parts)
    name = variable.key.value
    inside = ", ".join(
        f"{part.key.value}: {part.value.value if isinstance(part.value, Scalar) else '…'}" for part in parts
    )
    is_long = _is_mapping(variable)
    return Diagnostic(
        "wrong-type",
        f"{names} stands beside {quote(name)} like a variable of its own, and is no list"
        if len(parts) == 1
        else f"{names} stand beside {quote(name)} like variables of their own, and are no lists",
        parts[0].key.span,
        help=f"indent {names} like `in`, below {quote(name)}"
        if is_long
        else f"write it with the list: `{name}: {{in: …, {inside}}}`",
        related=(Related(variable.key.span, "the variable"),),
    )


def _wrong(above: Entry, parts: list[Entry], below: str) -> Diagnostic:
    names = ", ".join(quote(part.key.value) for part in parts)
    stands = "stands" if len(parts) == 1 else "stand"
    name = quote(above.key.value)
    return Diagnostic(
        "wrong-type",
        f"{names} {stands} beside {name}, which has nothing below it; expected below {below}",
        parts[0].key.span,
        help=f"indent {names}, with all that is inside, further than {name}",
        related=(Related(above.key.span, below),),
    )


def _put_below(above: Entry, parts: list[Entry]) -> Entry:
    first, last = parts[0].key, parts[-1].value
    return Entry(above.key, Mapping(first.source, first.start, last.end, tuple(parts)))


def _is_part(entry: Entry) -> bool:
    """Whether it can be a part of a step alone, and is no step that is called like one."""
    inner = entry.value
    is_step = isinstance(inner, Mapping) and any(inner.find(kind) is not None for kind in OPTIONS_BY_KIND)
    return entry.key.value in _KEYS and not is_step


def _is_part_of(option: str, entry: Entry) -> bool:
    """Whether it can stand below an option, and is no key of the step, nor one that is misspelt."""
    name, value = entry.key.value, entry.value
    if name in _KEYS or name.startswith("x-"):
        return False
    if option in _KEYS_OF_OPTIONS:
        return name in _KEYS_OF_OPTIONS[option]
    if name in _OTHER_WORDS or find_near(name, _KEYS) is not None:
        return False
    if option != "for_each":
        return True
    return (
        isinstance(value, Sequence)
        or (isinstance(value, Mapping) and value.find("in") is not None)
        or (isinstance(value, Scalar) and "{{" in value.value)
    )
