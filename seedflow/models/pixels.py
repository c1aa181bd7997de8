"""How many pixels a picture should have: as written, by the table of a profile, or worked out from the first reference."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import NamedTuple

from seedflow.models.profile import Pixels
from seedflow.models.written import read_pixels

_SAME_RATIO = 0.01
_MOST_STRETCHED = 16.0
_RATIO = re.compile(r"([1-9][0-9]{0,4}):([1-9][0-9]{0,4})")


class AskedRatio(NamedTuple):
    """A ratio of width to height that an input asks for, and how it is written there."""

    text: str
    width_to_height: float


def find_size(
    pixels: Pixels, params: Mapping[str, object], first_reference: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Width and height for the tier and ratio that `params` name, or None when the table or the reference lacks it."""
    tier = params.get(pixels.tier)
    if not isinstance(tier, str):
        return None
    if pixels.written and (written := read_pixels(tier)) is not None:
        return written
    sizes = pixels.sizes.get(tier)
    if sizes is None:
        return None
    if pixels.ratio is None:
        return sizes.get("")
    ratio = params.get(pixels.ratio)
    if not isinstance(ratio, str):
        return None
    if ratio != pixels.as_reference:
        return sizes.get(ratio)
    return None if first_reference is None else _match(sizes, first_reference, pixels.step_px)


def find_ratio(pixels: Pixels, params: Mapping[str, object]) -> AskedRatio | None:
    """The ratio that an input asks for in so many words, or None: assumed values and references ask for none."""
    tier, ratio = params.get(pixels.tier), params.get(pixels.ratio) if pixels.ratio is not None else None
    if pixels.written and isinstance(tier, str) and (written := read_pixels(tier)) is not None:
        return AskedRatio(tier, written[0] / written[1])
    found = _RATIO.fullmatch(ratio) if isinstance(ratio, str) else None
    if found is None or not isinstance(ratio, str):
        return None
    exact = pixels.sizes.get(tier, {}).get(ratio) if isinstance(tier, str) else None
    across, down = exact or (int(found[1]), int(found[2]))
    return AskedRatio(ratio, across / down)


def _match(sizes: Mapping[str, tuple[int, int]], reference: tuple[int, int], step_px: int) -> tuple[int, int]:
    """A size of the tier with the reference's ratio: the table's own where it has that ratio, else of equal area."""
    wanted = min(max(reference[0] / reference[1], 1 / _MOST_STRETCHED), _MOST_STRETCHED)
    nearest = min(sizes.values(), key=lambda size: abs(math.log(size[0] / size[1] / wanted)))
    if abs(nearest[0] / nearest[1] / wanted - 1) <= _SAME_RATIO:
        return nearest
    area = sizes["1:1"][0] * sizes["1:1"][1] if "1:1" in sizes else nearest[0] * nearest[1]
    return _round(math.sqrt(area * wanted), step_px), _round(math.sqrt(area / wanted), step_px)


def _round(length_px: float, step_px: int) -> int:
    return max(step_px, round(length_px / step_px) * step_px)
