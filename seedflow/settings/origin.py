"""Where a setting's value came from, so that `doctor` can say it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from seedflow.diagnostics import Span


class Layer(StrEnum):
    """The layers, the strongest first."""

    COMMAND_LINE = "command line"
    ENVIRONMENT = "environment"
    PROJECT = "project"
    USER = "user"
    DEFAULT = "default"


@dataclass(frozen=True, slots=True)
class Origin:
    """A layer, and the place in it: an option, a variable, or `file:line:column`; empty for defaults."""

    layer: Layer
    place: str = ""

    def __str__(self) -> str:
        return f"{self.layer}: {self.place}" if self.place else str(self.layer)


DEFAULT: Final = Origin(Layer.DEFAULT)


@dataclass(frozen=True, slots=True)
class Found:
    """A value that one layer gives, checked, and where it stands there; of a file, its key and itself."""

    value: object
    origin: Origin
    key: Span | None = None
    span: Span | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of `doctor`: a setting's name, its value as it may be shown, and where it came from."""

    name: str
    value: str
    origin: Origin
