"""Placeholder cards: the exact size, the same bytes each time, honest, and about their own request."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import time
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from PIL import Image, ImageChops

import seedflow
from seedflow.images.palette import choose_palette
from seedflow.images.placeholder import (
    PlaceholderReference,
    PlaceholderSpec,
    draw_placeholder,
    write_placeholder,
)
from tests.unit.images.pictures import encode

PROMPT = "asleep in a library. The hero is the character in image 1. Warm lamplight, tall shelves, dust in the air."
CARD = PlaceholderSpec(
    width_px=640,
    height_px=480,
    title="page[scene=asleep-in-a-library]",
    prompt=PROMPT,
    subtitle=("a-model · 2K · 4:3", "take 1 · image 1 of 3"),
    seed="page 1",
    theme="page",
)


def draw(spec: PlaceholderSpec) -> Image.Image:
    image = Image.open(io.BytesIO(draw_placeholder(spec)))
    image.load()
    return image


@pytest.mark.parametrize(
    ("width_px", "height_px"),
    [
        (2048, 2048),
        (2304, 1728),
        (1600, 2848),
        (3136, 1344),
        (512, 512),
        (512, 8192),
        (8192, 512),
        (200, 100),
        (64, 64),
        (3, 900),
        (1, 1),
    ],
)
def test_a_card_has_exactly_the_size_that_was_asked_for(width_px: int, height_px: int) -> None:
    image = draw(
        replace(
            CARD,
            width_px=width_px,
            height_px=height_px,
            references=(PlaceholderReference("hero", None, "URL"),) * 3,
        )
    )
    assert image.size == (width_px, height_px)
    assert (image.format, image.mode) == ("JPEG", "RGB")


def test_the_largest_picture_of_the_models_is_drawn() -> None:
    assert draw(replace(CARD, width_px=6240, height_px=2656)).size == (6240, 2656)


def test_a_file_gets_the_same_bytes(tmp_path: Path) -> None:
    with (tmp_path / "a.jpg").open("wb") as file:
        write_placeholder(CARD, file)
    assert (tmp_path / "a.jpg").read_bytes() == draw_placeholder(CARD)


@pytest.mark.parametrize("size", [(0, 10), (10, 0), (-1, 10), (70_000, 10)])
def test_a_size_that_no_jpeg_has_is_refused(size: tuple[int, int]) -> None:
    with pytest.raises(ValueError, match="cannot be drawn"):
        draw_placeholder(replace(CARD, width_px=size[0], height_px=size[1]))


def test_the_same_card_has_the_same_bytes_in_another_process() -> None:
    code = (
        "import hashlib; from seedflow.images.placeholder import *;"
        "print(hashlib.sha256(draw_placeholder(PlaceholderSpec(300, 200, 'page', 'A fox', seed='s'))).hexdigest())"
    )
    folder = Path(seedflow.__file__).parents[1]
    digests = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": salt},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for salt in ("1", "2")
    }
    assert len(digests) == 1


@pytest.mark.parametrize(
    "change",
    [
        {"seed": "page 2"},
        {"theme": "cover"},
        {"title": "page[scene=home]"},
        {"prompt": PROMPT + " At dawn."},
        {"subtitle": ("a-model · 2K · 4:3", "take 2 · image 1 of 3")},
        {"badge": "emulated · no model was asked"},
        {"references": (PlaceholderReference("hero", None, "URL"),)},
    ],
)
def test_everything_that_a_card_says_can_be_seen(change: dict[str, object]) -> None:
    assert ImageChops.difference(draw(CARD), draw(replace(CARD, **change))).getbbox() is not None


def test_every_seed_has_a_composition_of_its_own() -> None:
    drawn = {
        draw_placeholder(PlaceholderSpec(160, 160, "", "", seed=str(number), badge=""))
        for number in range(60)
    }
    assert len(drawn) == 60


def test_the_composition_leaves_no_gap_in_any_family() -> None:
    """Two grounds of other colours would show through a gap: no pixel may depend on what was there before."""
    from seedflow.images.composition import draw_composition

    for number in range(40):
        for size in ((301, 517), (640, 257), (33, 700)):
            white, black = Image.new("RGB", size, "white"), Image.new("RGB", size, "black")
            for image in (white, black):
                draw_composition(image, (0, 0, *size), f"kind {number}", "seed", choose_palette("seed"))
            assert white.tobytes() == black.tobytes()


def colored(path: Path, color: tuple[int, int, int]) -> Path:
    path.write_bytes(encode(Image.new("RGB", (300, 300), color), "PNG"))
    return path


def columns_of(image: Image.Image, color: tuple[int, int, int]) -> tuple[int, int] | None:
    """The first and last column in which a colour covers a good part of the picture."""
    red, green, blue = (
        channel.point(lambda level, wanted=wanted: 255 if abs(level - wanted) < 30 else 0)
        for channel, wanted in zip(image.split(), color, strict=True)
    )
    box = ImageChops.multiply(ImageChops.multiply(red, green), blue).getbbox()
    return (box[0], box[2]) if box else None


def test_references_are_shown_in_their_order(tmp_path: Path) -> None:
    colors = [(255, 0, 0), (0, 255, 0), (0, 0, 255)]
    paths = [colored(tmp_path / f"{number}.png", color) for number, color in enumerate(colors)]
    for order in ((0, 1, 2), (2, 0, 1)):
        references = tuple(PlaceholderReference(f"image {number}", paths[number]) for number in order)
        image = draw(replace(CARD, width_px=1600, height_px=1200, references=references))
        found = [columns_of(image, colors[number]) for number in order]
        assert all(place is not None for place in found)
        places = [place for place in found if place is not None]
        assert places == sorted(places), "from left to right"
        assert all(first[1] < second[0] for first, second in pairwise(places))


@pytest.mark.parametrize("count", [1, 5, 14, 30])
@pytest.mark.parametrize("size", [(2048, 2048), (1600, 2848), (3136, 1344), (400, 300)])
def test_any_number_of_references_stays_on_the_card(
    tmp_path: Path, count: int, size: tuple[int, int]
) -> None:
    path = colored(tmp_path / "a.png", (255, 0, 0))
    references = tuple(PlaceholderReference(f"image {number}", path, "300 × 300") for number in range(count))
    spec = replace(CARD, width_px=size[0], height_px=size[1], references=references)
    image = draw(spec)
    place = columns_of(image, (255, 0, 0))
    assert place is not None
    assert 0 < place[0] < place[1] < size[0]


def test_a_reference_that_cannot_be_read_is_told_and_not_fatal(tmp_path: Path) -> None:
    broken = tmp_path / "broken.png"
    broken.write_bytes(b"<svg/>")
    for path in (broken, tmp_path / "missing.png"):
        image = draw(replace(CARD, references=(PlaceholderReference("hero", path),)))
        assert image.size == (640, 480)


@pytest.mark.parametrize(
    "text",
    [
        "",
        " \n\t",
        "x" * 200_000,
        "word " * 40_000,
        "狐" * 5000,
        "\x1b[2J\u202e\x00\ud800",
        "{{ inputs.hero }} {% if %}",
        "🦊" * 900,
        "a\n" * 5000,
    ],
)
def test_any_text_may_stand_on_a_card(text: str) -> None:
    started = time.process_time()
    spec = replace(
        CARD,
        title=text or "a",
        prompt=text,
        subtitle=(text,),
        badge=text,
        seed=text,
        references=(PlaceholderReference(text, None, text),),
    )
    assert draw(spec).size == (640, 480)
    assert time.process_time() - started < 2


def test_twenty_cards_a_second_at_two_k() -> None:
    """Two processors must draw 20 a second, so one card may take 100 ms of a processor."""
    specs = [
        replace(CARD, width_px=2304, height_px=1728, seed=str(number), theme=str(number))
        for number in range(12)
    ]
    draw_placeholder(specs[0])
    started = time.process_time()
    for spec in specs:
        draw_placeholder(spec)
    assert (time.process_time() - started) / len(specs) < 0.1
