"""Where templates are worked out: inside which use of a recipe, with which inputs, and with which values of `each`.

A recipe that is used by a step gets its inputs from templates of its caller. Those are worked out when somebody asks for
them and not before, so that nothing waits at the border: a step inside waits for just the results that its own text uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from seedflow.graph.model import Frame
from seedflow.recipe.model import Argument, RefWords
from seedflow.recipe.template import Template
from seedflow.recipe.views import View

if TYPE_CHECKING:
    from seedflow.plan.instances import Group, ImageSource, Instance

NOTHING: Mapping[str, object] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Later:
    """A value of `each` that nobody knows before `after` has ended; templates never get to see it.

    Nobody will ever know it when it `failed` or was `skipped`, which name the result for which that is so. It is one of `tasks`
    where there are any.
    """

    after: tuple[str, ...]
    failed: str | None = None
    skipped: str | None = None
    tasks: tuple[Instance | Group, ...] = ()


@dataclass(frozen=True, slots=True, eq=False)
class Env:
    """What the templates of one task may see: its frame's names, its values of `each`, and the image before it."""

    frame: FrameInstance
    each: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    prev: View | None = None


@dataclass(frozen=True, slots=True, eq=False)
class FrameInstance:
    """One use of a recipe.

    `prefix` goes before the addresses inside. `hubs` are the wholes that every task inside is part of. `conditions` are
    those of the steps around it, each with its surroundings; `needs` are the steps that these wait for. `earlier` are the
    prefixes that it may have had before steps around it were renamed, nearest first. `keys` tell apart what has the same frame; `key_values` are what they are keys of. `sources` are the
    images and tasks that values of `each` around it come from, `behind` what its other values were worked out of; `each` has these values, for whoever names what comes out. Inside a `ghost` nothing is ever asked: it stands for
    instances that are not known yet.
    """

    frame: Frame
    prefix: str
    inputs: Mapping[str, object]
    values: Mapping[str, object]
    hubs: tuple[str, ...] = ()
    keys: tuple[str, ...] = ()
    key_values: tuple[object, ...] = ()
    conditions: tuple[tuple[Template, Env], ...] = ()
    needs: tuple[str, ...] = ()
    earlier: tuple[str, ...] = ()
    sources: tuple[ImageSource, ...] = ()
    behind: tuple[str, ...] = ()
    ghost: bool = False
    recipe: Mapping[str, object] = field(default_factory=lambda: NOTHING)
    each: Mapping[str, object] = field(default_factory=lambda: NOTHING)

    @property
    def ref_words(self) -> RefWords:
        """How references are worded: lexical, like everything that a recipe says."""
        return self.frame.recipe.ref_words

    @property
    def folder(self) -> Path:
        """Where the recipe's relative paths start."""
        return self.frame.recipe.folder

    @property
    def later(self) -> Mapping[str, tuple[Argument, Env]]:
        """The inputs that templates of the caller give, with the surroundings of those templates."""
        return self.inputs.later if isinstance(self.inputs, LazyInputs) else {}

    @property
    def lazy_values(self) -> Mapping[str, Template]:
        """The values that are worked out when asked for."""
        return self.values.templates if isinstance(self.values, LazyValues) else {}


class LazyInputs(Mapping[str, object]):
    """The inputs of a used recipe: `known` ones have values, `later` ones are worked out when asked for, each once.

    What working out raises passes through: something was skipped, or does not fit the declaration.
    """

    __slots__ = ("_found", "_known", "_work_out", "later")

    def __init__(
        self,
        known: Mapping[str, object],
        later: Mapping[str, tuple[Argument, Env]],
        work_out: Callable[[str, Argument, Env], object],
    ) -> None:
        self._known = known
        self._found: dict[str, object] = {}
        self._work_out = work_out
        self.later = later

    def __getitem__(self, name: str) -> object:
        if name in self._known:
            return self._known[name]
        if name not in self._found:
            argument, env = self.later[name]
            self._found[name] = self._work_out(name, argument, env)
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        # The inherited one would work it out, which is too early while it waits.
        return name in self._known or name in self.later

    def __iter__(self) -> Iterator[str]:
        yield from self._known
        yield from self.later

    def __len__(self) -> int:
        return len(self._known) + len(self.later)


class LazyValues(Mapping[str, object]):
    """The `values` of a recipe some of whose inputs come later."""

    __slots__ = ("_found", "_work_out", "templates")

    def __init__(self, templates: Mapping[str, Template], work_out: Callable[[Template], object]) -> None:
        self.templates = templates
        self._work_out = work_out
        self._found: dict[str, object] = {}

    def __getitem__(self, name: str) -> object:
        if name not in self._found:
            self._found[name] = self._work_out(self.templates[name])
        return self._found[name]

    def __contains__(self, name: object) -> bool:
        return name in self.templates

    def __iter__(self) -> Iterator[str]:
        return iter(self.templates)

    def __len__(self) -> int:
        return len(self.templates)
