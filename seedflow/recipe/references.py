"""What a template mentions. Found by walking its syntax tree, in every branch, taken or not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Root: TypeAlias = Literal["inputs", "values", "each", "ref", "recipe", "image", "prev"]


@dataclass(frozen=True, slots=True)
class NameReference:
    """A mention of data in scope, such as `inputs.hero` or `each.scene.name`.

    `path` is what follows the root, as far as it is literal: `("scene", "name")`; the first is the name itself. That of
    `prev` holds only what follows. `start` and `end` are offsets into the scalar's value. `skip_ok` when it stands inside
    `first_of()` or `optional()`, which go on when it was skipped; `fail_ok` when inside `succeeded()`, which goes on without
    what failed.
    """

    root: Root
    path: tuple[str | int, ...]
    start: int
    end: int
    skip_ok: bool = False
    fail_ok: bool = False

    @property
    def name(self) -> str:
        """The input, value, variable or reference that is meant; `prev` for the image before as a whole."""
        return str(self.path[0]) if self.path else self.root


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of `.at()` or `.where()`: a literal, or data of `inputs` or `each`.

    `start` and `end` cover the whole of `scene=each.scene`, so that the variable's name begins at `start`.
    """

    variable: str
    value: str | int | float | bool | NameReference
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Selector:
    """`.at(scene=…)` names every variable and gives one task; `.where(season=…)` names some and gives several."""

    kind: Literal["at", "where"]
    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Slice:
    """`[start:stop:step]` with literal whole numbers, as in Python."""

    start: int | None
    stop: int | None
    step: int | None


@dataclass(frozen=True, slots=True)
class StepReference:
    """A mention of another step's results: `steps.page.at(scene=each.scene).images[0]`.

    `collection` None means the task itself (only after `.at`). `output` names the output after `.outputs`. `passes` are all
    images of a step with `iterate`, of which `images` are the last pass alone.
    `index` is the literal index or slice right after the collection; what follows (`.width`) is looked up when rendered.
    `start`, `end` cover the whole mention up to and with the index; `name_start`, `name_end` the step's name. All are
    offsets into the scalar's value. `skip_ok` and `fail_ok` as in `NameReference`.
    """

    step: str
    selector: Selector | None
    collection: Literal["images", "tasks", "outputs", "passes"] | None
    output: str | None
    index: int | Slice | None
    start: int
    end: int
    name_start: int
    name_end: int
    skip_ok: bool = False
    fail_ok: bool = False


Reference: TypeAlias = NameReference | StepReference


def is_one(mention: Reference) -> bool:
    """Whether it means one item of what a step gives, by a whole number."""
    return isinstance(mention, StepReference) and isinstance(mention.index, int)
