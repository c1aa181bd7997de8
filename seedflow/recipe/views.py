"""What templates may look at: plain data and frozen views with a table of attributes, never objects of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True, eq=False)
class View:
    """One thing that templates may ask for attributes and nothing else.

    `subject` is for the caller that put the view in (an image's source, a task's address); templates never reach it.
    An attribute whose value is not known is left out of `attributes` and named in `missing` with the reason.
    """

    kind: Literal["image", "task", "reference"]
    attributes: Mapping[str, object]
    subject: object = None
    missing: Mapping[str, str] | None = None
