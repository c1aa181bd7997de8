"""Two images that would go into one file, or one into a folder that is the other: which they are, and how to tell them apart."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

from seedflow.diagnostics import Diagnostic, Related, Severity
from seedflow.images.facts import FileImage, ImageFormat
from seedflow.plan.file_names import ANY_IMAGE, Slot, propose_file
from seedflow.plan.instances import Unit
from seedflow.plan.resolve import Resolver
from seedflow.plan.views import name_image
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Output

SAME_FILE = "same-file"

_WORDS = {
    ImageFormat.JPEG.extension: "JPEG",
    ImageFormat.PNG.extension: "PNG",
    ImageFormat.WEBP.extension: "WebP",
}
_OF_A_PICTURE = re.compile(r"\.(width|height|format)\b")


_ENDINGS = tuple(kind.extension for kind in ImageFormat)


@dataclass(frozen=True, slots=True)
class _Taken:
    """A path that an image has."""

    output: Output
    slot: Slot
    path: str
    unit: Unit | None


class TakenPaths:
    """The paths of a recipe's files. Two that differ in case alone are one: on many systems they would be one file.

    Of images that are `rehearsed`, nobody knows what they will look like.
    """

    def __init__(self, resolver: Resolver, *, rehearsed: bool = False) -> None:
        self._resolver = resolver
        self._rehearsed = rehearsed
        self._taken: dict[str, _Taken] = {}
        self._inside: dict[str, _Taken] = {}
        """The first image in each folder that is called as a picture is."""

    def take(self, output: Output, slot: Slot, path: str) -> Diagnostic | None:
        """Give a path to an image; the diagnostic when another one has it."""
        unit = self._resolver.find_unit(slot.address) if slot.address else None
        mine = _Taken(output, slot, path, unit)
        first = self._taken.setdefault(path.casefold(), mine)
        if first is not mine:
            same = first.output is output and first.slot.place == slot.place
            return None if same else _refuse(first, mine, rehearsed=self._rehearsed)
        return self._find_folder(mine)

    def _find_folder(self, mine: _Taken) -> Diagnostic | None:
        """What is wrong where its file would be a folder of others, or a folder of its file another file."""
        for folder, stem, ending in _list_picture_folders(mine.path):
            self._inside.setdefault(folder.casefold(), mine)
            file = self._taken.get(stem.casefold())
            if file is not None and ending in self._endings_of(file):
                return self._refuse_folder(file, mine, folder)
        for ending in self._endings_of(mine) if self._inside else ():
            inside = self._inside.get(f"{mine.path}.{ending}".casefold())
            if inside is not None:
                found = _list_picture_folders(inside.path)
                folder = next(one for one, stem, _ in found if stem.casefold() == mine.path.casefold())
                return self._refuse_folder(mine, inside, folder)
        return None

    def _endings_of(self, taken: _Taken) -> tuple[str, ...]:
        """How the file of an image may end: by its format, or by any while nobody knows that."""
        image = taken.slot.image
        if image is not None and (isinstance(image, FileImage) or not self._rehearsed):
            return (image.facts.format.extension,)
        return _ENDINGS

    def _refuse_folder(self, file: _Taken, inside: _Taken, folder: str) -> Diagnostic:
        known = len(self._endings_of(file)) == 1
        ending = folder.rpartition(".")[2]
        unless = f" if it is a {_WORDS[ending.casefold()]}, which is known only when it is paid"
        template = inside.output.file
        return Diagnostic(
            SAME_FILE,
            f"{inside.slot.describe()} would be published into the folder `{folder}`, and {file.slot.describe()} as a file of that name{'' if known else unless}",
            inside.output.span if template is None else template.scalar.span,
            Severity.ERROR if known else Severity.WARNING,
            help=f"give the folder another name, without `.{ending}`",
            related=()
            if file.output is inside.output
            else (Related(file.output.span, f"output `{file.output.name}` writes the file"),),
        )


def doubt(problem: Diagnostic) -> Diagnostic:
    """The same as a warning, where only the run decides whether it comes to that."""
    if problem.severity is Severity.WARNING:
        return problem
    if problem.code == SAME_FILE:
        said = "if both come to be, which is known only when they are paid"
    else:
        said = "if it comes to that, which is known only when the images are paid"
    return replace(problem, severity=Severity.WARNING, message=f"{problem.message}, {said}")


def _list_picture_folders(path: str) -> Iterator[tuple[str, str, str]]:
    """The folders on the way that are called as pictures are: each one, and its name without the ending and the ending."""
    if "." not in path:
        return
    parts = path.split("/")
    for count in range(1, len(parts)):
        stem, _, ending = parts[count - 1].rpartition(".")
        if stem and ending.casefold() in _WORDS:
            folder = "/".join(parts[:count])
            yield folder, folder[: -len(ending) - 1], ending.casefold()


def _refuse(first: _Taken, second: _Taken, *, rehearsed: bool) -> Diagnostic:
    output = second.output
    span = output.file.scalar.span if output.file is not None else output.span
    related = (
        ()
        if first.output is output
        else (Related(first.output.span, f"output `{first.output.name}` writes it too"),)
    )
    both = f"{first.slot.describe()} and {second.slot.describe()}"
    severity = Severity.ERROR
    pictures = list(dict.fromkeys([*_list_of_picture(first.output), *_list_of_picture(output)]))
    one_image = first.slot.describe() == second.slot.describe()
    if rehearsed and pictures and one_image and first.slot.address and output.file is not None:
        message = f"{second.slot.describe()} would be published twice as `{output.file.scalar.value.strip()}`, by two outputs"
    elif rehearsed and pictures:
        severity = Severity.WARNING
        message = (
            f"{both} would go into one file if their {' and '.join(pictures)} {'are' if pictures[1:] else 'is'} the same, "
            "which is known only when they are paid"
        )
    elif one_image:
        spelled = list(dict.fromkeys([first.path, second.path]))
        by = "this output" if first.output is output else "two outputs"
        one_file = ", which on many systems are one file" if spelled[1:] else ""
        message = f"{second.slot.describe()} would be published twice by {by}, as {' and '.join(map(quote, spelled))}{one_file}"
    elif first.path == second.path:
        message = f"{both} would both be published as `{second.path}`"
    else:
        message = f"{both} would be published as `{first.path}` and `{second.path}`, which on many systems are one file"
    return Diagnostic(SAME_FILE, message, span, severity, help=_advise(first, second), related=related)


def _list_of_picture(output: Output) -> list[str]:
    """What the name of an output's files says of the pictures themselves, such as their width."""
    return _OF_A_PICTURE.findall(output.file.scalar.value) if output.file is not None else []


