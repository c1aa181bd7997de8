"""`python tests/benchmarks [startup] [plan] [run] [memory] [ledger]`: figures as ratios to a floor measured in the same minute.

Prints one table; ends with 1 when a goal of docs/benchmarks.md is missed by more than its noise.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

from measure import Figures, measure

from recipes import write_chains, write_layers, write_table, write_wide

PYTHON = sys.executable
SEEDFLOW = [PYTHON, "-m", "seedflow"]
BARE = {
    "SEEDFLOW_CLOUDFLARE_BASE_URL": "",
    "CLOUDFLARE_ACCOUNT_ID": "",
    "CLOUDFLARE_API_TOKEN": "",
    "NO_COLOR": "1",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One figure beside its goal; `ok` None where there is no goal."""

    what: str
    found: str
    goal: str
    ok: bool | None


def startup(place: Path) -> Iterator[Row]:
    bare = measure([PYTHON, "-c", "pass"], runs=9)
    recipe = place / "ten.yaml"
    write_chains(recipe, 5, 2)
    for words, allowed_s in ((["--version"], 0.1), (["--help"], 0.1), (["check", str(recipe)], 0.4)):
        found = measure([*SEEDFLOW, *words], runs=9, folder=place, variables=BARE)
        more = found.cpu_s - bare.cpu_s
        name = " ".join(words[:1])
        yield Row(
            f"{name}, over plain Python ({bare.cpu_s * 1000:.0f} ms)",
            f"+{more * 1000:.0f} ms CPU",
            f"+{allowed_s * 1000:.0f} ms",
            more <= allowed_s,
        )


def plan(place: Path) -> Iterator[Row]:
    cases: list[tuple[str, Callable[[Path], Path], float, float]] = [
        ("plan, one step over 10,000 items", lambda path: write_wide(path, 10_000), 1.0, 150),
        ("plan, 10,000 distinct steps", lambda path: write_layers(path, 10_000), 3.0, 300),
    ]
    for name, write, goal_s, goal_mib in cases:
        found = measure(
            [*SEEDFLOW, "plan", str(write(place / "big.yaml"))], runs=3, folder=place, variables=BARE
        )
        yield Row(
            name,
            _spell(found),
            f"{goal_s:.1f} s, {goal_mib:.0f} MiB",
            found.cpu_s <= goal_s and found.peak_mib <= goal_mib,
        )
    small = measure(
        [*SEEDFLOW, "plan", str(write_layers(place / "a.yaml", 5_000))], runs=3, folder=place, variables=BARE
    )
    large = measure(
        [*SEEDFLOW, "plan", str(write_layers(place / "b.yaml", 50_000))],
        runs=1,
        warm_up=0,
        folder=place,
        variables=BARE,
    )
    ratio = large.cpu_s / small.cpu_s
    yield Row(
        "plan, 50,000 distinct steps against 5,000",
        f"{_spell(large)}, {ratio:.1f} ×",
        "at most 12 ×",
        ratio <= 12,
    )


@contextmanager
def emulator(*words: str) -> Iterator[dict[str, object]]:
    process = subprocess.Popen([*SEEDFLOW, "emulate", "--json", *words], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()


def run(place: Path) -> Iterator[Row]:
    steps = 1000
    recipe = write_layers(place / "run.yaml", steps, width=steps)
    with emulator("--pictures", "tiny", "--picture-bytes", "300000") as ready:
        variables = {name: str(value) for name, value in dict(ready["env"]).items()}
        arguments = [
            str(ready["base_url"]), variables["CLOUDFLARE_API_TOKEN"], variables["CLOUDFLARE_ACCOUNT_ID"],
            str(place / "floor"), str(steps), "16",
        ]  # fmt: skip # a row a line
        floor = measure(
            [PYTHON, str(Path(__file__).parent / "floor.py"), *arguments],
            runs=3,
            variables=BARE,
            before_each=lambda: shutil.rmtree(place / "floor", ignore_errors=True),
        )

        def forget() -> None:
            shutil.rmtree(place / ".seedflow", ignore_errors=True)
            shutil.rmtree(place / "outputs", ignore_errors=True)

        words = [*SEEDFLOW, "run", str(recipe), "--yes"]
        found = measure(words, runs=3, folder=place, variables=BARE | variables, before_each=forget)
        ratio = found.cpu_s / floor.cpu_s
        yield Row(
            f"run, 1,000 steps at 0 ms, floor {_spell(floor)}",
            f"{_spell(found)}, {ratio:.2f} ×",
            "at most 2.0 ×",
            ratio <= 2.0,
        )
        again = measure(words, runs=3, folder=place, variables=BARE | variables)
        yield Row("run again, 1,000 tasks, nothing to do", _spell(again), "0.6 s", again.cpu_s <= 0.6)


def memory(place: Path) -> Iterator[Row]:
    found = {}
    for rows in (50, 500):
        folder = place / str(rows)
        folder.mkdir()
        words = ["run", str(write_table(folder / "table.yaml", rows)), "--provider", "sketch", "--yes"]
        found[rows] = measure([*SEEDFLOW, *words], runs=1, warm_up=0, folder=folder, variables=BARE)
        shutil.rmtree(folder)
    ratio = found[500].peak_mib / found[50].peak_mib
    yield Row(
        f"run of a table of 500 rows against 50 ({found[50].peak_mib:.0f} MiB)",
        f"{_spell(found[500])}, {ratio:.2f} × the peak",
        "at most 1.15 ×",
        ratio <= 1.15,
    )


def ledger(place: Path) -> Iterator[Row]:
    script, calls = str(Path(__file__).parent / "writes.py"), 1000
    filled, used = place / "filled", place / "used"
    measure([PYTHON, script, str(filled), "100000", "fill"], runs=1, warm_up=0, variables=BARE)

    def renew() -> None:
        shutil.rmtree(used, ignore_errors=True)
        shutil.copytree(filled, used)

    idle = measure([PYTHON, script, str(used), "0", "all"], runs=3, variables=BARE, before_each=renew)
    found = {
        what: measure(
            [PYTHON, script, str(used), str(calls), what], runs=3, variables=BARE, before_each=renew
        )
        for what in ("bare", "all")
    }
    floor, each = ((found[what].cpu_s - idle.cpu_s) / calls * 1e6 for what in ("bare", "all"))
    walls = [(found[what].wall_s - idle.wall_s) / calls * 1e6 for what in ("bare", "all")]
    yield Row(
        f"ledger, a call's four writes beside 100,000 others, floor without the indexes of listings {floor:.0f} µs CPU",
        f"{each:.0f} µs CPU, {each / floor:.2f} ×; wall {walls[1]:.0f} µs, {walls[1] / walls[0]:.2f} ×",
        "at most 1.25 ×",
        each / floor <= 1.25,
    )


def _spell(found: Figures) -> str:
    return f"{found.cpu_s:.2f} s CPU, {found.wall_s:.2f} s wall, {found.peak_mib:.0f} MiB"


GROUPS: dict[str, Callable[[Path], Iterator[Row]]] = {
    "startup": startup,
    "plan": plan,
    "run": run,
    "memory": memory,
    "ledger": ledger,
}


def main() -> int:
    wanted = sys.argv[1:] or list(GROUPS)
    missed = 0
    for name in wanted:
        with tempfile.TemporaryDirectory() as folder:
            for row in GROUPS[name](Path(folder)):
                mark = {True: "ok  ", False: "MISS", None: "    "}[row.ok]
                missed += row.ok is False
                print(f"{mark} {row.what}: {row.found} (goal: {row.goal})", flush=True)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
