"""What a result must be (`expect`), and what follows from the results that are stored: pure, for planning and running alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from seedflow.images.facts import ImageFacts
from seedflow.recipe.model import Otherwise
from seedflow.store.base import StoredResult

RATIO_TOLERANCE_PERCENT = 3


@dataclass(frozen=True, slots=True)
class Expectation:
    """`expect` of one task with every value known; None where nothing is expected.

    `ratio` is width to height, e.g. (16, 9). `attempts` counts all attempts of a take, the first included; it is 1 unless
    `otherwise` is `retry`.
    """

    least_images: int | None = None
    most_images: int | None = None
    min_width_px: int | None = None
    min_height_px: int | None = None
    ratio: tuple[int, int] | None = None
    distinct: bool = False
    otherwise: Otherwise = Otherwise.FAIL
    attempts: int = 1

    @property
    def accepts_all(self) -> bool:
        """Whether a result that is not as expected is used all the same."""
        return self.otherwise is Otherwise.ACCEPT


@dataclass(frozen=True, slots=True)
class Choice:
    """What follows from the stored results of a take: one to use, a further attempt, or the end.

    Attributes:
        result: what is to be used, or None.
        complaint: what is wrong: with `result` (it is accepted all the same), else with the last one that is stored.
        after_attempt: the number of the last attempt that was judged not good enough, 0 when there is none; what the store
            is to be asked for comes after it.
        left: how many attempts may still be made.
    """

    result: StoredResult | None
    complaint: str | None
    after_attempt: int
    left: int

    @property
    def exhausted(self) -> bool:
        """Whether nothing can be used and nothing may be asked any more, until somebody rerolls or expects something else."""
        return self.result is None and not self.left


def choose_result(
    expectation: Expectation | None, results: Sequence[StoredResult], judged: int = 0
) -> Choice:
    """Judge what is stored of a take. The first good result is used, whoever had it made.

    Attempts are counted by their numbers, so that one whose pictures were lost is not paid for twice. Those that another task had
    made, and that this one would not ask for itself, it does not look at: what it gives must not depend on when others ask.

    Args:
        expectation: what the task expects; without one the first result is used.
        results: those of the take in order of attempt (`StoreView.list_results`).
        judged: how many attempts the task looked at before, under whatever expectation; these it goes on looking at.
    """
    if expectation is None:
        return Choice(results[0] if results else None, None, 0, 0 if results else 1)
    seen = max(expectation.attempts, judged, results[0].attempt if results else 0)
    results = [result for result in results if result.attempt <= seen]
    complaint: str | None = None
    for result in results:
        complaint = judge_images(expectation, [image.facts for image in result.images])
        if complaint is None:
            return Choice(result, None, 0, 0)
    if not results:
        return Choice(None, None, 0, expectation.attempts)
    if expectation.accepts_all:
        # The first, so that asking again for a while, in vain, changes nothing.
        first = results[0]
        return Choice(first, judge_images(expectation, [image.facts for image in first.images]), 0, 0)
    last = results[-1]
    return Choice(None, complaint, last.attempt, max(expectation.attempts - last.attempt, 0))


def judge_images(expectation: Expectation, images: Sequence[ImageFacts]) -> str | None:
    """What is not as expected, in words that follow "the task": None when all is. `images` in the order of their numbers."""
    return "; ".join(_complain(expectation, images)) or None


def _complain(expectation: Expectation, images: Sequence[ImageFacts]) -> Iterator[str]:
    least, most = expectation.least_images, expectation.most_images
    if (least is not None and len(images) < least) or (most is not None and len(images) > most):
        noun = "image" if len(images) == 1 else "images"
        yield f"it gave {len(images)} {noun}, and `expect` wants {_word_count(least, most)}"
    for number, image in enumerate(images, 1):
        width_px, least_px = image.width_px, expectation.min_width_px
        if least_px is not None and width_px < least_px:
            yield f"image {number} is {width_px} pixels wide, and `expect` wants at least {least_px}"
            break
    for number, image in enumerate(images, 1):
        height_px, least_px = image.height_px, expectation.min_height_px
        if least_px is not None and height_px < least_px:
            yield f"image {number} is {height_px} pixels high, and `expect` wants at least {least_px}"
            break
    ratio = expectation.ratio
    for number, image in enumerate(images, 1):
        if ratio is not None and not _has_ratio(image, ratio):
            size = f"{image.width_px}×{image.height_px}"
            yield f"image {number} is {size}, and `expect` wants the ratio {ratio[0]}:{ratio[1]}"
            break
    if expectation.distinct:
        yield from _find_equal(images)


def _word_count(least: int | None, most: int | None) -> str:
    if least == most:
        return f"{least}"
    if most is None:
        return f"at least {least}"
    return f"at most {most}" if least is None else f"{least} to {most}"


def _has_ratio(image: ImageFacts, ratio: tuple[int, int]) -> bool:
    """Whether width to height is within 3 % of the ratio, in whole numbers."""
    found, wanted = image.width_px * ratio[1], image.height_px * ratio[0]
    return abs(found - wanted) * 100 <= RATIO_TOLERANCE_PERCENT * wanted


def _find_equal(images: Sequence[ImageFacts]) -> Iterator[str]:
    first: dict[str, int] = {}
    for number, image in enumerate(images, 1):
        other = first.setdefault(image.digest, number)
        if other != number:
            yield f"images {other} and {number} are the same picture, and `expect` wants distinct ones"
            return
