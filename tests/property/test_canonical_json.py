"""Whichever encoder writes it, a value has the bytes that RFC 8785 says: a changed byte would make everybody pay again."""

from __future__ import annotations

import re
from typing import Any

import pytest
import rfc8785
from hypothesis import example, given
from hypothesis import strategies as st

from seedflow.canonical import canonical_json

texts = st.text(st.characters(exclude_categories=[]))
scalars = st.none() | st.booleans() | st.integers() | st.floats() | texts
values = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text("ab\x7fé😀￿"), inner)
    ),
    max_leaves=12,
)


@given(values)
@example({"é": 1, "z": 2, "😀": 3, "￿": 4})
@example('\x00\x08\t\n\x0b\x0c\r\x1f"\\/\x7f\u2028\ufeff')
@example([2**53 - 1, -(2**53) + 1, True, 1.0, 1e21, -0.0])
@example(2**53)
@example("\ud800")
@example(float("nan"))
def test_every_value_is_written_as_the_reference_writes_it(value: Any) -> None:
    try:
        expected = rfc8785.dumps(value)
    except ValueError as error:
        with pytest.raises(type(error), match=re.escape(str(error))):
            canonical_json(value)
        return
    assert canonical_json(value) == expected
