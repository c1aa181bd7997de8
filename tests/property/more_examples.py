"""How many examples the laws of the language get: few in the suite, more where somebody asks for them."""

from __future__ import annotations

import os

from hypothesis import HealthCheck, Phase, settings

TIMES = int(os.environ.get("SEEDFLOW_MORE_EXAMPLES", "1"))


def laws(examples: int) -> settings:
    """The same examples every time in the suite, so that it fails for a change alone; others each time when there are more."""
    return settings(
        max_examples=examples * TIMES,
        deadline=None,
        derandomize=TIMES == 1,
        phases=tuple(Phase) if TIMES == 1 else (Phase.generate, Phase.shrink),
        suppress_health_check=list(HealthCheck),
    )
