"""Tiny pictures: real JPEGs and PNGs of exactly the colour and size that were asked for."""

from __future__ import annotations

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from seedflow.emulator.tiny import encode_flat_jpeg, shrink
from seedflow.emulator.tiny_png import encode_flat_png

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


@settings(max_examples=100, deadline=None)
@given(width=st.integers(1, 300), height=st.integers(1, 300), color=st.tuples(LEVEL, LEVEL, LEVEL))
def test_a_decoder_sees_one_colour_in_a_png_too(width, height, color):
    data = encode_flat_png(width, height, color, b"key-1")
    with Image.open(io.BytesIO(data)) as image:
        assert image.info["Comment"] == "key-1"
        found = image.convert("RGB")
    assert found.size == (width, height)
    assert found.getextrema() == tuple((level, level) for level in color)


@pytest.mark.parametrize("encode", [encode_flat_jpeg, encode_flat_png])
@pytest.mark.parametrize("fill_bytes", [0, 600, 65_537, 300_000, 1_000_003])
def test_a_picture_can_be_filled_up_to_a_size(encode, fill_bytes):
    data = encode(96, 54, (100, 90, 80), b"key", fill_bytes)
    assert abs(len(data) - max(fill_bytes, len(encode(96, 54, (100, 90, 80), b"key")))) <= 12
    with Image.open(io.BytesIO(data)) as image:
        image.load()


@pytest.mark.parametrize(
    "size", [(2048, 2048), (2304, 1728), (2848, 1600), (1600, 2848), (2496, 1664), (3136, 1344), (6240, 2656)]
)
def test_a_small_size_keeps_its_shape_within_what_validation_allows(size):
    width, height = shrink(*size)
    assert max(width, height) == 96
    assert width / height == pytest.approx(size[0] / size[1], rel=0.03)
