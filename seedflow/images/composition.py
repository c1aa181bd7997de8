"""A geometric picture from a text: hills, tiles, rings, waves or discs, no two alike, in the colours of a palette.

Shapes are drawn at twice the size and scaled down, in bands, so that edges are smooth and memory stays small.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from PIL import Image, ImageDraw

from seedflow.images.palette import Dice, Palette, Rgb, mix

_SMOOTHING = 2
_BAND_PX = 256

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Brush:
    """Draws shapes in picture coordinates on one band of the enlarged picture."""

    draw: ImageDraw.ImageDraw
    width: float
    height: float
    top: float
    bottom: float

    def disc(self, x: float, y: float, radius: float, color: Rgb) -> None:
        """A filled circle."""
        if y + radius >= self.top and y - radius <= self.bottom:
            self.draw.ellipse(self._box(x, y, radius), fill=color)

    def wedge(self, x: float, y: float, radius: float, start: int, end: int, color: Rgb) -> None:
        """A slice of a circle; angles in degrees, clockwise from the right."""
        if y + radius >= self.top and y - radius <= self.bottom:
            self.draw.pieslice(self._box(x, y, radius), start, end, fill=color)

    def area(self, points: list[Point], color: Rgb) -> None:
        """A filled polygon."""
        self.draw.polygon([(x * _SMOOTHING, (y - self.top) * _SMOOTHING) for x, y in points], fill=color)

    def block(self, left: float, top: float, right: float, bottom: float, color: Rgb) -> None:
        """A filled rectangle."""
        if bottom >= self.top and top <= self.bottom:
            upper, lower = max(top, self.top - 2), min(bottom, self.bottom + 2)
            box = (left, upper - self.top, right, lower - self.top)
            first_x, first_y, last_x, last_y = (round(side * _SMOOTHING) for side in box)
            if last_x > first_x and last_y > first_y:
                self.draw.rectangle((first_x, first_y, last_x - 1, last_y - 1), fill=color)

    def fade(self, top: float, bottom: float, first: Rgb, last: Rgb) -> None:
        """A gradient from top to bottom, drawn over the whole width."""
        for row in range(math.floor((self.bottom - self.top) * _SMOOTHING) + 1):
            y = self.top + row / _SMOOTHING
            if top <= y <= bottom:
                color = mix(first, last, (y - top) / max(1.0, bottom - top))
                self.draw.rectangle((0, row, self.width * _SMOOTHING, row), fill=color)

    def _box(self, x: float, y: float, radius: float) -> tuple[float, float, float, float]:
        x, y = x * _SMOOTHING, (y - self.top) * _SMOOTHING
        radius *= _SMOOTHING
        return x - radius, y - radius, x + radius, y + radius


Composition = Callable[[Brush, Dice, Palette], None]


def draw_composition(
    image: Image.Image, box: tuple[int, int, int, int], kind: str, seed: str, palette: Palette
) -> None:
    """Draw the composition of a seed into a box (left, top, width, height) of an RGB image.

    `kind` is a text that picks the family of shapes, so that kindred pictures look akin. Every family covers its whole
    ground, so one band serves for all without being wiped.
    """
    left, top, width, height = box
    if width < 1 or height < 1:
        return
    compose = Dice(f"family/1 {kind}").pick(_FAMILIES)
    band = Image.new("RGB", (width * _SMOOTHING, min(_BAND_PX, height) * _SMOOTHING), palette.sky)
    draw = ImageDraw.Draw(band)
    for first in range(0, height, _BAND_PX):
        rows = min(_BAND_PX, height - first)
        compose(Brush(draw, width, height, first, first + rows), Dice(f"shapes/1 {seed}"), palette)
        image.paste(band.reduce(_SMOOTHING, (0, 0, band.width, rows * _SMOOTHING)), (left, top + first))


def _hills(brush: Brush, dice: Dice, palette: Palette) -> None:
    """A sun over ranges of hills, darker the nearer they are."""
    width, height = brush.width, brush.height
    brush.fade(0, height, palette.sky, mix(palette.light, palette.sky, 0.35))
    short = min(width, height)
    x, y = width * dice.between(0.18, 0.82), height * dice.between(0.2, 0.42)
    radius = short * dice.between(0.11, 0.19)
    for ring in (2.4, 1.75):
        brush.disc(
            x,
            y,
            radius * ring,
            mix(mix(palette.sky, palette.light, 0.25), palette.accent, 0.18 if ring > 2 else 0.36),
        )
    brush.disc(x, y, radius, palette.accent)
    shades = (
        palette.light,
        mix(palette.light, palette.middle, 0.6),
        palette.middle,
        mix(palette.middle, palette.deep, 0.6),
        palette.deep,
    )
    for number, shade in enumerate(shades):
        base = height * (0.46 + 0.125 * number)
        swings = [
            (
                short * dice.between(0.05, 0.13) / order,
                dice.between(0.5, 1.1) * order,
                dice.between(0, math.tau),
            )
            for order in (1, 2, 3)
        ]
        brush.area(_profile(width, height, base, swings), shade)


def _waves(brush: Brush, dice: Dice, palette: Palette) -> None:
    """A moon over a calm sea of even bands."""
    width, height = brush.width, brush.height
    short = min(width, height)
    brush.fade(0, height * 0.6, mix(palette.deep, palette.middle, 0.15), palette.light)
    x, radius = width * dice.between(0.2, 0.8), short * dice.between(0.13, 0.2)
    brush.disc(x, height * dice.between(0.26, 0.4), radius, mix(palette.accent, palette.paper, 0.25))
    bands = dice.whole(6, 8)
    start = dice.between(0.46, 0.54)
    for number in range(bands):
        share = number / (bands - 1)
        shade = (
            mix(palette.light, palette.middle, share * 2)
            if share < 0.5
            else mix(palette.middle, palette.deep, share * 2 - 1)
        )
        base = height * (start + (1.02 - start) * share * 0.93)
        swing = short * (0.012 + 0.02 * share)
        brush.area(
            _profile(
                width,
                height,
                base,
                [(swing, dice.between(1.6, 2.6) * width / short, dice.between(0, math.tau))],
            ),
            shade,
        )


def _rings(brush: Brush, dice: Dice, palette: Palette) -> None:
    """Wide rings around points at the edge, one in front of the other."""
    width, height = brush.width, brush.height
    long = max(width, height)
    brush.block(0, 0, width, height, palette.sky)
    cycle = (palette.deep, palette.light, palette.accent, palette.paper, palette.middle)
    places = [(0.0, 1.0), (1.0, 1.0), (0.5, 1.0), (1.0, 0.0), (0.0, 0.0)]
    first = dice.whole(0, 4)
    for number in range(3):
        across, down = places[(first + 2 * number) % 5]
        x, y = width * (across + dice.between(-0.06, 0.06)), height * (down + dice.between(-0.05, 0.1))
        radius, thickness = long * dice.between(0.3, 0.44), long * dice.between(0.035, 0.055)
        shift = dice.whole(0, 4)
        rings = int(radius / thickness)
        for ring in range(rings):
            brush.disc(x, y, radius - ring * thickness, cycle[(ring + shift) % 5])


def _tiles(brush: Brush, dice: Dice, palette: Palette) -> None:
    """A grid of quarter circles, leaves, discs and halves, as in a tiled hall."""
    rows = dice.whole(3, 4) if brush.height <= brush.width else dice.whole(5, 6)
    side = brush.height / rows
    columns = max(1, round(brush.width / side))
    side_x = brush.width / columns
    grounds = (palette.sky, palette.light, palette.paper, palette.middle, palette.deep)
    for row in range(rows):
        for column in range(columns):
            ground = dice.pick(grounds)
            front = dice.pick(
                [color for color in (*grounds, palette.accent, palette.accent) if color != ground]
            )
            motif, corner = dice.whole(0, 6), dice.whole(0, 3)
            _tile(brush, (column * side_x, row * side, side_x, side), ground, front, motif, corner)


def _tile(
    brush: Brush, box: tuple[float, float, float, float], ground: Rgb, front: Rgb, motif: int, corner: int
) -> None:
    x, y, width, height = box
    if y > brush.bottom + 1 or y + height < brush.top - 1:
        return
    brush.block(x, y, x + width, y + height, ground)
    left, upper = corner in {0, 3}, corner in {0, 1}
    corner_x, corner_y = x if left else x + width, y if upper else y + height
    start = (0, 90, 180, 270)[corner]
    reach = min(width, height)
    match motif:
        case 0 | 1:
            brush.wedge(corner_x, corner_y, reach, start, start + 90, front)
        case 2:
            brush.wedge(corner_x, corner_y, reach, start, start + 90, front)
            brush.wedge(corner_x, corner_y, reach / 2, start, start + 90, ground)
        case 3:
            brush.disc(x + width / 2, y + height / 2, reach * 0.34, front)
        case 4:
            brush.area(
                [
                    (corner_x, corner_y),
                    (2 * x + width - corner_x, corner_y),
                    (corner_x, 2 * y + height - corner_y),
                ],
                front,
            )
        case 5:
            half = (x, y, x + width, y + height / 2) if upper else (x, y + height / 2, x + width, y + height)
            brush.block(*half, front)
        case _:
            brush.disc(x + width / 2, y + height / 2, reach * 0.34, front)
            brush.disc(x + width / 2, y + height / 2, reach * 0.16, ground)


def _discs(brush: Brush, dice: Dice, palette: Palette) -> None:
    """A few large discs that lean on each other, the shared parts in a third colour."""
    width, height = brush.width, brush.height
    short = min(width, height)
    brush.fade(0, height, palette.sky, mix(palette.sky, palette.light, 0.6))
    count = dice.whole(3, 4) + (1 if width > 2 * height or height > 2 * width else 0)
    colors = [palette.middle, palette.accent, palette.deep, palette.light, palette.middle]
    turn = dice.between(-0.2, 0.2)
    for number in range(count):
        share = (number + 0.5) / count
        along = 0.08 + 0.84 * share
        across = 0.5 + turn * math.sin(share * math.tau) + dice.between(-0.14, 0.14)
        x, y = (width * along, height * across) if width >= height else (width * across, height * along)
        radius = short * dice.between(0.2, 0.34)
        color = colors[number]
        brush.disc(x, y, radius, color)
        inner = radius * dice.between(0.3, 0.6)
        brush.disc(
            x + (radius - inner) * dice.between(-0.6, 0.6),
            y + (radius - inner) * dice.between(-0.6, 0.6),
            inner,
            mix(color, palette.paper, 0.22),
        )


_FAMILIES: tuple[Composition, ...] = (_hills, _tiles, _rings, _waves, _discs)


def _profile(
    width: float, height: float, base: float, swings: list[tuple[float, float, float]]
) -> list[Point]:
    """The ground below a curve: a sum of sines of amplitude, number of turns over the width, and phase."""
    steps = 160
    points: list[Point] = []
    for step in range(steps + 1):
        share = step / steps
        lift = sum(size * math.sin(share * turns * math.tau + phase) for size, turns, phase in swings)
        points.append((share * width, base - lift))
    return [*points, (width, height + 2), (0, height + 2)]
