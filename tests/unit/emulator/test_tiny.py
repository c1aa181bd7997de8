"""Tiny pictures: real JPEGs of exactly the colour and size that were asked for."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seedflow.emulator.tiny import encode_flat_jpeg, shrink

LEVEL = st.integers(0, 255)


@settings(max_examples=150, deadline=None)
@given(
    width=st.integers(1, 300),
    height=st.integers(1, 300),
    color=st.tuples(LEVEL, LEVEL, LEVEL),
    comment=st.binary(max_size=100),
)
def test_a_decoder_sees_one_colour_everywhere(width, height, color, comment):
    data = encode_flat_jpeg(width, height, color, comment)
    with Image.open(io.BytesIO(data)) as image:
        image.draft("YCbCr", image.size)
        image.load()
        assert (image.size, image.mode) == ((width, height), "YCbCr")
        assert image.getextrema() == tuple((level, level) for level in color)
        assert image.info["comment"] == comment


@pytest.mark.parametrize("fill_bytes", [0, 600, 65_537, 300_000, 1_000_003])
def test_a_picture_can_be_filled_up_to_a_size(fill_bytes):
    data = encode_flat_jpeg(96, 54, (100, 90, 80), b"key", fill_bytes)
    assert abs(len(data) - max(fill_bytes, len(encode_flat_jpeg(96, 54, (100, 90, 80), b"key")))) <= 4
    with Image.open(io.BytesIO(data)) as image:
        image.load()


@pytest.mark.parametrize(
    "size", [(2048, 2048), (2304, 1728), (2848, 1600), (1600, 2848), (2496, 1664), (3136, 1344), (6240, 2656)]
)
def test_a_small_size_keeps_its_shape_within_what_validation_allows(size):
    width, height = shrink(*size)
    assert max(width, height) == 96
    assert width / height == pytest.approx(size[0] / size[1], rel=0.03)
