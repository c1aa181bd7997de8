"""Colours that go together, chosen by hashing a text: the same text, the same colours, on every machine.

Colours are picked in OKLCH (lightness, chroma, hue), in which equal steps look equal, so that ink on paper has the
same contrast at every hue. The conversion is by the published matrices of the OKLab colour space.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")

Rgb = tuple[int, int, int]

_CHROMA_STEP, _TOLERANCE = 0.005, 0.001


class Dice:
    """Numbers by hashing a text: random to look at, the same each time."""

    def __init__(self, text: str) -> None:
        self._seed = text.encode("utf-8", "surrogatepass")
        self._count = 0
        self._bytes = b""

    def between(self, low: float, high: float) -> float:
        """A number from `low` to `high`."""
        if len(self._bytes) < 4:
            self._bytes = hashlib.sha256(self._seed + b"\0" + self._count.to_bytes(8, "big")).digest()
            self._count += 1
        drawn, self._bytes = int.from_bytes(self._bytes[:4], "big"), self._bytes[4:]
        return low + (high - low) * drawn / 0xFFFFFFFF

    def whole(self, low: int, high: int) -> int:
        """A whole number from `low` to `high`, both included."""
        return min(high, low + int(self.between(0, high - low + 1)))

    def pick(self, items: Sequence[T]) -> T:
        """One of the items."""
        return items[self.whole(0, len(items) - 1)]


@dataclass(frozen=True, slots=True)
class Palette:
    """The colours of one card.

    `paper` and `panel` carry text in `ink` and `muted`; `sky`, `light`, `middle`, `deep` go from bright to dark in one
    family of hues; `accent` is of another family.
    """

    paper: Rgb
    panel: Rgb
    ink: Rgb
    muted: Rgb
    sky: Rgb
    light: Rgb
    middle: Rgb
    deep: Rgb
    accent: Rgb
    strong: Rgb


_HUES = (150, 415)
"""All but the yellows and limes, whose dark shades are muddy."""
_NUANCE = 32
# How far the accent's hue lies from the others', in degrees: complements and triads, all of which sit well.
_ACCENTS = (150, 180, 210, 120, 240)


def choose_palette(theme: str, variation: str = "") -> Palette:
    """The palette of a theme, its hues moved a little by the variation: kin, but told apart."""
    dice, nuance = Dice(f"palette/1 {theme}"), Dice(f"nuance/1 {variation}")
    hue = _within(dice.between(*_HUES) + nuance.between(-_NUANCE, _NUANCE), *_HUES)
    drift = dice.pick((-38, -24, 24, 38))
    accent = hue + dice.pick(_ACCENTS) + nuance.between(-_NUANCE, _NUANCE)
    return Palette(
        paper=from_oklch(0.975, 0.010, hue),
        panel=from_oklch(0.935, 0.018, hue),
        ink=from_oklch(0.27, 0.035, hue),
        muted=from_oklch(0.50, 0.035, hue),
        sky=from_oklch(0.915, 0.045, hue + drift),
        light=from_oklch(0.83, 0.085, hue + 0.6 * drift),
        middle=from_oklch(0.68, 0.105, hue),
        deep=from_oklch(0.46, 0.085, hue - 0.4 * drift),
        accent=from_oklch(0.79, 0.125, accent),
        strong=from_oklch(0.49, 0.12, hue),
    )


def _within(value: float, low: float, high: float) -> float:
    """The value, thrown back from the bound that it passed."""
    return 2 * low - value if value < low else 2 * high - value if value > high else value


def from_oklch(lightness: float, chroma: float, hue_degrees: float) -> Rgb:
    """The sRGB colour, its chroma lowered until the screen can show it."""
    while True:
        channels = _to_linear(lightness, chroma, math.radians(hue_degrees))
        if chroma <= 0 or all(-_TOLERANCE <= channel <= 1 + _TOLERANCE for channel in channels):
            red, green, blue = (_encode(min(max(channel, 0.0), 1.0)) for channel in channels)
            return red, green, blue
        chroma -= _CHROMA_STEP


def mix(first: Rgb, second: Rgb, share: float) -> Rgb:
    """A colour between two: `share` of the second."""
    red, green, blue = (round(a + (b - a) * share) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _to_linear(lightness: float, chroma: float, hue: float) -> tuple[float, float, float]:
    a, b = chroma * math.cos(hue), chroma * math.sin(hue)
    long = (lightness + 0.3963377774 * a + 0.2158037573 * b) ** 3
    medium = (lightness - 0.1055613458 * a - 0.0638541728 * b) ** 3
    short = (lightness - 0.0894841775 * a - 1.2914855480 * b) ** 3
    return (
        4.0767416621 * long - 3.3077115913 * medium + 0.2309699292 * short,
        -1.2684380046 * long + 2.6097574011 * medium - 0.3413193965 * short,
        -0.0041960863 * long - 0.7034186147 * medium + 1.7076147010 * short,
    )


def _encode(linear: float) -> int:
    value = 12.92 * linear if linear <= 0.0031308 else 1.055 * linear ** (1 / 2.4) - 0.055
    return round(255 * value)
