"""The page about failures is the table in the code, row by row."""

from __future__ import annotations

from pathlib import Path

from seedflow.providers.failures import TABLE, FailureRow

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "failures.md"


def render_statuses(row: FailureRow) -> str:
    shown: list[str] = []
    run: list[int] = []
    for status in [*sorted(row.statuses), None]:
        if run and status != run[-1] + 1:
            shown.append(str(run[0]) if len(run) == 1 else f"{run[0]}–{run[-1]}")
            run = []
        run = [*run, status] if status is not None else run
    return ", ".join(shown)


def render_signs(row: FailureRow) -> str:
    signs = [f"code {', '.join(map(str, sorted(row.codes)))}"] if row.codes else []
    signs += ["wording"] if row.wording is not None else []
    return " or ".join(signs) or "any"


def render_row(row: FailureRow) -> str:
    return f"| `{row.kind}` | {row.meaning} | {render_statuses(row)} | {render_signs(row)} | {row.retry} | {row.billed} |"


def test_page_shows_every_row_in_order():
    lines = [line for line in PAGE.read_text(encoding="utf-8").splitlines() if line.startswith("| `")]
    shown = [line for line in lines if line.count("|") == 7]
    assert shown == [render_row(row) for row in TABLE]


def test_page_names_every_kind_of_a_download():
    text = PAGE.read_text(encoding="utf-8")
    for kind in (
        "dead-url",
        "server",
        "timeout",
        "too-slow",
        "cut",
        "unreachable",
        "redirect",
        "refused-url",
        "refused-address",
        "too-large",
        "encoded",
    ):
        assert f"| `{kind}` |" in text
