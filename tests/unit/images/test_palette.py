"""Colours follow from a text alone, and text stays readable on every one of them."""

from __future__ import annotations

from seedflow.images.palette import Dice, Rgb, choose_palette, from_oklch, mix


def luminance(color: Rgb) -> float:
    """Relative luminance as WCAG defines it."""
    linear = [
        level / 255 / 12.92 if level <= 10 else ((level / 255 + 0.055) / 1.055) ** 2.4 for level in color
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: Rgb, second: Rgb) -> float:
    light, dark = sorted((luminance(first), luminance(second)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_text_has_good_contrast_in_every_palette() -> None:
    for number in range(400):
        palette = choose_palette(f"step {number}", f"picture {number}")
        assert contrast(palette.ink, palette.paper) >= 10
        assert contrast(palette.ink, palette.panel) >= 9
        assert contrast(palette.muted, palette.paper) >= 4.5
        assert contrast(palette.muted, palette.panel) >= 4.5
        assert contrast(palette.strong, palette.paper) >= 4.5
        assert (
            luminance(palette.sky)
            > luminance(palette.light)
            > luminance(palette.middle)
            > luminance(palette.deep)
        )


def test_the_same_text_gives_the_same_colours_and_others_give_others() -> None:
    assert choose_palette("page") == choose_palette("page")
    assert len({choose_palette(f"step {number}") for number in range(100)}) == 100
    assert len({choose_palette("page", f"picture {number}") for number in range(100)}) == 100


def test_known_colours_of_the_space() -> None:
    assert from_oklch(0, 0, 0) == (0, 0, 0)
    assert from_oklch(1, 0, 0) == (255, 255, 255)
    assert from_oklch(0.62796, 0.25768, 29.23) == (255, 0, 0)
    assert from_oklch(0.9, 0.4, 29) != from_oklch(0.9, 0, 29), (
        "what the screen cannot show comes as near as it can"
    )


def test_mixing_goes_from_one_to_the_other() -> None:
    assert mix((0, 10, 20), (100, 10, 0), 0) == (0, 10, 20)
    assert mix((0, 10, 20), (100, 10, 0), 1) == (100, 10, 0)
    assert mix((0, 10, 20), (100, 10, 0), 0.5) == (50, 10, 10)


def test_dice_stay_in_their_bounds_and_reach_both_ends() -> None:
    dice = Dice("a\ud800")
    drawn = [dice.whole(2, 4) for _ in range(300)]
    assert set(drawn) == {2, 3, 4}
    assert all(-1 <= dice.between(-1, 1) <= 1 for _ in range(100))
    assert Dice("b").pick("abc") == Dice("b").pick("abc")
