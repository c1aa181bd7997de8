"""The embedded provider: offline, free and deterministic. It draws what would have been asked, and asks nobody.

Its pictures have the size that the model's would have and carry the task's address, the prompt and thumbnails of the
references in their order, so that a recipe's wiring can be judged by eye.
"""

from __future__ import annotations

import asyncio
import errno
import json
import os
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import urlsplit

from seedflow.canonical import canonical_json
from seedflow.errors import Billed, DownloadError, ProviderError, Retry, StoreError
from seedflow.failpoints import Step
from seedflow.images.placeholder import (
    PlaceholderReference,
    PlaceholderSpec,
    draw_placeholder,
    write_placeholder,
)
from seedflow.models.catalog import Catalog
from seedflow.models.model import Model
from seedflow.providers.base import (
    Answer,
    BeforeSending,
    GenerateRequest,
    NotBilled,
    Reconciliation,
    WireFile,
    WireReference,
    WireUrl,
)

REALM = "sketch"
_VERSION = 1
"""Of the answer's envelope, and of what a seed means."""
_ORIGIN = "https://sketch.invalid/"
"""No host can have this name, and yet it is what cards expect of a picture's address."""
_ENDINGS = ("", ".png", ".jpg", ".jpeg", ".webp")
"""The first with which an address is what the card wants is taken; the pictures are the same."""
_UNMEASURED_PX = (2048, 2048)
_STAND_IN = "https://reference.invalid"


class SketchProvider:
    """Draws placeholder pictures. One thread for each processor; free them with `aclose`."""

    name = "sketch"
    realm = REALM
    paid = False

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._threads = ThreadPoolExecutor(max_workers=os.cpu_count() or 1, thread_name_prefix="sketch")

    async def generate(self, request: GenerateRequest, before_sending: BeforeSending | None = None) -> Answer:
        """Answer at once, with as many images as the request allows at most.

        Raises:
            ProviderError: the catalog has no such model, or its card wants an answer that we cannot give.
        """
        model = self._find_model(request.model)
        if model is None:
            raise ProviderError(
                f"there is no model {request.model}",
                kind="unknown-model",
                retry=Retry.NEVER,
                billed=Billed.NO,
                help=f"use one of {', '.join(self._catalog.ids)}",
            )
        result = _build_result(model, _count_images(model, request))
        if before_sending is not None:
            await before_sending()
        return Answer(json.dumps({"sketch": _VERSION, "result": result}).encode(), free=True)

    def read_answer(self, raw: bytes) -> object:
        """The result of an answer of ours, also of one that an earlier run left in the ledger.

        Raises:
            ProviderError: it is not one.
        """
        try:
            answer = json.loads(raw)
        except ValueError:
            answer = None
        if (
            not isinstance(answer, dict)
            or answer.get("sketch") != _VERSION
            or not isinstance(answer.get("result"), dict)
        ):
            raise ProviderError(
                "this is not an answer of the sketch provider",
                kind="bad-answer",
                retry=Retry.NEVER,
                billed=Billed.NO,
                help="run again; sketches cost nothing",
            )
        result: dict[str, object] = answer["result"]
        return result

    async def fetch(self, url: str, request: GenerateRequest, number: int, into: Path) -> None:
        """Draw an image of an answer, from its request alone.

        Raises:
            DownloadError: the URL is not one of ours.
            StoreError: the disk did not take it.
        """
        model = self._find_model(request.model)
        ours = {f"{_ORIGIN}{number}{ending}" for ending in _ENDINGS}
        if url not in ours | {f"sketch:{number}"} or model is None:  # the latter stands in older ledgers
            raise DownloadError(f"{url} is not a sketch of this request", kind="dead-url", retryable=False)
        spec = describe_request(model, request, number)
        await asyncio.get_running_loop().run_in_executor(self._threads, _draw_into, into, spec)

    async def is_alive(self, url: str) -> bool:  # noqa: ARG002 - no URL of ours can be fetched by others
        """Never: a sketch has no address that anybody else could fetch."""
        return False

    async def find_url_problem(self, url: str) -> str | None:  # noqa: ARG002 - the port's name
        """None: a sketch draws a sign in its place and fetches nothing."""
        return None

    async def reconcile(self, intent_id: str, sent_at: float) -> Reconciliation:  # noqa: ARG002 - the port's names
        """Nothing was ever paid, so asking again is always right."""
        return NotBilled("a sketch costs nothing")

    async def find_cost_usd(self, intent_id: str) -> float | None:  # noqa: ARG002 - the port's name
        """Nothing, ever."""
        return 0.0

    async def aclose(self) -> None:
        """Wait for drawings that have begun, drop the others, and free the threads."""
        await asyncio.to_thread(self._threads.shutdown, wait=True, cancel_futures=True)

    def _find_model(self, name: str) -> Model | None:
        return self._catalog.find(name)


