"""Numbers and money as people read them."""

from __future__ import annotations

from decimal import Decimal

from seedflow.money import format_usd
from seedflow.plan.model import Bounds


def spell_count(bounds: Bounds[int], one: str, many: str | None = None) -> str:
    """`1 image`, `3 images`, `1–3 images`."""
    low, high = bounds
    word = one if low == high == 1 else many or f"{one}s"
    return f"{low:,} {word}" if low == high else f"{low:,}–{high:,} {word}"


def spell_usd(bounds: Bounds[Decimal]) -> str:
    """`$0.04`, `$0.04–$0.12`."""
    low, high = bounds
    return format_usd(low) if low == high else f"{format_usd(low)}–{format_usd(high)}"


def spell_nothing_to_do(stored: int, skipped: int, *, past: bool = False) -> str:
    """`its task is stored`, `3 tasks are stored, 2 are skipped`; of a run that is over, `all 3 tasks were stored already`."""
    one, many = ("was", "were") if past else ("is", "are")
    if not stored and not skipped:
        return f"there {many} no tasks"
    if not stored or not skipped:
        count = stored or skipped
        every = f"its task {one}" if count == 1 else f"all {count:,} tasks {many}"
        return f"{every} {'stored' if stored else 'skipped'}{' already' if stored and past else ''}"
    tasks = f"{stored:,} task {one}" if stored == 1 else f"{stored:,} tasks {many}"
    return f"{tasks} stored, {skipped:,} {one if skipped == 1 else many} skipped"


def spell_seconds(seconds: float) -> str:
    """How long something took: `0.8 s`, `12 s`, `3 min 20 s`, `2 h 5 min`."""
    return f"{seconds:.1f} s" if seconds < 9.95 else spell_elapsed(seconds + 0.5)


def spell_elapsed(seconds: float) -> str:
    """How long something has been going on, in whole seconds that have gone by: `0 s`, `12 s`, `3 min 20 s`."""
    whole = int(seconds)
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{whole // 3600} h {whole % 3600 // 60} min"
