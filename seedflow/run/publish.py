"""Outputs to files: copies, never links to what was paid for. A file that is not ours, or was changed, stays as it is."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from seedflow.canonical import digest_bytes
from seedflow.images.facts import FileImage, ImageFacts
from seedflow.plan.model import PublishedImage, StepImage
from seedflow.run.status import Problem, PublishedFile
from seedflow.store.base import Store

MANIFEST = "manifest.json"
MANIFEST_VERSION = 1


@dataclass(frozen=True, slots=True)
class Published:
    """What was published, and what was left alone and why."""

    files: Mapping[str, tuple[PublishedFile, ...]]
    problems: tuple[Problem, ...]


@dataclass(frozen=True, slots=True)
class RunNote:
    """What the manifest says of the run that wrote it."""

    run_id: str
    recipe: str
    provider: str
    realm: str


def publish_outputs(
    outputs: Mapping[str, Sequence[PublishedImage]], folder: Path, store: Store, note: RunNote
) -> Published:
    """Copy every image of every output below `folder`, and list them in `manifest.json`.

    Blocks; call it from a thread. Files of earlier runs that no output names any more are kept and stay listed.

    Raises:
        OSError: the folder cannot be written.
        StoreError: an image is missing or damaged in the store.
    """
    if not any(outputs.values()) and not folder.exists():
        return Published(dict.fromkeys(outputs, ()), ())
    folder.mkdir(parents=True, exist_ok=True)
    listed = _read_manifest(folder)
    problems: list[Problem] = []
    files: dict[str, tuple[PublishedFile, ...]] = {}
    entries: dict[str, dict[str, Any]] = {}
    for name, images in outputs.items():
        published: list[PublishedFile] = []
        for image in images:
            facts = image.image.facts
            target = folder / image.path
            problem = _place(image, target, folder, listed.get(image.path), store)
            if problem is not None:
                problems.append(problem)
                continue
            entries[image.path] = _entry(image, target)
            published.append(PublishedFile(name, target, facts.digest, facts.width_px, facts.height_px))
        files[name] = tuple(published)
    for path, entry in listed.items():
        if path not in entries and (folder / path).is_file():
            entries[path] = {**entry, "current": False}
    _write_manifest(folder, entries, note)
    return Published(files, tuple(problems))


def _place(
    image: PublishedImage, target: Path, folder: Path, listed: Mapping[str, Any] | None, store: Store
) -> Problem | None:
    facts = image.image.facts
    escape = _leaves(target, folder)
    if escape is not None:
        return Problem(
            "not-published",
            f"{target} was not written: {escape} is a link that leads out of the output folder",
        )
    if target.is_symlink() or target.exists():
        if _unchanged(target, listed):
            if listed is not None and listed.get("digest") == facts.digest:
                return None
        elif not (target.is_file() and not target.is_symlink() and _digest(target) == facts.digest):
            return Problem(
                "not-published",
                f"{target} was not overwritten: it is not a file that seedflow published, or it was changed since",
                help="move it away, or choose another folder with --out",
            )
    target.parent.mkdir(parents=True, exist_ok=True)
    source = image.image.path if isinstance(image.image, FileImage) else store.verify_blob(facts)
    _copy(source, target)
    return None


def _copy(source: Path, target: Path) -> None:
    arriving = target.with_name(f".{target.name}.{os.getpid()}.part")
    try:
        shutil.copyfile(source, arriving)
        arriving.replace(target)
    finally:
        arriving.unlink(missing_ok=True)


def _leaves(target: Path, folder: Path) -> Path | None:
    for part in target.relative_to(folder).parents:
        if (folder / part).is_symlink() and part != Path():
            return folder / part
    return None


def _unchanged(target: Path, listed: Mapping[str, Any] | None) -> bool:
    if listed is None or target.is_symlink() or not target.is_file():
        return False
    found = target.stat()
    if found.st_size == listed.get("size_bytes") and found.st_mtime_ns == listed.get("mtime_ns"):
        return True
    return _digest(target) == listed.get("digest")


def _digest(path: Path) -> str:
    return digest_bytes(path.read_bytes())


def _entry(image: PublishedImage, target: Path) -> dict[str, Any]:
    facts: ImageFacts = image.image.facts
    found = target.stat()
    origin = (
        {"task": image.image.address, "take": image.image.take, "number": image.image.number}
        if isinstance(image.image, StepImage)
        else {"file": image.image.name}
    )
    return {
        "output": image.output,
        **origin,
        "digest": facts.digest,
        "width_px": facts.width_px,
        "height_px": facts.height_px,
        "size_bytes": found.st_size,
        "mtime_ns": found.st_mtime_ns,
        "current": True,
    }


def _read_manifest(folder: Path) -> dict[str, dict[str, Any]]:
    """Entries of an earlier manifest; a file that is not one counts as absent, so that nothing is overwritten on its word."""
    try:
        found = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
        files = found["files"]
        return {path: entry for path, entry in files.items() if isinstance(entry, dict)}
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return {}


def _write_manifest(folder: Path, entries: Mapping[str, Mapping[str, Any]], note: RunNote) -> None:
    text = json.dumps(
        {
            "seedflow_manifest": MANIFEST_VERSION,
            "run": note.run_id,
            "recipe": note.recipe,
            "provider": note.provider,
            "realm": note.realm,
            "files": {path: entries[path] for path in sorted(entries)},
        },
        ensure_ascii=False,
        indent=1,
    )
    arriving = folder / f".{MANIFEST}.{os.getpid()}.part"
    arriving.write_text(text + "\n", encoding="utf-8")
    arriving.replace(folder / MANIFEST)
