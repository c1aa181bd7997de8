"""What templates may look at: plain data and frozen views with a table of attributes, never objects of ours."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

IMAGE_ATTRIBUTES: Final = ("width", "height", "format", "digest", "name", "number", "key", "take", "each")
"""What templates may ask an image; `width` and `height` in pixels, `number` counts from 1 within its task."""

TASK_ATTRIBUTES: Final = ("images", "each", "key", "outputs")
"""What templates may ask a task."""


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One thing that templates may ask for attributes and nothing else.

    `subject` is for the caller that put the view in (an image's source, a task's address); templates never reach it.
    An attribute whose value is not known is left out of `attributes` and named in `missing` with the reason.

    A `reference` is what `ref.NAME` gives. Its one attribute `text` is the words that stand for it in a prompt
    ("images 2 and 3"); templates do not ask for it, printing the reference prints it. With `text` in `missing` the
    reference is there, but its words are not known: true in a test, an error when printed. With `text` in neither the
    reference is absent: false in a test, an error when printed.

    An image is `one_of_passes` when it was mentioned as such: the key that it has in a loop says so.
    """

    kind: Literal["image", "task", "reference"]
    attributes: Mapping[str, object]
    subject: object = None
    missing: Mapping[str, str] | None = None
    one_of_passes: bool = False


class Row(Mapping[str, object]):
    """One row of a table: its values by the names of its columns; nothing in it ever changes.

    Templates look up columns and nothing else. Equal when their values are.
    """

    __slots__ = ("_key", "_values")

    def __init__(self, values: Mapping[str, object], key: str | None = None) -> None:
        self._values = dict(values)
        self._key = key

    @property
    def key(self) -> str | None:
        """The value of the table's key column as text; None where the table declares no key."""
        return self._key

    def __getitem__(self, name: str) -> object:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Row({self._values!r}, key={self._key!r})"


def is_absent(view: View) -> bool:
    """Whether it is a reference that the request does not have."""
    return (
        view.kind == "reference"
        and "text" not in view.attributes
        and not (view.missing and "text" in view.missing)
    )
