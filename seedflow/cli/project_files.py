"""The files of a new project, and putting them into a folder so that nothing that is there is touched.

Each file appears whole or not at all, and one that says already what it should is left alone: who was interrupted runs
`seedflow init` again. What fails halfway is taken back.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from seedflow.errors import UsageError
from seedflow.failpoints import Step
from seedflow.settings.files import PROJECT_FILE, STATE_FOLDER

RECIPE: Final = "recipes/postcards.yaml"
SCHEMA: Final = ".vscode/seedflow.schema.json"
EDITOR: Final = ".vscode/settings.json"
IGNORE: Final = ".gitignore"
IGNORED: Final = (f"{STATE_FOLDER}/", "outputs/")

_UNFINISHED: Final = ".seedflow-new"
"""The end of the name under which a file is written before it gets its own."""

RECIPE_TEXT: Final = f"""\
# yaml-language-server: $schema=../{SCHEMA}
# One character, then a postcard of it from each place. Every key is explained by your editor, or in the language's reference.
seedflow: 1
name: postcards
description: One traveller, a postcard from each place.

inputs:
  traveller:
    type: text
    description: Who sends the postcards.
    default: a small tin owl with a red scarf
  places:
    type: list
    of: text
    description: Where they come from, a postcard each.
    default: [a lighthouse in a storm, a library at night, the top of a dune]

steps:
  portrait:
    description: What the traveller looks like, so that every postcard shows the same one.
    generate:
      prompt: "Character design of {{{{ inputs.traveller }}}}, front view, plain background"
      aspect_ratio: 1:1

  postcard:
    description: One for each place.
    for_each:
      place: "{{{{ inputs.places }}}}"
    generate:
      prompt: "A painted postcard: the character of {{{{ ref.traveller }}}} at {{{{ each.place }}}}"
      image_input:
        traveller: "{{{{ steps.portrait.images[0] }}}}"
      aspect_ratio: 3:2

outputs:
  postcards:
    images: "{{{{ steps.postcard.images }}}}"
    file: "{{{{ each.place }}}}"
"""

SETTINGS_TEXT: Final = """\
# Settings of this project. All of them are optional; take away the `#` in front of those that you want.
# `seedflow doctor` shows what counts, and where it came from. What names your account stands in the environment
# (CLOUDFLARE_ACCOUNT_ID, CLOUDFLARE_API_TOKEN), never here.

# provider:
#   name: cloudflare          # or sketch: placeholders, drawn here for nothing
#   gateway: default          # id of the AI Gateway; its log is where lost answers are found
#   concurrency: 16           # calls in flight at once
#   calls_per_minute: 200     # calls that may begin within a minute
#   timeouts:
#     connect_s: 10
#     read_s: 600
#     total_s: 900
#     log_s: 60

# references: auto            # how pictures travel: auto, url, data or upload

# upload:                     # the bucket itself and its keys stand in the environment, too
#   prefix: seedflow          # what the names of uploaded pictures begin with
#   link_lifetime_s: 3600     # how long a link to one is valid

# budget:                     # US dollars; nothing is sent that would pass one of them
#   run_usd: 2.00
#   step_usd: 1.00
#   day_usd: 5.00
#   project_usd: 50.00

# prices:                     # US dollars per image: more than the catalog says, or where it says nothing
#   bytedance/seedream-4.5: 0.04

# models: models              # a folder that is there, with cards of further models

