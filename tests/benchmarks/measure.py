"""Whole processes, measured by the operating system: CPU seconds, wall seconds, peak memory; the median of several."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Figures:
    """Medians over the counted runs. `peak_mib` is the largest single process."""

    cpu_s: float
    wall_s: float
    peak_mib: float


def measure(
    command: Sequence[str],
    *,
    runs: int = 5,
    warm_up: int = 1,
    folder: Path | None = None,
    variables: Mapping[str, str] | None = None,
    before_each: object = None,
) -> Figures:
    """Run a command several times. Raises RuntimeError when it does not end with 0."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment.update(variables or {})
    found: list[tuple[float, float, float]] = []
    for number in range(warm_up + runs):
        if callable(before_each):
            before_each()
        started = time.perf_counter()
        process = subprocess.Popen(
            list(command), cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
        )
        assert process.stdout is not None
        output = process.stdout.read()
        _, status, usage = os.wait4(process.pid, 0)
        wall_s = time.perf_counter() - started
        process.returncode = os.waitstatus_to_exitcode(status)
        process.stdout.close()
        if process.returncode != 0:
            raise RuntimeError(
                f"{' '.join(command)} ended with {process.returncode}:\n{output.decode(errors='replace')[-2000:]}"
            )
        if number >= warm_up:
            found.append((usage.ru_utime + usage.ru_stime, wall_s, usage.ru_maxrss / 1024))
    cpu, wall, peak = zip(*found, strict=True)
    return Figures(statistics.median(cpu), statistics.median(wall), max(peak))
