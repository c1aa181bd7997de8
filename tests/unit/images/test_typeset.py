"""Text is broken into lines that fit, kept whole where it can be, and cut with an ellipsis where it cannot."""

from __future__ import annotations

import pytest

from seedflow.images.typeset import ELLIPSIS, fit_text, get_font, shorten

TEXT = "The fox is curled on an open atlas, one brass ear twitching, while dust turns in the lamplight. " * 3


def longest_px(lines: tuple[str, ...], size_px: int) -> float:
    return max(get_font(size_px).getlength(line) for line in lines)


@pytest.mark.parametrize("width_px", [60, 200, 777, 3000])
def test_no_line_is_wider_than_its_box(width_px: int) -> None:
    for size_px in (9, 20, 47):
        found = fit_text(TEXT, width_px, 100_000, [size_px])
        assert not found.cut
        assert longest_px(found.lines, size_px) <= width_px * 1.02
        assert "".join(found.lines).replace(" ", "") == TEXT.replace(" ", "")


def test_the_largest_size_that_fits_is_taken() -> None:
    sizes = [60, 40, 30, 20]
    roomy, tight = fit_text(TEXT, 1500, 2000, sizes), fit_text(TEXT, 600, 420, sizes)
    assert roomy.size_px == 60
    assert tight.size_px < 60
    assert not tight.cut
    assert tight.height_px <= 420


def test_what_does_not_fit_ends_in_an_ellipsis() -> None:
    found = fit_text(TEXT * 20, 600, 200, [30, 20])
    assert found.cut
    assert found.size_px == 20
    assert found.lines[-1].endswith(ELLIPSIS)
    assert found.height_px <= 200
    assert TEXT.startswith(" ".join(found.lines[:2]))


def test_line_ends_are_kept_and_empty_lines_are_not() -> None:
    assert fit_text("one\n\n\ntwo three", 1000, 1000, [20]).lines == ("one", "two three")


def test_the_last_line_holds_no_lonely_word() -> None:
    text = "Character design of a small clockwork fox with copper fur seen from the front"
    width_px = round(get_font(20).getlength(text.removesuffix(" front"))) + 2
    lines = fit_text(text, width_px, 1000, [20]).lines
    assert len(lines) == 2
    assert len(lines[1].split()) > 2


def test_a_word_wider_than_a_line_is_broken_at_its_joints() -> None:
    address = "scene=a-very-long-name-of-a-scene-that-does-not-end"
    lines = fit_text(address, 160, 1000, [20]).lines
    assert len(lines) > 2
    assert "".join(lines) == address
    assert all(line.endswith(("-", "=")) for line in lines[:-1])


def test_a_word_without_joints_is_broken_anyway() -> None:
    lines = fit_text("x" * 5000, 100, 100_000, [20]).lines
    assert "".join(lines) == "x" * 5000
    assert longest_px(lines, 20) <= 102


def test_shortening_keeps_what_fits() -> None:
    assert shorten("short", 500, 20) == "short"
    found = shorten("a label that is far too long for its place", 120, 20)
    assert found.endswith(ELLIPSIS)
    assert get_font(20).getlength(found) <= 120
    assert shorten("anything", 1, 20) == ELLIPSIS
