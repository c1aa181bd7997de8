"""Drawing what a model would give: a function of the seed, the input, take, attempt and number, and of nothing else."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from seedflow.canonical import digest_value
from seedflow.emulator.metadata import Caller
from seedflow.emulator.options import EmulatorOptions, PictureKind
from seedflow.emulator.picture import Picture
from seedflow.emulator.references import Fetched
from seedflow.emulator.tiny import encode_flat_jpeg, shrink
from seedflow.emulator.tiny_png import encode_flat_png
from seedflow.images.facts import ImageFormat
from seedflow.images.placeholder import PlaceholderReference, PlaceholderSpec, draw_placeholder
from seedflow.models.model import Model

_DRAWN_AT_ONCE = 2
_FLAT_ENCODERS = {ImageFormat.JPEG: encode_flat_jpeg, ImageFormat.PNG: encode_flat_png}
"""Tiny pictures are made by hand; what is not in here is drawn."""
_UNKNOWN_SIZE_PX = (2048, 2048)


@dataclass(frozen=True, slots=True)
class Commission:
    """What is to be drawn, and for whom."""

    model: Model
    params: Mapping[str, object]
    references: tuple[Fetched, ...]
    caller: Caller
    input_digest: str

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height that the model would give."""
        first = self.references[0].facts if self.references else None
        measured = None if first is None else (first.width_px, first.height_px)
        return self.model.size_px(self.params, measured) or _UNKNOWN_SIZE_PX

    @property
    def format(self) -> ImageFormat:
        """The format that the model would give: the one that is asked for, else the first that it may give."""
        return self.model.output_format(self.params) or self.model.output_formats[0]


class Painter:
    """Draws the images of answers; large ones in threads, into files in `folder`."""

    def __init__(self, options: EmulatorOptions, folder: Path) -> None:
        self._options = options
        self._folder = folder
        self._easels = asyncio.Semaphore(_DRAWN_AT_ONCE)
        self._numbers = itertools.count(1)

    async def paint(self, commission: Commission, count: int) -> list[Picture]:
        """The images of one answer, in order."""
        keys = [self._build_key(commission, number) for number in range(1, count + 1)]
        match self._options.pictures:
            case PictureKind.TINY:
                return [self._paint_tiny(commission, number, key) for number, key in enumerate(keys, 1)]
            case PictureKind.FULL:
                return [await self._paint_full(commission, number, key) for number, key in enumerate(keys, 1)]

    def _build_key(self, commission: Commission, number: int) -> str:
        caller = commission.caller
        circumstances = [
            self._options.seed,
            self._options.pictures.value,
            commission.input_digest,
            caller.take,
            caller.attempt,
            number,
        ]
        return digest_value("emulated-picture/1", circumstances)

    def _paint_tiny(self, commission: Commission, number: int, key: str) -> Picture:
        width_px, height_px = shrink(*commission.size_px)
        if commission.format not in _FLAT_ENCODERS:
            spec = replace(_build_spec(commission, number, key), width_px=width_px, height_px=height_px)
            return Picture(partial(draw_placeholder, spec), width_px, height_px, format=spec.format)
        lots = bytes.fromhex(key.rpartition(":")[2][:6])
        color = (60 + lots[0] % 150, 40 + lots[1] % 176, 40 + lots[2] % 176)
        read = partial(
            _FLAT_ENCODERS[commission.format],
            width_px,
            height_px,
            color,
            key.encode(),
            self._options.picture_bytes,
        )
        return Picture(read, width_px, height_px, format=commission.format)

    async def _paint_full(self, commission: Commission, number: int, key: str) -> Picture:
        spec = _build_spec(commission, number, key)
        path = self._folder / f"picture-{next(self._numbers)}.{spec.format.extension}"
        async with self._easels:
            await asyncio.to_thread(_draw_into, path, spec)
        return Picture(path.read_bytes, spec.width_px, spec.height_px, path, spec.format)


def _build_spec(commission: Commission, number: int, key: str) -> PlaceholderSpec:
    """The card of one image. It does not name the task: equal requests give equal pictures, whoever asks."""
    width_px, height_px = commission.size_px
    caller, params = commission.caller, commission.params
    attempt = f" · attempt {caller.attempt}" if caller.attempt > 1 else ""
    references = tuple(
        PlaceholderReference(
            str(place), reference.path, f"{reference.facts.width_px} × {reference.facts.height_px}"
        )
        for place, reference in enumerate(commission.references, 1)
    )
    return PlaceholderSpec(
        width_px=width_px,
        height_px=height_px,
        title=commission.model.id,
        prompt=str(params.get(commission.model.prompt_field or "", "")),
        subtitle=(f"{width_px} × {height_px}", f"image {number} · take {caller.take}{attempt}"),
        references=references,
        seed=key,
        badge="emulated · no model was asked",
        format=commission.format,
    )


def _draw_into(path: Path, spec: PlaceholderSpec) -> None:
    path.write_bytes(draw_placeholder(spec))
