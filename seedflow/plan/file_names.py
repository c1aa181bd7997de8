"""What to write as `file` of an output so that no two images of its tasks can have one name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from seedflow.plan.instances import Unit
from seedflow.recipe.views import View

_ANY_IMAGE = "{{ image.key }}-{{ image.number }}"


def propose_file(unit: Unit | None, *, single: bool) -> str:
    """A template in which each variable has a folder of its own: joined, two of them may read like two others."""
    if unit is None:
        return "{{ image.number }}"
    mentions = list(_mention_variables(unit))
    if len(mentions) < 2 or None in mentions:
        return _ANY_IMAGE
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
