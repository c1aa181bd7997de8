"""What a project refers to outside of its state: the takes of its picks files, the pictures of its outputs' manifests."""

from __future__ import annotations

import json
import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from seedflow.diagnostics import Severity
from seedflow.errors import UsageError
from seedflow.recipe.picks import load_picks
from seedflow.run.publish import MANIFEST
from seedflow.settings.model import Settings
from seedflow.store.garbage import InUse, list_output_folders
from seedflow.text.files import real_path

PICKS: Final = ".picks.yaml"
_LARGEST_MANIFEST_BYTES: Final = 64 << 20


def find_in_use(settings: Settings) -> InUse:
    """Look for picks below the project's folder and for manifests below that of its outputs.

    Raises:
        UsageError: a file that may name what must stay cannot be read.
    """
    takes: dict[tuple[str, str], set[int]] = {}
    for path in _find_files(settings.folder, PICKS):
        picks, problems = load_picks(path)
        wrong = next((one for one in problems if one.severity is Severity.ERROR), None)
        if wrong is not None:
            raise UsageError(
                f"{path}: {wrong.message}; it may name what must stay, so nothing is removed", help=wrong.help
            )
        for realm, of_realm in picks.takes.items():
            for pick in of_realm.values():
                takes.setdefault((realm, pick.request), set()).add(pick.take)
    digests: set[str] = set()
    for path in _find_manifests(settings):
        digests.update(digest for _, digest in _read_manifest(path))
    return InUse(frozenset(digests), {name: frozenset(found) for name, found in takes.items()})


def find_sharing(settings: Settings) -> str | None:
    """Why other projects may use this state, too, whose picks and recipes nobody reads from here; None where nothing speaks for it.

    Recipes of two projects may have one name, and then only one of their plans is known: reading the files of both would not tell.

    Raises:
        StoreError: the state cannot be read.
    """
    own = real_path(settings.folder)
    if not real_path(settings.state_folder).is_relative_to(own):
        return "the state lies outside of this project"
    mine = (own, real_path(settings.outputs_folder))
    for folder in sorted(list_output_folders(settings.state_folder)):
        if not any(real_path(folder).is_relative_to(place) for place in mine):
            return f"a run wrote its outputs to {folder}, outside of this project"
    return None


def find_copies(settings: Settings, digests: Collection[str]) -> dict[str, list[Path]]:
    """Files among the outputs that have one of these digests by the manifest beside them. Manifests that cannot be read have none."""
    found: dict[str, list[Path]] = {}
    for path in _find_manifests(settings):
        with suppress(UsageError):
            for name, digest in _read_manifest(path):
                if digest in digests:
                    found.setdefault(digest, []).append(path.parent / name)
    return found


def _find_manifests(settings: Settings) -> Iterator[Path]:
    places = (settings.outputs_folder, settings.folder, *list_output_folders(settings.state_folder))
    for place in dict.fromkeys(places):
        yield from _find_files(place, MANIFEST)


def _find_files(root: Path, ending: str) -> Iterator[Path]:
    """Files whose names end so; hidden folders, the state among them, are passed over."""
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (Path(folder) / name for name in sorted(files) if name.endswith(ending))


def _read_manifest(path: Path) -> Iterator[tuple[str, str]]:
    """The files of a manifest by their paths, each with its digest."""
    try:
        if path.stat().st_size > _LARGEST_MANIFEST_BYTES:
            raise ValueError("it is too large")
        value = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as error:
        if path.name != MANIFEST:
            return
        raise UsageError(
            f"{path} cannot be read ({error}); it may name what must stay, so nothing is removed",
            help="mend it or move it away; the next run writes it anew",
        ) from None
    if not isinstance(value, dict) or "seedflow_manifest" not in value:
        return  # somebody else's
    files = value.get("files")
    for name, entry in files.items() if isinstance(files, dict) else ():
        if isinstance(entry, dict) and isinstance(entry.get("digest"), str):
            yield name, entry["digest"]
