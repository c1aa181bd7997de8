"""Shapes are drawn once for all that is alike in them, and look as if each row and each band were drawn by itself."""

from __future__ import annotations

from PIL import Image, ImageDraw

from seedflow.images.composition import Brush, _profile
from seedflow.images.palette import mix

FIRST, LAST = (10, 20, 200), (40, 22, 190)
WIDTH, HEIGHT = 6, 300


class CountedDraw:
    """Passes rectangles on and counts them."""

    def __init__(self, image: Image.Image) -> None:
        self._draw = ImageDraw.Draw(image)
        self.rectangles = 0

    def rectangle(self, box, fill) -> None:
        self.rectangles += 1
        self._draw.rectangle(box, fill=fill)


def test_a_fade_has_in_each_row_the_colour_of_its_place() -> None:
    band = Image.new("RGB", (WIDTH * 2, HEIGHT * 2))
    draw = CountedDraw(band)
    Brush(draw, WIDTH, HEIGHT, 0, HEIGHT).fade(20, 250, FIRST, LAST)
    for row in range(HEIGHT * 2):
        expected = mix(FIRST, LAST, (row / 2 - 20) / 230) if 20 <= row / 2 <= 250 else (0, 0, 0)
        assert {band.getpixel((0, row)), band.getpixel((WIDTH * 2 - 1, row))} == {expected}
    assert draw.rectangles < 60  # 461 rows, and at most 45 colours between the two


def test_the_ground_below_a_curve_is_worked_out_once_for_all_bands() -> None:
    found = [_profile(90, 60, 30, ((4, 1.5, 0.25), (2, 3.0, 1.0))) for _ in range(8)]
    assert all(one is found[0] for one in found)
    assert found[0][-2:] == [(90, 62), (0, 62)]