def _build_result(model: Model, count: int) -> dict[str, object]:
    """The result of an answer with so many images.

    Raises:
        ProviderError: the card takes none that we can think of; it would be the same each time.
    """
    breach = None
    for ending in _ENDINGS:
        result = model.build_result([f"{_ORIGIN}{number}{ending}" for number in range(1, count + 1)])
        found = model.find_breach(result)
        if found is None:
            return result
        breach = breach or found
    raise ProviderError(
        f"`{model.id}` cannot be sketched, since its card wants an answer that no sketch can give: {breach}",
        kind="no-sketch",
        retry=Retry.NEVER,
        billed=Billed.NO,
        help="let `output` on the card say less of the answer, or use another model for sketches",
    )


def _draw_into(path: Path, spec: PlaceholderSpec) -> None:
    try:
        _write(path, spec)
    except OSError as error:
        full = error.errno in {errno.ENOSPC, errno.EDQUOT}
        message = f"a sketch could not be written: {error.strerror or error}"
        raise StoreError(message, kind="disk-full" if full else "read-only") from error


def _write(path: Path, spec: PlaceholderSpec) -> None:
    try:
        with Step.INCOMING_WRITE, path.open("wb") as file:
            write_placeholder(spec, file)
    except OSError as error:
        if error.errno is not None:
            raise
        # The encoder forgets why its file did not take the bytes; writing them ourselves tells, or works.
        with Step.INCOMING_WRITE:
            path.write_bytes(draw_placeholder(spec))


def describe_request(model: Model, request: GenerateRequest, number: int) -> PlaceholderSpec:
    """The card of one image of a request. Pure: the same request and number, the same card."""
    params = _whole_input(request)
    reference_px = _first_reference_px(request.references)
    size_px = model.size_px(params, reference_px)
    width_px, height_px = size_px or reference_px or _UNMEASURED_PX
    prompt = request.params.get(model.prompt_field) if model.prompt_field is not None else None
    context = request.context
    step = context.address.partition("[")[0]
    return PlaceholderSpec(
        width_px=width_px,
        height_px=height_px,
        title=context.address,
        prompt=prompt if isinstance(prompt, str) else "",
        subtitle=(
            " · ".join((model.id, *_describe_size(model, params), f"{width_px} × {height_px} px")),
            *(
                ("the size of the first reference is not known offline, so this is a guess",)
                if size_px is None
                else ()
            ),
            f"take {context.take} · image {number} of {_count_images(model, request)}",
        ),
        references=tuple(
            _describe_reference(found, index) for index, found in enumerate(request.references, start=1)
        ),
        seed=_seed(request, number),
        theme=step,
        format=model.output_format(request.params) or model.output_formats[0],
    )


def _whole_input(request: GenerateRequest) -> Mapping[str, object]:
    """The input with stand-ins for its references: enough for sizes and counts."""
    if request.references_field is None or not request.references:
        return request.params
    return {**request.params, request.references_field: [_STAND_IN] * len(request.references)}


def _count_images(model: Model, request: GenerateRequest) -> int:
    """The most that the request allows and says; a set whose size it leaves open has one."""
    params = _whole_input(request)
    return min(model.image_bounds(params)[1], model.image_bounds(model.assume(params))[1])


def _describe_size(model: Model, params: Mapping[str, object]) -> tuple[str, ...]:
    """Tier and ratio as they hold, whether written or assumed."""
    pixels, assumed = model.profile.pixels, model.assume(params)
    names = () if pixels is None else (pixels.tier, pixels.ratio)
    return tuple(str(assumed[name]) for name in names if name is not None and name in assumed)


def _describe_reference(reference: WireReference, number: int) -> PlaceholderReference:
    match reference:
        case WireFile(path, facts):
            size = f"{facts.width_px} × {facts.height_px}"
            return PlaceholderReference(f"image {number} · {size}", path, size)
        case WireUrl(url):
            parts = urlsplit(url)
            return PlaceholderReference(
                f"image {number} · URL", None, f"{parts.netloc}{parts.path} (not fetched)"
            )


def _first_reference_px(references: tuple[WireReference, ...]) -> tuple[int, int] | None:
    first = references[0] if references else None
    return (first.facts.width_px, first.facts.height_px) if isinstance(first, WireFile) else None


def _seed(request: GenerateRequest, number: int) -> str:
    """Everything that makes one picture another one: the request, its take and its number."""
    references = [
        found.facts.digest if isinstance(found, WireFile) else found.url for found in request.references
    ]
    known = [_VERSION, request.model, dict(request.params), references, request.context.take, number]
    return canonical_json(known).decode()
