"""The file in which results travel between machines: what lies where in it, and one result as a line of JSON.

A ZIP without compression: `seedflow-export.json` (version, counts, the digest of the list), `results.jsonl` (a result on each
line), `pictures/HEX` (pictures exactly as received, named by their sha256). Neither answers nor their addresses are in it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeGuard

from seedflow.errors import ExitCode, SeedflowError
from seedflow.images.facts import ImageFacts, ImageFormat
from seedflow.store.base import RequestRecord

ARCHIVE_VERSION: Final = 1
HEAD: Final = "seedflow-export.json"
RESULTS: Final = "results.jsonl"
PICTURES: Final = "pictures/"

LARGEST_HEAD_BYTES: Final = 64 << 10
LONGEST_LINE_BYTES: Final = 8 << 20
LARGEST_PICTURE_BYTES: Final = 64 << 20
MOST_MICROS: Final = 10**15
MOST_TAKES: Final = 10**6

_REALM: Final = re.compile(r"[\w.:\[\]-]{1,255}")
_FINGERPRINT: Final = re.compile(r"request/[0-9]{1,3}:[0-9A-Za-z]{1,128}")
_PARAMS_DIGEST: Final = re.compile(r"params/[0-9]{1,3}:[0-9A-Za-z]{1,128}")
_INTENT: Final = re.compile(r"[0-9A-Za-z_-]{1,100}")
_DIGEST: Final = re.compile(r"sha256:[0-9a-f]{64}")
_KEPT_OF_REFERENCES: Final = ("name", "digest", "url", "from")


class ArchiveError(SeedflowError):
    """A file of results that cannot be taken (`kind`: `not-an-archive`, `cut`, `newer`, `damaged`, `unsafe`, `unreadable`)."""

    exit_code = ExitCode.USAGE

    def __init__(self, message: str, *, kind: str, help: str | None = None) -> None:  # noqa: A002 - the word users see
        super().__init__(message, help=help)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class ArchivedResult:
    """One result as it travels. `cost_micros` is what it cost where it was asked; times are Unix seconds."""

    request: RequestRecord
    attempt: int
    intent_id: str
    cost_micros: int
    sent_at: float
    answered_at: float
    images: tuple[ImageFacts, ...]


@dataclass(frozen=True, slots=True)
class ArchiveHead:
    """What an archive says of itself."""

    results: int
    pictures: int
    results_digest: str
    made_by: str


def render_head(head: ArchiveHead) -> bytes:
    """The first entry of an archive."""
    value = {
        "seedflow_export": ARCHIVE_VERSION,
        "made_by": head.made_by,
        "results": head.results,
        "pictures": head.pictures,
        "results_digest": head.results_digest,
    }
    return (json.dumps(value, indent=2) + "\n").encode()


def parse_head(data: bytes) -> ArchiveHead:
    """The inverse of `render_head`.

    Raises:
        ArchiveError: not one of ours, or newer.
    """
    value = _parse_object(data, HEAD)
    version = value.get("seedflow_export")
    if not _is_int(version, 1, 10**6):
        raise ArchiveError(f"{HEAD}: `seedflow_export` is not the number of a format", kind="not-an-archive")
    if version > ARCHIVE_VERSION:
        raise ArchiveError(
            f"the file has format {version}; this seedflow knows formats up to {ARCHIVE_VERSION}",
            kind="newer",
            help="use the newer seedflow that wrote it; nothing was changed",
        )
    digest, results, pictures = (value.get(name) for name in ("results_digest", "results", "pictures"))
    if not (isinstance(digest, str) and _DIGEST.fullmatch(digest)):
        raise damaged(f"{HEAD}: `results_digest` is not a digest")
    if not (_is_int(results, 0, 10**9) and _is_int(pictures, 0, 10**9)):
        raise damaged(f"{HEAD}: `results` and `pictures` are not counts")
    return ArchiveHead(results, pictures, digest, str(value.get("made_by", "")))


def render_result(result: ArchivedResult) -> bytes:
    """One line of the list. How references travelled is left out, and so is whatever else belongs to one machine."""
    request = result.request
    value = {
        "realm": request.realm,
        "fingerprint": request.fingerprint,
        "take": request.take,
        "attempt": result.attempt,
        "intent": result.intent_id,
        "recipe": request.recipe,
        "address": request.address,
        "step": request.step,
        "model": request.model,
        "params": request.params,
        "params_digest": request.params_digest,
        "references_field": request.references_field,
        "references": [
            {name: one[name] for name in _KEPT_OF_REFERENCES if name in one} for one in request.references
        ],
        "cost_micros": result.cost_micros,
        "sent_at": result.sent_at,
        "answered_at": result.answered_at,
        "images": [
            {
                "digest": facts.digest,
                "size_bytes": facts.size_bytes,
                "width_px": facts.width_px,
                "height_px": facts.height_px,
                "format": facts.format.value,
            }
            for facts in result.images
        ],
    }
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode() + b"\n"


def parse_result(line: bytes, number: int) -> ArchivedResult:
    """One line of the list, believed in nothing.

    Raises:
        ArchiveError: (`damaged`) it is not what `render_result` writes.
    """
    where = f"{RESULTS}, line {number}"
    value = _parse_object(line, where)

    def text(name: str, shape: re.Pattern[str] | None = None, most: int = 4096) -> str:
        found = value.get(name)
        fits = isinstance(found, str) and len(found) <= most and "\0" not in found and _is_unicode(found)
        if isinstance(found, str) and fits and (shape is None or shape.fullmatch(found)):
            return found
        raise damaged(f"{where}: `{name}` is not what it should be")

    def whole(name: str, low: int, high: int) -> int:
        found = value.get(name)
        if not _is_int(found, low, high):
            raise damaged(f"{where}: `{name}` is not a whole number from {low} to {high}")
        return found

    def moment(name: str) -> float:
        found = value.get(name)
        if isinstance(found, bool) or not isinstance(found, (int, float)) or not -1e11 < found < 1e11:
            raise damaged(f"{where}: `{name}` is not a time")
        return float(found)

    params, references = value.get("params"), value.get("references")
    if not isinstance(params, dict) or not _is_unicode(line.decode("utf-8", "replace")):
        raise damaged(f"{where}: `params` is not an object")
    field = value.get("references_field")
    request = RequestRecord(
        realm=text("realm", _REALM),
        fingerprint=text("fingerprint", _FINGERPRINT),
        take=whole("take", 1, MOST_TAKES),
        recipe=text("recipe"),
        address=text("address", most=65536),
        step=text("step", most=65536),
        model=text("model"),
        params=params,
        params_digest=text("params_digest", _PARAMS_DIGEST),
        references_field=None if field is None else text("references_field"),
        references=_parse_references(references, where),
    )
    return ArchivedResult(
        request,
        whole("attempt", 1, MOST_TAKES),
        text("intent", _INTENT),
        whole("cost_micros", 0, MOST_MICROS),
        moment("sent_at"),
        moment("answered_at"),
        _parse_images(value.get("images"), where),
    )


def _parse_references(value: object, where: str) -> tuple[Mapping[str, object], ...]:
    wrong = damaged(f"{where}: `references` is not a list of digests and addresses")
    if not isinstance(value, list):
        raise wrong
    for one in value:
        if not isinstance(one, dict) or not set(one) <= set(_KEPT_OF_REFERENCES):
            raise wrong
        digest, url = one.get("digest"), one.get("url")
        if (digest is None) == (url is None) or not isinstance(digest or url, str):
            raise wrong
        if digest is not None and not _DIGEST.fullmatch(digest):
            raise wrong
    return tuple(value)


def _parse_images(value: object, where: str) -> tuple[ImageFacts, ...]:
    wrong = damaged(f"{where}: `images` is not a list of pictures")
    if not isinstance(value, list) or not 1 <= len(value) <= 1000:
        raise wrong
    found = []
    for one in value:
        if not isinstance(one, dict):
            raise wrong
        digest, form = one.get("digest"), one.get("format")
        size_bytes, width_px, height_px = (one.get(name) for name in ("size_bytes", "width_px", "height_px"))
        if not isinstance(digest, str) or not _DIGEST.fullmatch(digest):
            raise wrong
        if form not in {known.value for known in ImageFormat}:
            raise wrong
        most = LARGEST_PICTURE_BYTES
        if not (_is_int(size_bytes, 1, most) and _is_int(width_px, 1, most) and _is_int(height_px, 1, most)):
            raise wrong
        found.append(ImageFacts(digest, size_bytes, width_px, height_px, ImageFormat(form)))
    return tuple(found)


def damaged(message: str) -> ArchiveError:
    """The error for a file that is not as it was written."""
    return ArchiveError(message, kind="damaged", help="export it once more; nothing was changed")


def name_of_picture(digest: str) -> str:
    """Where a picture lies in an archive."""
    return PICTURES + digest.removeprefix("sha256:")


def _parse_object(data: bytes, where: str) -> dict[str, Any]:
    try:
        value = json.loads(data)
    except (ValueError, RecursionError):
        raise damaged(f"{where} is not JSON") from None
    if not isinstance(value, dict):
        raise damaged(f"{where} is not an object")
    return value


def _is_int(value: object, low: int, high: int) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and low <= value <= high


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def sum_micros(results: Sequence[ArchivedResult]) -> int:
    """What results cost where they were asked."""
    return sum(result.cost_micros for result in results)
