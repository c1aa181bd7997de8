"""`expect`: what is complained about, in which words, and what follows for the results that are stored."""

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.plan.expect import Choice, Expectation, choose_result, judge_images
from seedflow.recipe.model import Otherwise
from seedflow.store.base import StoredImage, StoredResult


def image(width_px=1600, height_px=900, digest="a"):
    return ImageFacts(f"sha256:{digest}", 10, width_px, height_px, ImageFormat.JPEG)


def images(count):
    return [image(digest=str(number)) for number in range(count)]


@pytest.mark.parametrize(
    ("expectation", "found", "complaint"),
    [
        (Expectation(), images(1), None),
        (Expectation(least_images=3, most_images=3), images(3), None),
        (Expectation(least_images=3, most_images=3), images(2), "it gave 2 images, and `expect` wants 3"),
        (Expectation(least_images=3), images(1), "it gave 1 image, and `expect` wants at least 3"),
        (Expectation(most_images=3), images(4), "it gave 4 images, and `expect` wants at most 3"),
        (
            Expectation(least_images=2, most_images=3),
            images(1),
            "it gave 1 image, and `expect` wants 2 to 3",
        ),
        (Expectation(min_width_px=1600, min_height_px=900), images(2), None),
        (
            Expectation(min_width_px=1601),
            images(2),
            "image 1 is 1600 pixels wide, and `expect` wants at least 1601",
        ),
        (
            Expectation(min_height_px=1000),
            [image(900, 1000), image(900, 999)],
            "image 2 is 999 pixels high, and `expect` wants at least 1000",
        ),
        (Expectation(ratio=(16, 9)), [image(1600, 900), image(1648, 900)], None),
        (
            Expectation(ratio=(16, 9)),
            [image(1600, 900), image(1649, 900)],
            "image 2 is 1649×900, and `expect` wants the ratio 16:9",
        ),
        (Expectation(ratio=(16, 9)), [image(1552, 900)], None),
        (
            Expectation(ratio=(16, 9)),
            [image(1551, 900)],
            "image 1 is 1551×900, and `expect` wants the ratio 16:9",
        ),
        (Expectation(distinct=True), images(3), None),
        (
            Expectation(distinct=True),
            [image(digest="a"), image(digest="b"), image(digest="a")],
            "images 1 and 3 are the same picture, and `expect` wants distinct ones",
        ),
        (
            Expectation(least_images=2, min_width_px=2000),
            images(1),
            (
                "it gave 1 image, and `expect` wants at least 2; "
                "image 1 is 1600 pixels wide, and `expect` wants at least 2000"
            ),
        ),
    ],
)
def test_each_expectation_says_what_was_found_and_what_was_wanted(expectation, found, complaint):
    assert judge_images(expectation, found) == complaint


def result(attempt, count):
    stored = tuple(StoredImage(n, facts, Path("x")) for n, facts in enumerate(images(count), 1))
    return StoredResult("request/1:a", 1, stored, Decimal("0.04"), f"intent-{attempt}", attempt)


TWO = "it gave 1 image, and `expect` wants at least 2"


def expect(otherwise="fail", attempts=1):
    return Expectation(least_images=2, otherwise=Otherwise(otherwise), attempts=attempts)


def test_without_an_expectation_the_first_result_is_used():
    assert choose_result(None, []) == Choice(None, None, 0, 1)
    assert choose_result(None, [result(1, 1), result(2, 2)]).result == result(1, 1)


@pytest.mark.parametrize("otherwise", ["fail", "accept", "retry"])
def test_the_first_good_result_among_those_it_looks_at_is_used_whoever_had_it_made(otherwise):
    results = [result(1, 1), result(2, 2), result(3, 3)]
    judged = 1 if otherwise == "retry" else 3
    expectation = expect(otherwise, 3 if otherwise == "retry" else 1)
    assert choose_result(expectation, results, judged) == Choice(result(2, 2), None, 0, 0)


def test_nothing_stored_leaves_every_attempt():
    assert choose_result(expect(), []) == Choice(None, None, 0, 1)
    assert choose_result(expect("retry", 3), []) == Choice(None, None, 0, 3)


def test_what_is_not_good_enough_leaves_the_attempts_after_it():
    choice = choose_result(expect("retry", 3), [result(1, 1)])
    assert (choice, choice.exhausted) == (Choice(None, TWO, 1, 2), False)


@pytest.mark.parametrize(
    ("expectation", "results"),
    [
        (expect("fail"), [result(1, 1)]),
        (expect("retry", 2), [result(1, 1), result(2, 1)]),
        (expect("retry", 2), [result(1, 1), result(2, 1), result(3, 1)]),
        (expect("retry", 2), [result(2, 1)]),
    ],
    ids=["fail", "used-up", "more-than-allowed", "one-is-lost"],
)
def test_attempts_that_are_used_up_stay_used_up(expectation, results):
    choice = choose_result(expectation, results)
    assert choice == Choice(None, TWO, min(results[-1].attempt, expectation.attempts), 0)
    assert choice.exhausted


@pytest.mark.parametrize(
    ("expectation", "used"),
    [(expect("fail"), None), (expect("accept"), 1), (expect("retry", 2), None), (expect("retry", 3), 3)],
    ids=["fail", "accept", "retry-2", "retry-3"],
)
def test_attempts_that_it_would_not_ask_for_itself_it_looks_at_only_if_it_did_before(expectation, used):
    results = [result(1, 1), result(2, 1), result(3, 2), result(4, 2)]
    chosen = choose_result(expectation, results).result
    assert (chosen and chosen.attempt) == used
    assert choose_result(expectation, results, 3).result == results[2]


def test_the_first_that_there_is_counts_whatever_its_number():
    assert choose_result(expect("fail"), [result(2, 2), result(3, 2)]).result == result(2, 2)


def test_a_changed_expectation_judges_the_same_results_anew():
    results = [result(1, 1), result(2, 1)]
    assert choose_result(expect("retry", 2), results).exhausted
    assert choose_result(expect("retry", 3), results) == Choice(None, TWO, 2, 1)
    assert choose_result(Expectation(least_images=1), results).result == result(1, 1)


def test_accepting_uses_the_first_one_whatever_was_asked_for_again_and_keeps_the_complaint():
    choice = choose_result(expect("accept"), [result(1, 1), result(2, 1)])
    assert choice == Choice(result(1, 1), TWO, 0, 0)


@given(
    st.lists(st.integers(1, 3), max_size=5),
    st.sampled_from(["fail", "accept", "retry"]),
    st.integers(1, 6),
)
def test_there_is_always_exactly_one_way_on(counts, otherwise, attempts):
    expectation = expect(otherwise, attempts if otherwise == "retry" else 1)
    results = [result(number, count) for number, count in enumerate(counts, 1)]
    choice = choose_result(expectation, results)
    ways = (choice.result is not None, choice.result is None and choice.left > 0, choice.exhausted)
    assert sum(ways) == 1
    assert choice.after_attempt + choice.left <= max(expectation.attempts, len(results))
    if choice.result is not None:
        complaint = judge_images(expectation, [stored.facts for stored in choice.result.images])
        assert complaint == choice.complaint
        assert (complaint is None) == (max(counts[: expectation.attempts]) >= 2)
