"""Pictures: functions of seed, input, take, attempt and number, whoever asks and from wherever."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from seedflow.emulator.options import PictureKind

WIDE = {"prompt": "a fox", "size": "2K", "aspect_ratio": "21:9"}
SET = {"prompt": "a fox", "sequential_image_generation": "auto", "max_images": 3}


async def _draw(caller, given, metadata=None):
    answer = await caller.generate(given, metadata)
    assert answer.status == 200, answer.body
    return [(await caller.get_image(url)).body for url in answer.images]


@pytest.mark.parametrize("pictures", list(PictureKind))
async def test_equal_calls_give_equal_pictures_on_any_emulator(running, pictures):
    given = {**WIDE, **SET} if pictures is PictureKind.TINY else WIDE
    async with running(pictures=pictures, seed=3) as one, running(pictures=pictures, seed=3) as other:
        first = await _draw(one, given, {"task": "page[a=1]", "intent": "x", "take": 2})
        assert await _draw(one, given, {"task": "cover", "intent": "y", "take": 2}) == first
        assert await _draw(other, given, {"take": 2}) == first


async def test_everything_that_tells_calls_apart_tells_pictures_apart(running):
    async with running() as caller, running(seed=1) as other:
        drawn = [
            await _draw(caller, SET),
            await _draw(caller, SET, {"take": 2}),
            await _draw(caller, SET, {"attempt": 2}),
            await _draw(caller, {**SET, "prompt": "a cat"}),
            await _draw(caller, {**SET, "size": "4K"}),
            await _draw(other, SET),
        ]
        pictures = [picture for images in drawn for picture in images]
        assert len(set(pictures)) == len(pictures) == 18


async def test_references_count_by_their_bytes(running, png, data_uri):
    async with running() as caller:
        url = (await caller.generate({"prompt": "sheet"})).images[0]
        sheet = (await caller.get_image(url)).body
        by_url = await _draw(caller, {"prompt": "a", "image_input": [url]})
        assert await _draw(caller, {"prompt": "a", "image_input": [data_uri(sheet, "image/jpeg")]}) == by_url
        assert await _draw(caller, {"prompt": "a", "image_input": [data_uri(png())]}) != by_url


@pytest.mark.parametrize(
    ("given", "size"),
    [
        (WIDE, (3136, 1344)),
        ({**WIDE, "aspect_ratio": "9:16"}, (1600, 2848)),
        ({"prompt": "a", "size": "4K", "aspect_ratio": "1:1"}, (4096, 4096)),
    ],
)
async def test_full_pictures_have_the_exact_size(running, given, size):
    async with running(pictures=PictureKind.FULL) as caller:
        (data,) = await _draw(caller, given)
        with Image.open(io.BytesIO(data)) as image:
            assert (image.size, image.format) == (size, "JPEG")
            image.load()


async def test_a_picture_can_match_its_reference(running, png, data_uri):
    async with running(pictures=PictureKind.FULL) as caller:
        given = {
            "prompt": "a",
            "aspect_ratio": "match_input_image",
            "image_input": [data_uri(png(30, 40))],
        }
        (data,) = await _draw(caller, given)
        with Image.open(io.BytesIO(data)) as image:
            assert image.width / image.height == pytest.approx(3 / 4, rel=0.03)


async def test_full_pictures_of_expired_addresses_leave_no_files(running, tmp_path):
    now = [0.0]
    async with running(pictures=PictureKind.FULL, clock=lambda: now[0], expire_s=10.0) as caller:
        url = (await caller.generate(WIDE)).images[0]
        picture = caller.emulator.gallery.find_url(url.removeprefix(caller.emulator.origin)).picture
        assert picture.path.is_file()
        now[0] = 11.0
        await caller.generate({"prompt": "later", "aspect_ratio": "1:1"})
        assert not picture.path.exists()
    assert not picture.path.parent.exists()


async def test_tiny_pictures_can_be_as_large_as_real_ones(running):
    async with running(picture_bytes=300_000) as caller:
        (data,) = await _draw(caller, {"prompt": "a"})
        assert 299_990 <= len(data) <= 300_000
        with Image.open(io.BytesIO(data)) as image:
            image.load()
