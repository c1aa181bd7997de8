"""What is asked of the model, for people: the prompt, the other parameters, and each reference with how it travels."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from rich.cells import cell_len
from rich.text import Text

from seedflow.cli.columns import shorten
from seedflow.cli.plan_rows import INDENT
from seedflow.diagnostics.printable import make_printable
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.mentions import spell_mention
from seedflow.plan.model import (
    Action,
    PendingImages,
    Plan,
    PlannedReference,
    StepImage,
    Task,
    Unknown,
)
from seedflow.plan.serialize import find_transports
from seedflow.providers.options import REALM_SKETCH
from seedflow.report.reasons import name_step

_WAYS: Final = {"url": "by URL", "data": "in the request", "upload": "by a link to your bucket"}

MOST_PROMPT_LINES: Final = 3
MOST_REFERENCES: Final = 4
MOST_NAMES: Final = 3


def spell_request(task: Task, plan: Plan, width: int, *, whole: bool) -> Iterator[Text]:
    """The prompt, the other parameters with their names, and each reference with how it travels."""
    prompt = task.params.get("prompt")
    if isinstance(prompt, Unknown):
        for line in _wrap(f"prompt {_spell_known_after(prompt.after)}", width):
            yield Text(line, style="dim")
    elif isinstance(prompt, str):
        # What stands for others has the request of one of them.
        start = "" if task.tasks is None else "such as: "
        lines = list(_wrap(start + make_printable(prompt), width))
        cut = lines if whole or len(lines) <= MOST_PROMPT_LINES else lines[:MOST_PROMPT_LINES]
        for number, line in enumerate(cut, 1):
            yield Text(line + (" …" if number == len(cut) < len(lines) else ""))
    others = [f"{name} {_spell_value(value)}" for name, value in task.params.items() if name != "prompt"]
    if others:
        for line in _wrap(" · ".join(others), width, glue=True):
            yield Text(line, style="dim")
    references = task.references if whole else task.references[:MOST_REFERENCES]
    silent = plan.realm == REALM_SKETCH or task.action is Action.REUSE
    number = 1
    for item in references:
        text, number = _spell_reference(
            item, number, None if silent else plan, None if whole else width - len(INDENT)
        )
        for line in _wrap(text, width):
            yield Text(line, style="dim")
    if len(references) < len(task.references):
        more = len(task.references) - len(references)
        yield Text(f"{INDENT}and {more} more reference{'' if more == 1 else 's'}", style="dim")


def _spell_value(value: object) -> str:
    if isinstance(value, Unknown):
        return _spell_known_after(value.after)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple | Mapping):
        return make_printable(json.dumps(value, ensure_ascii=False, default=_spell_inner))
    return make_printable(str(value)).replace("\n", " ")


def _spell_inner(value: object) -> object:
    """What JSON has no word for, inside a list or a mapping."""
    return dict(value) if isinstance(value, Mapping) else _spell_value(value)


def _spell_known_after(addresses: Iterable[str]) -> str:
    """`known after sheet, page`: several tasks of one step are called by the step."""
    tasks: dict[str, list[str]] = {}
    for address in addresses:
        tasks.setdefault(name_step(address), []).append(address)
    names = [make_printable(found[0] if len(found) == 1 else step) for step, found in tasks.items()]
    more = f" and {len(names) - MOST_NAMES} more" if len(names) > MOST_NAMES else ""
    return "known after " + ", ".join(names[:MOST_NAMES]) + more


def _spell_reference(
    item: PlannedReference, number: int, plan: Plan | None, room: int | None
) -> tuple[str, int]:
    """`image 2 (hero): sheet image 1, sent in the request`, and the number of the next one.

    `plan` knows how pictures travel; None where nothing is sent. URLs lose their middle where they are longer
    than `room`.
    """
    named = f" ({make_printable(item.name)})" if item.name is not None else ""
    count = 1
    position = f"image {number}"
    match item.image:
        case UrlImage(url=url):
            what = make_printable(url)
        case FileImage(name=name, facts=facts):
            what = (
                f"{make_printable(name)}, {facts.width_px}×{facts.height_px}, {_spell_size(facts.size_bytes)}"
            )
        case StepImage(address=address, number=of_task):
            what = f"{make_printable(address)} image {of_task}"
        case PendingImages(count=bounds):
            what = make_printable(spell_mention(item.image))
            count = bounds.high
            if count == 0:
                position = "no image"
            elif count != 1:
                position = f"images {number} to {number + count - 1}"
                if bounds.low != bounds.high:
                    position += " at most"
            elif not bounds.low:
                position = f"perhaps image {number}"
    travels = ""
    if plan is not None:
        ways = find_transports(item.image, plan.references, has_bucket=plan.has_bucket)
        travels = f", sent {' or '.join(map(_WAYS.__getitem__, ways))}"
    if room is not None and isinstance(item.image, UrlImage):
        what = shorten(what, max(24, room - len(position) - cell_len(named) - len(travels) - 4))
    return f"{position}{named}: {what}{travels}", number + count


def _spell_size(size_bytes: int) -> str:
    return f"{size_bytes / 1e6:.1f} MB" if size_bytes >= 1e5 else f"{max(1, round(size_bytes / 1e3))} KB"


def _wrap(text: str, width: int, *, glue: bool = False) -> Iterator[str]:
    """Indented lines that fit; wide characters count as two. `glue` breaks only before or after a middle dot."""
    room = max(16, width - len(INDENT) - 2)
    words = [f"{part} ·" for part in text.split(" · ")] if glue else text.split()
    if glue and words:
        words[-1] = words[-1].removesuffix(" ·")
    line = ""
    for word in words:
        for piece in _cut(word, room):
            if line and cell_len(line) + 1 + cell_len(piece) > room:
                yield INDENT + line
                line = piece
            else:
                line = f"{line} {piece}" if line else piece
    if line:
        yield INDENT + line


def _cut(word: str, room: int) -> Iterator[str]:
    """A word that is longer than a line, such as a URL or a Japanese sentence, in pieces that fit."""
    piece, cells = "", 0
    for character in word:
        more = cell_len(character)
        if cells + more > room:
            yield piece
            piece, cells = "", 0
        piece += character
        cells += more
    yield piece