# outputs:
#   folder: outputs           # each recipe has a folder of its own below it
"""

EDITOR_SETTINGS: Final = {"yaml.schemas": {SCHEMA: ["recipes/*.yaml", "!recipes/*.picks.yaml"]}}


@dataclass(frozen=True, slots=True)
class NewFile:
    """One file. `kept` is what stands there now and stays at its beginning."""

    path: Path
    content: bytes
    kept: bytes | None = None


@dataclass(frozen=True, slots=True)
class Project:
    """What is to be written, in this order, and what to say about what is not."""

    folder: Path
    files: tuple[NewFile, ...]
    notes: tuple[str, ...]


def build_project(folder: Path, schema: object) -> Project:
    """What a folder lacks to be a project. Writes nothing.

    Raises:
        UsageError: something stands in the way; all of it is named.
    """
    wanted = {
        SCHEMA: json.dumps(schema, ensure_ascii=False, indent=2) + "\n",
        EDITOR: json.dumps(EDITOR_SETTINGS, indent=2) + "\n",
        IGNORE: "".join(f"{line}\n" for line in IGNORED),
        PROJECT_FILE: SETTINGS_TEXT,
        RECIPE: RECIPE_TEXT,
    }
    _refuse_folder(folder)
    files, notes, in_the_way = [], [], list(_find_blocked_folders(folder, wanted))
    for name, text in wanted.items():
        path = folder / name
        content = text.encode()
        there = _read(path)
        if not os.path.lexists(path):
            files.append(NewFile(path, content))
        elif there is None or (there != content and name not in (IGNORE, EDITOR)):
            in_the_way.append(name)
        elif name == IGNORE:
            files.extend(_add_lines(path, there))
        elif name == EDITOR and there != content:
            notes.append(_advise_editor(there))
    if in_the_way:
        names = ", ".join(dict.fromkeys(in_the_way))
        raise UsageError(
            f"{_call(folder)} has {names} already, and nothing there is ever overwritten; nothing was written",
            help="choose another folder, or move what stands in the way",
        )
    return Project(folder, tuple(files), tuple(filter(None, notes)))


def _call(folder: Path) -> str:
    return "this folder" if folder == Path() else str(folder)


def _refuse_folder(folder: Path) -> None:
    nearest = folder.absolute()
    while not os.path.lexists(nearest):
        nearest = nearest.parent
    if not nearest.is_dir():
        raise UsageError(f"{nearest} is not a folder", help="choose another name")
    if not os.access(nearest, os.W_OK | os.X_OK):
        raise UsageError(f"{nearest} is not writable", help="choose another folder")


def _find_blocked_folders(folder: Path, wanted: dict[str, str]) -> Iterator[str]:
    """What stands where a folder must be, and folders that lead or stay outside."""
    for name in dict.fromkeys(str(Path(name).parent) for name in wanted):
        place = folder / name
        if name != "." and os.path.lexists(place) and (place.is_symlink() or not place.is_dir()):
            yield name


def _read(path: Path) -> bytes | None:
    """What a regular file holds; None for everything else."""
    try:
        return path.read_bytes() if path.is_file() else None
    except OSError:
        return None


def _add_lines(path: Path, there: bytes) -> Iterator[NewFile]:
    lines = {line.strip() for line in there.decode("utf-8", "replace").splitlines()}
    missing = [
        line for line in IGNORED if not {line, f"/{line}", line.rstrip("/"), f"/{line.rstrip('/')}"} & lines
    ]
    if missing:
        gap = b"" if not there or there.endswith(b"\n") else b"\n"
        yield NewFile(path, there + gap + "".join(f"{line}\n" for line in missing).encode(), kept=there)


def _advise_editor(there: bytes) -> str:
    if SCHEMA.encode() in there:
        return ""
    wanted = json.dumps(EDITOR_SETTINGS["yaml.schemas"])
    return (
        f'{EDITOR} was there and stays as it is; for recipes of your own, add to it: "yaml.schemas": {wanted}'
    )


def place_project(project: Project) -> tuple[Path, ...]:
    """Write the files; gives those that are new or longer now.

    Raises:
        UsageError: a file could not be written; those before it are taken away again.
    """
    undo: list[NewFile | Path] = []
    file: NewFile | None = None
    try:
        for file in project.files:
            for parent in _list_missing(file.path.parent):
                with Step.PROJECT_FOLDER:
                    parent.mkdir()
                undo.append(parent)
            _place(file)
            undo.append(file)
    except OSError as error:
        _take_back(undo)
        at = project.folder if file is None else file.path
        raise UsageError(
            f"{at} could not be written: {error.strerror or error}; nothing was changed",
            help="see that there is room and that the folder may be written to",
        ) from None
    return tuple(file.path for file in project.files)


def _list_missing(folder: Path) -> list[Path]:
    """The folders that must be made, outermost first."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    return missing[::-1]


def _place(file: NewFile) -> None:
    """Write under another name, then give it its own, unless somebody else has taken that meanwhile."""
    unfinished = file.path.with_name(f"{file.path.name}{_UNFINISHED}")
    try:
        unfinished.unlink(missing_ok=True)
        with Step.PROJECT_WRITE, unfinished.open("xb") as stream:
            stream.write(file.content)
            stream.flush()
            os.fsync(stream.fileno())
        if file.kept is not None:
            if file.path.read_bytes() != file.kept:
                raise FileExistsError(0, "it was changed just now")
            with Step.PROJECT_PLACE:
                unfinished.chmod(file.path.stat().st_mode & 0o7777)
                unfinished.replace(file.path)
            return
        try:
            with Step.PROJECT_PLACE:
                os.link(unfinished, file.path)
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            with Step.PROJECT_PLACE, file.path.open("xb") as stream:
                stream.write(file.content)
    finally:
        unfinished.unlink(missing_ok=True)


def _take_back(undo: list[NewFile | Path]) -> None:
    """Undo what was done, last first, and nothing else: a folder that has something in it by now stays."""
    for done in reversed(undo):
        with suppress(OSError):
            if isinstance(done, Path):
                done.rmdir()
            elif done.path.read_bytes() == done.content:
                if done.kept is None:
                    done.path.unlink()
                else:
                    done.path.write_bytes(done.kept)
