"""An input is judged by the card's JSON Schema, formats included, in words that name the parameter and the way out."""

from __future__ import annotations

import pytest

from seedflow.diagnostics import Severity
from seedflow.models.model import Model
from seedflow.models.problem import Problem


def only(problems: list[Problem]) -> Problem:
    assert len(problems) == 1, problems
    return problems[0]


def test_the_requests_of_the_models_page_are_fine(seedream: Model) -> None:
    photo = "https://pictures.example/a.jpg"
    for params in (
        {"prompt": "A cozy reading nook"},
        {"prompt": "Still life", "size": "4K", "aspect_ratio": "4:3"},
        {"prompt": "Winter", "image_input": [photo], "aspect_ratio": "match_input_image"},
        {"prompt": "A sheet", "sequential_image_generation": "auto", "max_images": 3, "aspect_ratio": "16:9"},
        {"prompt": "Combine", "image_input": [photo, photo], "size": "2K"},
    ):
        assert seedream.judge(params) == []


@pytest.mark.parametrize(
    ("value", "fine"),
    [
        ("https://pictures.example/a.jpg?token=x%20y", True),
        ("https://reference.invalid/1", True),
        ("data:image/png;base64,AAAA", True),
        ("pictures/a.jpg", False),
        ("//pictures.example/a.jpg", False),
        ("https://pictures.example/a b.jpg", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_the_uri_format_is_really_checked_in_inputs(seedream: Model, value: str, *, fine: bool) -> None:
    problems = seedream.judge({"prompt": "A", "image_input": ["https://pictures.example/ok", value]})
    if fine:
        assert problems == []
    else:
        found = only(problems)
        assert (found.code, found.path) == ("not-a-uri", ("image_input", 1))
        assert found.severity is Severity.ERROR


def test_an_unknown_parameter_is_shown_with_the_near_one(seedream: Model) -> None:
    found = only(seedream.judge({"prompt": "A", "aspct_ratio": "1:1"}))
    assert (found.code, found.path) == ("unknown-parameter", ("aspct_ratio",))
    assert found.message == "`bytedance/seedream-4.5` has no parameter `aspct_ratio`"
    assert found.help == "did you mean `aspect_ratio`?"


def test_an_unknown_parameter_without_a_near_one_lists_them_all(seedream: Model) -> None:
    found = only(seedream.judge({"prompt": "A", "negative_prompt_text": "blur"}))
    assert found.help is not None
    assert all(name in found.help for name in seedream.parameters)


@pytest.mark.parametrize(
    ("params", "remedy"),
    [
        ({"size": "4k"}, "did you mean `4K`?"),
        ({"size": "8K"}, "did you mean `4K`?"),
        ({"size": "1K"}, "did you mean `2K`?"),
        ({"aspect_ratio": "16x9"}, "did you mean `16:9`?"),
        ({"aspect_ratio": "16/9"}, "did you mean `16:9`?"),
        ({"aspect_ratio": "5:4"}, None),
        ({"sequential_image_generation": True}, "choose one of these"),
    ],
)
def test_a_wrong_value_names_the_allowed_ones(
    seedream: Model, params: dict[str, object], remedy: str | None
) -> None:
    (name,) = params
    found = only(seedream.judge({"prompt": "A", **params}))
    assert (found.code, found.path) == ("wrong-value", (name,))
    allowed = seedream.parameters[name]["enum"]
    assert isinstance(allowed, list)
    assert all(f'"{value}"' in found.message for value in allowed)
    if remedy is not None:
        assert found.help == remedy


@pytest.mark.parametrize(
    ("params", "message", "remedy"),
    [
        ({"prompt": 7}, "`prompt` is 7, but must be text", 'write `"7"`, in quotes'),
        (
            {"prompt": ["a"]},
            "`prompt` is a list, but must be text",
            "write one text; for a request with each of them, repeat the step with `for_each`",
        ),
        ({"prompt": None}, "`prompt` is null, but must be text", None),
        (
            {"prompt": "A", "image_input": "https://pictures.example/a"},
            '`image_input` is "https://pictures.example/a", but must be a list',
            "write a list: put it into `[ ]`",
        ),
        (
            {"prompt": "A", "disable_safety_checker": "false"},
            '`disable_safety_checker` is "false", but must be true or false',
            "write `false`, without quotes",
        ),
        (
            {"prompt": "A", "disable_safety_checker": "no"},
            '`disable_safety_checker` is "no", but must be true or false',
            "write `true` or `false`",
        ),
        (
            {"prompt": "A", "sequential_image_generation": "auto", "max_images": "3"},
            '`max_images` is "3", but must be a whole number',
            "write `3`, without quotes",
        ),
        (
            {"prompt": "A", "sequential_image_generation": "auto", "max_images": 2.5},
            "`max_images` is 2.5, but must be a whole number",
            None,
        ),
    ],
)
def test_a_wrong_type_says_what_was_found_and_how_to_spell_it(
    seedream: Model, params: dict[str, object], message: str, remedy: str | None
) -> None:
    found = only(seedream.judge(params))
    assert (found.code, found.message, found.help) == ("wrong-type", message, remedy)


@pytest.mark.parametrize(
    ("asked", "allowed"), [(0, "at least 1"), (16, "at most 15"), (10**30, "at most 15")]
)
def test_a_number_outside_its_bounds(seedream: Model, asked: int, allowed: str) -> None:
    found = only(seedream.judge({"prompt": "A", "sequential_image_generation": "auto", "max_images": asked}))
    assert (found.code, found.path) == ("out-of-range", ("max_images",))
    assert found.message == f"`max_images` is {asked}, but must be {allowed}"


def test_a_missing_parameter_is_a_problem_of_the_whole(seedream: Model) -> None:
    found = only(seedream.judge({}))
    assert (found.code, found.path) == ("missing-parameter", ())
    assert "prompt" in found.message


def test_a_parameter_that_is_decided_later_counts_as_present(seedream: Model) -> None:
    assert seedream.judge({}, unknown={"prompt"}) == []
    assert seedream.judge({"prompt": "A", "aspect_ratio": "match_input_image"}, unknown={"image_input"}) == []


def test_what_is_known_is_judged_although_something_is_not(seedream: Model) -> None:
    found = only(seedream.judge({"size": "8K"}, unknown={"prompt"}))
    assert found.code == "wrong-value"
    assert only(seedream.judge({"sise": "2K"}, unknown={"prompt"})).code == "unknown-parameter"


def test_a_part_of_an_input_is_judged_without_what_it_lacks(seedream: Model) -> None:
    assert seedream.judge({"aspect_ratio": "match_input_image", "max_images": 3}, partial=True) == []
    assert only(seedream.judge({"size": "8K"}, partial=True)).code == "wrong-value"
    assert only(seedream.judge({"sise": "2K"}, partial=True)).code == "unknown-parameter"


def test_all_problems_come_at_once(seedream: Model) -> None:
    problems = seedream.judge({"sise": 1, "size": "8K", "image_input": ["a", "b"]})
    assert sorted(found.code for found in problems) == [
        "missing-parameter",
        "not-a-uri",
        "not-a-uri",
        "unknown-parameter",
        "wrong-value",
    ]


def test_messages_stay_short_whatever_the_value_is(seedream: Model) -> None:
    found = only(seedream.judge({"prompt": "A", "size": "x" * 100_000}))
    assert len(found.message) < 200


def test_other_cards_speak_through_the_same_words(pencil: Model) -> None:
    assert [found.code for found in pencil.judge({"text": "fox", "scale": 0})] == ["out-of-range"]
    assert [found.code for found in pencil.judge({"text": "f"})] == ["not-allowed"]
    assert [found.code for found in pencil.judge({"text": "fox", "picture": ["a", "b", "c"]})] == [
        "too-many-values"
    ]
    wrong = only(pencil.judge({"text": "fox", "picture": 3}))
    assert (wrong.code, wrong.message) == ("wrong-type", "`picture` is 3, but must be text or a list")
    inside = only(pencil.judge({"text": "fox", "picture": ["a", 3]}))
    assert (inside.code, inside.path) == ("wrong-type", ("picture", 1))


def test_which_parameters_are_text_and_which_are_numbers(seedream: Model, pencil: Model) -> None:
    assert [name for name in seedream.parameters if seedream.wants_text(name)] == [
        "prompt",
        "size",
        "aspect_ratio",
        "sequential_image_generation",
    ]
    assert [name for name in seedream.parameters if seedream.wants_number(name)] == ["max_images"]
    assert [name for name in pencil.parameters if pencil.wants_text(name)] == ["text", "picture", "tone"]
    assert [name for name in pencil.parameters if pencil.wants_number(name)] == ["scale", "strokes"]
    assert not seedream.wants_text("nothing")
    assert not seedream.wants_number("nothing")


@pytest.mark.parametrize(
    ("written", "near"),
    [("5:4", "4:3"), ("4:5", "3:4"), ("16:10", "3:2"), ("09:16", "9:16"), ("20:9", "21:9"), ("16/9", "16:9")],
)
def test_of_ratios_the_one_that_looks_most_alike_is_suggested(
    seedream: Model, written: str, near: str
) -> None:
    found = only(seedream.judge({"prompt": "A", "aspect_ratio": written}))
    assert found.help == f"did you mean `{near}`?"


@pytest.mark.parametrize(
    ("ratio", "references", "help_"),
    [
        (
            "1728:2304",
            ["https://pictures.example/a.jpg"],
            "write `match_input_image` for the ratio of the first reference; of the others `3:4` is nearest",
        ),
        ("1728:2304", [], "did you mean `3:4`?"),
        ("4:5", ["https://pictures.example/a.jpg"], "did you mean `3:4`?"),
    ],
)
def test_the_pixels_of_a_picture_in_place_of_a_ratio_mean_that_of_a_reference(
    seedream: Model, ratio: str, references: list[str], help_: str
) -> None:
    asked = {"prompt": "A", "aspect_ratio": ratio, **({"image_input": references} if references else {})}
    assert only(seedream.judge(asked)).help == help_
