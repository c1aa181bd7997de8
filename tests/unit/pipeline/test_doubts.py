"""Doubts of the check that a plan settles are not said a second time."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.rules.desk import Desk

TEXT = """
    inputs: {mood: {type: text, optional: true}}
    steps: {page: {generate: {prompt: "A fox {{ inputs.mood }}"}}}
"""


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(tmp_path)


def test_an_optional_input_that_is_given_is_no_doubt_any_more(desk: Desk) -> None:
    assert desk.codes(TEXT, "mood=calm") == []


def test_one_that_is_not_given_is_the_error_alone(desk: Desk) -> None:
    assert desk.codes(TEXT) == ["template-none-in-text"]


def test_a_doubt_about_another_input_stays(desk: Desk) -> None:
    text = """
        inputs: {mood: {type: text, optional: true}, hat: {type: text, optional: true}, night: {type: boolean, default: false}}
        steps:
          page: {when: "{{ inputs.night }}", generate: {prompt: "A fox {{ inputs.hat }}"}}
          other: {generate: {prompt: "An owl {{ inputs.mood }}"}}
    """
    assert desk.codes(text, "mood=calm") == ["may-be-none?"]


PRINTED = """
    inputs: {style: {type: image, optional: true}}
    steps: {page: {generate: {prompt: "A fox like {{ ref.style }}", image_input: {style: "{{ inputs.style }}"}}}}
"""


def test_a_reference_to_an_image_that_is_given_is_no_doubt_any_more(desk: Desk) -> None:
    assert desk.codes(PRINTED, "style=https://pictures.example/1.jpg") == []


def test_a_reference_to_one_that_is_not_given_is_the_error_alone(desk: Desk) -> None:
    assert desk.codes(PRINTED) == ["template-absent-reference"]


def test_counts_are_told_with_what_the_plan_knows(desk: Desk) -> None:
    text = """
        inputs: {words: {type: list, of: text, max_items: 20}}
        steps:
          word: {for_each: {word: "{{ inputs.words }}"}, generate: {prompt: "{{ each.word }}"}}
          all: {generate: {prompt: All, image_input: "{{ steps.word.images }}"}}
    """
    assert desk.codes(text, "words=a", "words=b") == []
    assert desk.codes(text, *(f"words={number}" for number in range(15))) == ["too-many-values"]
