"""Why a task does what it does, in the words that every list and drawing of a plan has for it."""

from __future__ import annotations

import re
from typing import Final

from seedflow.diagnostics.cells import count_cells
from seedflow.diagnostics.printable import make_printable
from seedflow.plan.model import PendingImages, Reason, Task, Unknown

LONGEST_CAUSE: Final = 28

_KEYS: Final = re.compile(r"\[[^\[\]]*\]")
_TAKE: Final = re.compile(r"#(\d+)$")
_REASONS: Final = {
    Reason.NEW: "new",
    Reason.CHANGED: "changed",
    Reason.REFERENCE_CHANGED: "a reference changed",
    Reason.ARTIFACT_MISSING: "its picture is missing",
    Reason.ASKED_BEFORE: "asked before, looked up first",
    Reason.LOST_PAID: "paid, its pictures are lost",
    Reason.REFUSED_BEFORE: "refused before, perhaps billed",
    Reason.FORCED: "asked anew",
    Reason.STORED: "stored",
    Reason.CONDITION_UNKNOWN: "if its condition holds",
    Reason.CONDITION_FALSE: "skipped: condition is false",
    Reason.REJECTED: "not as expected",
    Reason.REFUSED: "cannot be asked",
}


def spell_reason(*tasks: Task) -> str:
    """Why tasks of one step, which share their reason, do what they do."""
    first = tasks[0]
    match first.reason:
        case Reason.UPSTREAM_UNKNOWN:
            return _spell_after(first)
        case Reason.UPSTREAM_SKIPPED:
            return f"skipped with {_spell_cause(tasks)}"
        case Reason.UPSTREAM_FAILED:
            return f"waits for {_spell_cause(tasks)}"
        case reason:
            return _REASONS.get(reason, reason.value)


def waited_for(task: Task) -> list[str]:
    """The steps whose results a task's request, or their number, depends on and that do not exist yet, in order of mention."""
    pending = [item.image for item in task.references if isinstance(item.image, PendingImages)]
    names = [name for image in pending for name in image.awaited]
    names += [name for value in task.params.values() if isinstance(value, Unknown) for name in value.after]
    if task.tasks is not None or not names:
        names = [*task.needs, *names]
    return [step for step in dict.fromkeys(map(name_step, names)) if step]


def name_step(address: str) -> str:
    """The step of an address, within the uses of recipes around it: `cast/pose` of `cast[hero=ada]/pose[pose=side]#2`."""
    return _TAKE.sub("", _KEYS.sub("", address))


def own_take(address: str) -> int:
    """The take that an address has by itself: 2 of `sheet#2`."""
    found = _TAKE.search(address)
    return int(found[1]) if found is not None else 1


def hide_keys(address: str) -> str:
    """An address without its values: `page[…]`."""
    return _KEYS.sub("[…]", address)


def _spell_after(task: Task) -> str:
    names = [make_printable(name) for name in waited_for(task)]
    if not names:
        return "once more is known"
    more = f" and {len(names) - 1} more" if len(names) > 2 else ""
    return "after " + ", ".join(names[:1] if more else names) + more


def _spell_cause(tasks: tuple[Task, ...]) -> str:
    """The task that was skipped or failed; in short where there are several, or its name is long."""
    causes = dict.fromkeys(task.cause or "another task" for task in tasks)
    cause = make_printable(next(iter(causes)))
    if len(causes) == 1 and count_cells(cause) <= LONGEST_CAUSE:
        return cause
    if len(dict.fromkeys(map(name_step, causes))) > 1:
        return f"{hide_keys(cause)} and others"
    return hide_keys(cause)
