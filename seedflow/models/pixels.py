"""How many pixels a picture should have: by the table of a profile, or worked out from the first reference."""

from __future__ import annotations

import math
from collections.abc import Mapping

from seedflow.models.profile import Pixels

_SAME_RATIO = 0.01
_MOST_STRETCHED = 16.0


def find_size(
    pixels: Pixels, params: Mapping[str, object], first_reference: tuple[int, int] | None
) -> tuple[int, int] | None:
    """Width and height for the tier and ratio that `params` name, or None when the table or the reference lacks it."""
    tier, ratio = params.get(pixels.tier), params.get(pixels.ratio)
    sizes = pixels.sizes.get(tier) if isinstance(tier, str) else None
    if sizes is None or not isinstance(ratio, str):
        return None
    if ratio != pixels.as_reference:
        return sizes.get(ratio)
    return None if first_reference is None else _match(sizes, first_reference, pixels.step_px)


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