def _advise(first: _Taken, second: _Taken) -> str:
    output, slot, unit, other = second.output, second.slot, second.unit, first.unit
    if first.output is not output:
        return f"put each output into a folder of its own, such as `{output.name}/…`"
    if unit is None or other is None:
        if unit is other:
            proposal = propose_file(unit, single=slot.single)
            same_picture = first.slot.describe() == slot.describe()
            if same_picture or (output.file is not None and proposal in output.file.scalar.value):
                return "tell them apart by what their tasks were made with, such as `{{ each.NAME }}/…`, or take one of them out"
            return f"tell them apart in `file:`, for example with `{proposal}`"
        return "name them in two outputs"
    if unit.instance.tasks.hub != other.instance.tasks.hub:
        names = [name_image(one.unit, one.slot.number) for one in (first, second) if one.unit is not None]
        if names[0].casefold() == names[1].casefold():
            return "name them in two outputs, one for each step"
        return "tell them apart in `file:`, for example with `{{ image.name }}`, in which the step stands"
    if _fold_keys(unit) == _fold_keys(other) and unit.instance is not other.instance:
        return "rename one of the two that they come from, or name the files by `{{ image.digest }}`"
    if unit.instance is other.instance and unit.instance.tasks.node.step.iterate is not None:
        return "tell them apart in `file:`, for example with `{{ image.name }}`, in which the number of the edit stands"
    proposal = propose_file(unit, single=slot.single)
    written = "" if output.file is None else output.file.scalar.value
    if ".key" not in written and proposal in written:
        return f"name them by `{ANY_IMAGE}`, or rename what they come from: not everything of a value stays in a path"
    if proposal in written or (".key" in written and "each." not in proposal):
        return "rename what they come from: not everything of a value stays in a path"
    return f"tell them apart in `file:`, for example with `{proposal}`"


def _fold_keys(unit: Unit) -> list[str]:
    """The keys of a task as systems read them that know no capitals."""
    keys = [*unit.instance.tasks.frame.keys, *(key for _, key in unit.instance.keys)]
    return [key.casefold() for key in keys]
