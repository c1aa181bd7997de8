"""Any recipe of the whole language: of two images that cannot both be published, the plan said so before they were paid.

`SEEDFLOW_MORE_EXAMPLES=50` makes so many times as many.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import assume, event, given
from hypothesis import strategies as st

sys.path[:0] = [str(Path(__file__).parent)]

from test_whole_language import SEEDS, Stage, laws  # noqa: E402 - found by the path above
from whole_language import Case, SeededProvider, cases  # noqa: E402 - found by the path above

from seedflow.diagnostics import Severity  # noqa: E402 - found by the path above
from seedflow.plan.outputs import OutputPlanner  # noqa: E402 - found by the path above
from seedflow.plan.planner import Planner  # noqa: E402 - found by the path above

FILES = (
    None,
    "{{ image.name }}",
    "{{ image.number }}",
    "{{ image.key }}",
    "{{ image.key }}-{{ image.take }}-{{ image.number }}",
    "x{{ image.number // 2 }}",
    "{{ 'one' if image.number == 1 else 'more' }}",
    "{{ image.width }}",
)


OF_A_VARIABLE = (
    "{{ each.NAME }}",
    "{{ each.NAME.key }}",
    "{{ each.NAME.name }}",
    "{{ each.NAME.number }}",
    "{{ each.NAME.take }}-{{ image.number }}",
    "{{ each.NAME.width }}-{{ image.number }}",
)


@st.composite
def named_cases(draw: st.DrawFn) -> Case:
    """A recipe with an output for a step or two, whose files are named in one of many ways."""
    case = draw(cases())
    steps = re.findall(r"^  (\w+): (.*)$", case.recipe, re.MULTILINE)
    outputs = {}
    for name in ("o", "p")[: draw(st.sampled_from([1, 1, 2]))]:
        step, body = draw(st.sampled_from(steps))
        variables = list(json.loads(body).get("for_each", {}))
        files = [*FILES, *(file.replace("NAME", one) for one in variables for file in OF_A_VARIABLE)]
        other = draw(st.sampled_from(["", "", f" + steps.{draw(st.sampled_from(steps))[0]}.images"]))
        images = f"{{{{ steps.{step}.images{other} }}}}"
        file = draw(st.sampled_from(files))
        outputs[name] = images if file is None else {"images": images, "file": file}
    kept = re.sub(r"^outputs: .*\n", "", case.recipe, flags=re.MULTILINE)
    return replace(case, recipe=f"{kept}outputs: {json.dumps(outputs)}\n")


@laws(40)
@given(named_cases(), SEEDS, st.sampled_from(["any", "one", "full"]))
def test_what_cannot_be_published_was_said_by_the_plan_and_what_it_refused_could_not_be(
    case: Case, seed: int, how_many: str
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(case, folder, SeededProvider(seed, how_many, 0, order=seed))
        assume(stage.can_be_read())
        said = {(found.code, found.severity) for found in stage.world.find_problems()}
        refused = {code for code, severity in said if severity is Severity.ERROR}
        assume(refused <= {"same-file"})
        with pytest.MonkeyPatch.context() as patch:
            if refused:
                event("refused")
                patch.setattr(OutputPlanner, "check_paths", lambda _: [])
                patch.setattr(Planner, "_foresee_files", lambda *_: ())
            done = stage.run()
        lost = any(problem.kind == "same-file" for problem in done.result.problems)
        event(f"said: {[code for code, _ in said if code == 'same-file']}, lost: {lost}")
        assert not lost or "same-file" in {code for code, _ in said}
        assert lost or not refused or not done.done
