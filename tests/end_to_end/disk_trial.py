"""One trial with a disk that refuses: full, read-only or broken at a named step, once or from then on; then it takes everything again.

Serves the suite (`test_points.py`).
"""

from __future__ import annotations

import errno
import json
import os
import shutil
import time

from fork_server import Ended
from point_trial import UNKNOWN_OUTCOME, WORDS, Bench, Kill, Outcome, check, finish

REFUSALS = {"full": errno.ENOSPC, "read-only": errno.EROFS, "broken": errno.EIO}
FOR_EVER = 1_000_000
ADVICE = {
    "full": ("room",),
    "read-only": ("writ", "room"),
    "broken": ("disk", "folder", "writ", "room"),
}
"""Words of which one must be among what a run says to do."""

OUTSIDE = ("connect", "send", "answer", "download", "reconcile")
"""Steps at which no disk is asked."""

NO_REFUSAL = ("lock-take", "ledger-close")
"""Steps that fail in other ways than these: the kernel gives a lock or does not, and closing gives up room."""


def refuses(point: str) -> bool:
    """Whether a disk may refuse there."""
    step, _, side = point.partition(":")
    return side == "before" and step not in OUTSIDE and step not in NO_REFUSAL


def run_refused(bench: Bench, recipe: str, where: Kill, how: str, name: str, *, for_ever: bool) -> Outcome:
    """A run whose disk refuses, then one whose disk does not.

    Raises:
        AssertionError: something was lost or paid twice, or the run did not say what to do. The project's folder stays.
    """
    undisturbed, outcome, started = bench.undisturbed(recipe), Outcome(), time.monotonic()
    bench.emulator.reset()
    project = bench.set_up(recipe, bench.folder / name)
    ended = bench.run(
        project,
        *WORDS,
        point=where.point,
        nth=where.nth,
        errno=REFUSALS[how],
        times=FOR_EVER if for_ever else 1,
    )
    outcome.kills.append(f"{where} {how}")
    check_said(ended, how)
    finish(bench, project, outcome)
    assert outcome.never_seen == 0 or ended.code == UNKNOWN_OUTCOME
    check(bench, project, undisturbed)
    outcome.took_s = time.monotonic() - started
    shutil.rmtree(project.folder)
    return outcome


def check_said(ended: Ended, how: str) -> None:
    """A run that ends well may have passed over what did not matter; any other says what happened and what to do."""
    assert not ended.killed
    if ended.code == 0:
        return
    assert ended.code in (2, 3, UNKNOWN_OUTCOME), (ended.code, ended.err, ended.out)
    said = ended.err + read_problems(ended.out)
    assert os.strerror(REFUSALS[how]) in said, said
    assert any(word in said for word in ADVICE[how]), said


def read_problems(out: str) -> str:
    """What the JSON of a run says in words, if there is any."""
    try:
        found = json.loads(out)
    except ValueError:
        return ""
    problems = [*found["problems"], *(task["problem"] for task in found["tasks"] if "problem" in task)]
    return "\n".join(f"{problem['message']} {problem['help']}" for problem in problems)
