"""How files of outputs are called: by their `file` template, or else by output, step, keys, take, pass and number."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial

from seedflow.canonical import build_slug, fit_name
from seedflow.diagnostics import Diagnostic
from seedflow.graph.published import PublishedSteps
from seedflow.images.facts import FileImage, UrlImage
from seedflow.plan.frames import NOTHING, Env
from seedflow.plan.instances import Unit
from seedflow.plan.model import StepImage
from seedflow.plan.resolve import Resolver
from seedflow.plan.views import build_image_view, name_image
from seedflow.recipe.file_paths import PICTURE_ENDING, is_fit_for_name, read_file_path
from seedflow.recipe.leaves import quote
from seedflow.recipe.model import Output
from seedflow.recipe.references import NameReference
from seedflow.recipe.template import RenderError, Scope, Template
from seedflow.recipe.views import View

NOT_KNOWN = "template-not-known"
"""The code of a name that depends on what only the images themselves say, or on images that are not known yet."""

_KEY = re.compile(r"[\w~-]+")
_KEYS = re.compile(r"[\w~./-]+(?:,[\w~./-]+)+")
_NUMBER = re.compile(r"-?\d+(\.\d+)?(e[+-]?\d+)?")
ANY_IMAGE = "{{ image.key }}-{{ image.number }}"
_EMPTY = "\0"
"""Stands for an empty value until its part of the path is there; no text of a recipe or a value has it in a name."""
_TEXT_HELP = "print what has a text of it: `….name` of an image, `….key` of a task, a field of a record"


@dataclass(frozen=True, slots=True)
class Slot:
    """One image that an output publishes or may publish; `single` when its task can give no other one here.

    An input's image has no address; `view` is what the template of its file sees. `lone` when the output is this image alone.
    `around` are the values of `each` of the uses of recipes that it comes out of. One that `moves` has no place in the output that is known.
    """

    address: str
    number: int
    image: StepImage | FileImage | None
    single: bool
    view: View | None = None
    lone: bool = False
    around: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    moves: bool = False

    @property
    def place(self) -> tuple[str, int | str]:
        """What is the same where an output has one image twice; a local one is told by its place, and by its name where that is not known."""
        if self.moves and isinstance(self.image, FileImage):
            return ("", self.image.name)
        return (self.address, self.number)

    def describe(self) -> str:
        """The image in words."""
        if isinstance(self.image, FileImage):
            return quote(self.image.name)
        return f"{self.address} image {self.number}" if self.address else f"image {self.number}"


class FileNamer:
    """Names the files of one output."""

    def __init__(
        self, output: Output, steps: PublishedSteps, env: Env, resolver: Resolver, *, lone: bool
    ) -> None:
        self._output = output
        self._steps = steps
        self._env = env
        self._resolver = resolver
        self._lone = lone

    def find_path(self, slot: Slot) -> str | Diagnostic:
        """The path of one image below the output folder, without an ending."""
        unit = self._resolver.find_unit(slot.address) if slot.address else None
        file = self._output.file
        if file is None:
            return _fit(self._default_path(slot, unit))
        own = {} if unit is None else unit.each
        each = self._resolver.refresh(Env(self._env.frame, {**slot.around, **own})).each
        image = slot.view if unit is None else _image_view(slot, unit, each)
        scope = Scope(each=each, recipe=self._env.frame.recipe, image=image)
        said = list(_list_views(image, *each.values()))
        pictures = {text for view in said if _is_given(view) for text in _list_names(view)}
        keys = {text for view in said for text in _list_names(view)} - pictures
        finish = partial(finish_part, keys=keys, pictures=pictures)
        try:
            text = file.render(scope, as_text=True, finish=finish)
        except RenderError as error:
            wrong = file.diagnose(error)
            if error.code == "template-not-text":
                return replace(wrong, help=_TEXT_HELP)
            return (
                _explain_each(wrong, file, slot, unit, each) if error.code == "template-undefined" else wrong
            )
        return read_file_path(file, _settle_empty(str(text)), slot.describe())

    def _default_path(self, slot: Slot, unit: Unit | None) -> str:
        folder = self._output.name
        if unit is None:
            return folder if slot.single else f"{folder}/{slot.number}"
        instance = unit.instance
        node = instance.tasks.node
        keys = [*instance.tasks.frame.keys, *(key for _, key in instance.keys)]
        if not keys and slot.single and (slot.lone or self._lone):
            return folder
        parts = [_spell_key(key) for key in keys]
        label = self._steps.labels.get(node.id)
        if label is not None or not keys:
            parts.insert(0, label or node.step.name)
        if instance.tasks.takes > 1:
            parts.append(f"t{unit.slot}")
        if node.id in self._steps.passes or not unit.last:
            parts.append(f"p{unit.number}")
        if not slot.single:
            parts.append(str(slot.number))
        return f"{folder}/{'-'.join(parts)}"


def _settle_empty(path: str) -> str:
    """A path in which an empty value prints nothing beside something else, and stands for itself where its part has nothing else."""
    if _EMPTY not in path:
        return path
    parts = []
    for part in path.split("/"):
        rest = part.replace(_EMPTY, "")
        parts.append(rest if rest and not rest.startswith(".") else f"_{rest}" if rest != part else part)
    return "/".join(parts)


def _fit(path: str) -> str:
    return "/".join(map(fit_name, path.split("/")))


def _explain_each(
    wrong: Diagnostic, file: Template, slot: Slot, unit: Unit | None, each: Mapping[str, object]
) -> Diagnostic:
    """Which image has no such name in `each`, and what all have."""
    mentioned = (one for one in file.references if isinstance(one, NameReference) and one.root == "each")
    missing = next((one.name for one in mentioned if one.name not in each), None)
    if missing is None:
        return wrong
    if unit is not None:
        which = f"{slot.describe()}: step `{unit.instance.tasks.node.step.name}` has no such variable in `for_each`"
    else:
        which = f"{slot.describe()}: no step made this local image"
    return replace(
        wrong,
        message=f"`each` has no `{missing}` for {which}",
        help=wrong.help
        or "name it by what all these images have, such as `{{ image.name }}`, or publish it by an output of its own",
    )


def propose_file(unit: Unit | None, *, single: bool) -> str:
    """What to write as `file` so that no two images of one step have one name.

    Each variable has a folder of its own: joined, two of them may read like two others.
    """
    if unit is None:
        return "{{ image.key }}"
    mentions = list(_mention_variables(unit))
    if len(mentions) < 2 or None in mentions:
        return ANY_IMAGE
    names = [mention for mention in mentions if mention is not None]
    if unit.instance.tasks.takes > 1:
        names.append("image.take")
    if not single:
        names.append("image.number")
    return "/".join(f"{{{{ {name} }}}}" for name in names)


def _mention_variables(unit: Unit) -> Iterator[str | None]:
    """What tells the values of each variable apart; None where that is not known, or where the edit of a pass does."""
    tasks = unit.instance.tasks
    key_fields = {name: variable.key for variable in tasks.node.step.for_each for name in variable.names}
    for name, value in {**tasks.frame.each, **unit.instance.each}.items():
        if isinstance(value, View):
            yield f"each.{name}.{'name' if value.kind == 'image' else 'key'}"
        elif isinstance(value, Mapping):
            field = key_fields.get(name)
            yield None if field is None else f"each.{name}.{field}"
        else:
            yield f"each.{name}" if isinstance(value, str | int | float) else None
    if tasks.node.step.iterate is not None:
        yield None


def finish_part(text: str, keys: Collection[str] = (), pictures: Collection[str] = ()) -> str:
    """A value that is put into a path: its slug, which never leads into another folder.

    Of `keys`, of what reads like keys of a task, and of numbers everything stays that tells them apart; of names of `pictures`
    that somebody gave everything by which people know them. An ending of a picture gives way where it is written, so that one
    that a value brings may not be taken for that. An empty value is marked, since what stands beside it decides.
    """
    if not text.strip():
        return _EMPTY
    if text in pictures:
        return _guard_ending(_spell_picture(text))
    if text in keys or _KEYS.fullmatch(text):
        return _guard_ending("-".join(_spell_key(key) for key in text.split(",")))
    return text if _KEY.fullmatch(text) or _NUMBER.fullmatch(text) else build_slug(text)[0] or "_"


def _guard_ending(name: str) -> str:
    return PICTURE_ENDING.sub(r"-\1", name) or "_"


def _spell_key(key: str) -> str:
    """A key as a part of a name: that of a picture may be a path."""
    return key.replace("/", "-").strip(".")


def _spell_picture(name: str) -> str:
    """The name of a picture, or its path, without what some file system refuses: odd spaces become `-` as in a slug, the rest goes."""
    spelled = "".join(
        char if is_fit_for_name(char) else "-" if char.isspace() else "" for char in name.replace("/", "-")
    )
    return fit_name(spelled.strip(". "))


def _list_views(*values: object) -> Iterator[View]:
    """The images and tasks that a template of `file` may ask, in fields of records as well."""
    for value in values:
        if isinstance(value, View):
            yield value
        elif isinstance(value, Mapping):
            yield from _list_views(*value.values())
        elif isinstance(value, list | tuple):
            yield from _list_views(*value)


def _list_names(view: View) -> Iterator[str]:
    """What an image or a task says of its key and name."""
    said = (view.attributes.get(name) for name in ("key", "name"))
    return (text for text in said if isinstance(text, str))


def _is_given(view: View) -> bool:
    """Whether it is an image that no step makes, so that somebody else chose its name."""
    return isinstance(view.subject, FileImage | UrlImage)


def _image_view(slot: Slot, unit: Unit, each: Mapping[str, object]) -> View:
    if isinstance(slot.image, StepImage):
        return build_image_view(slot.image, unit, each)
    known = {
        "number": slot.number,
        "key": unit.instance.key,
        "take": unit.slot,
        "each": each,
        "name": name_image(unit, slot.number),
    }
    later = dict.fromkeys(("width", "height", "format", "digest"), "the image does not exist yet")
    return View("image", known, None, later)
