"""Shapes say what is known, counts are bounds, and what is not known is never called wrong."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seedflow.graph.ranges import Range
from seedflow.graph.shapes import (
    ANY,
    BOOLEAN,
    IMAGE,
    INTEGER,
    NONE,
    NUMBER,
    ONE,
    TEXT,
    UNKNOWN,
    Count,
    Kind,
    Shape,
    join_shapes,
    list_of,
    shape_of_value,
    whole_number,
    without_fields,
)

ENDS = st.none() | st.integers(-6, 6)
STEPS = st.none() | st.integers(-3, 3).filter(bool)


@given(st.integers(0, 5), st.integers(0, 5), ENDS, ENDS, STEPS)
def test_the_bounds_of_a_slice_are_exact(
    low: int, more: int, start: int | None, stop: int | None, step: int | None
) -> None:
    lengths = [len(range(length)[start:stop:step]) for length in range(low, low + more + 1)]
    assert Count(low, low + more).sliced(start, stop, step) == (min(lengths), max(lengths))


@given(st.integers(0, 300), st.integers(0, 300), ENDS, ENDS, STEPS)
def test_a_slice_of_a_wide_or_endless_count_never_promises_too_much(
    low: int, length: int, start: int | None, stop: int | None, step: int | None
) -> None:
    held = len(range(low + length)[start:stop:step])
    for count in (Count(low, None), Count(low, low + 300)):
        found = count.sliced(start, stop, step)
        assert found.low <= held
        assert found.high is None or held <= found.high


def test_counts_multiply_and_add_with_nothing_known_of_one_of_them() -> None:
    assert Count(1, 3).times(Count(2, 2)) == (2, 6)
    assert Count(1, 3).times(ANY) == (0, None)
    assert Count(0, 0).times(ANY) == (0, 0)
    assert Count(1, 3).plus(ONE) == (2, 4)
    assert Count(1, 3).plus(ANY) == (1, None)


def test_counts_beyond_reason_are_no_bound() -> None:
    huge = Count(2**53, 2**53)
    assert huge.times(huge) == (10**15, None)
    assert huge.times(huge).sliced(-3, None, None) == (0, None)
    assert Count(0, 2**53).plus(huge).high is None


def _one_of(*options: str) -> Shape:
    return Shape(Kind.TEXT, options=options)


@pytest.mark.parametrize(
    ("value", "shape"),
    [
        ("a", _one_of("a")),
        ("a" * 41, TEXT),
        (7, whole_number(Range(7, 7))),
        (True, BOOLEAN),
        (1.5, NUMBER),
        (None, NONE),
        (["a", "b"], list_of(TEXT, Count(2, 2))),
        ([1, 2.5], list_of(NUMBER, Count(2, 2))),
        (["a", 1], list_of(UNKNOWN, Count(2, 2))),
        (["a", "a"], list_of(_one_of("a"), Count(2, 2))),
        ({"name": "fox"}, Shape(Kind.RECORD, fields={"name": _one_of("fox")})),
    ],
)
def test_plain_values_have_their_shape(value: object, shape: Shape) -> None:
    assert shape_of_value(value) == shape


def test_records_join_to_the_fields_that_any_of_them_has() -> None:
    joined = join_shapes(
        [shape_of_value({"name": "fox", "age": 3}), shape_of_value({"name": "owl", "tone": "grey"})]
    )
    assert joined.fields == {
        "name": TEXT,
        "age": whole_number(Range(3, 3)),
        "tone": _one_of("grey"),
    }
    assert joined.find("tone") == _one_of("grey")
    assert joined.find("colour") is None


def test_a_record_of_unknown_fields_may_have_any() -> None:
    assert join_shapes([Shape(Kind.RECORD), shape_of_value({"a": 1})]).find("b") == UNKNOWN


def test_images_have_the_attributes_of_the_language_and_no_others() -> None:
    assert IMAGE.find("width") == INTEGER
    assert IMAGE.find("name") == TEXT
    assert IMAGE.find("pixels") is None
    each = Shape(Kind.IMAGE, fields={"scene": TEXT}).find("each")
    assert each is not None
    assert each.find("scene") == TEXT


@pytest.mark.parametrize(
    ("shape", "words"),
    [
        (list_of(IMAGE, Count(1, 3)), "a list of 1 to 3 images"),
        (list_of(IMAGE, Count(1, 1)), "a list of 1 image"),
        (list_of(TEXT), "a list of texts"),
        (list_of(UNKNOWN), "a list"),
        (Shape(Kind.IMAGE, optional=True), "an image, or none"),
        (NONE, "none"),
    ],
)
def test_shapes_have_words(shape: Shape, words: str) -> None:
    assert shape.describe() == words


def test_of_an_open_record_only_slips_are_certainly_wrong() -> None:
    row = Shape(Kind.RECORD, fields={"title": TEXT, "price": NUMBER}, open=True)
    assert row.find("title") == TEXT
    assert row.find("titel") is None
    assert row.find("material") == UNKNOWN
    assert row.find(0) is None
    joined = join_shapes([row, Shape(Kind.RECORD, fields={"sku": TEXT})])
    assert joined.find("material") == UNKNOWN
    assert joined.find("sku") == TEXT


def test_of_a_task_that_is_one_of_several_kinds_nothing_is_claimed_but_what_all_tasks_have() -> None:
    one = Shape(Kind.TASK, item=list_of(IMAGE), fields={"a": TEXT})
    other = Shape(Kind.TASK, item=list_of(IMAGE), fields={"b": TEXT}, outputs={"x": list_of(IMAGE)})
    assert (one.find("outputs"), one.find("name")) == (None, None)
    joined = join_shapes([one, other])
    assert (joined.find("images"), joined.find("outputs"), joined.find("key")) == (UNKNOWN, UNKNOWN, TEXT)
    assert joined.find("each") == Shape(Kind.RECORD)
    assert joined.find("name") is None


def test_outputs_that_a_deep_shape_no_longer_knows_are_not_claimed_to_be_missing() -> None:
    deep = Shape(Kind.TASK, item=list_of(IMAGE), fields={}, outputs={"x": list_of(IMAGE)})
    assert without_fields(deep, 0).find("outputs") == UNKNOWN
    assert without_fields(deep).find("outputs") == Shape(Kind.RECORD, fields={"x": list_of(IMAGE)})
