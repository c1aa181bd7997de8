"""The keys of a variable of `for_each` that stand on no result and on no other variable: they are known before there is a row of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

from seedflow.graph.places import find_templates
from seedflow.plan.addresses import Wanted, is_vague
from seedflow.plan.frames import Env, FrameInstance
from seedflow.plan.gaps import Item
from seedflow.plan.judge import Findings
from seedflow.plan.listing import Lister
from seedflow.plan.reading import read_parts
from seedflow.plan.refusals import mentions_results
from seedflow.plan.resolve import Resolver
from seedflow.recipe.model import LoopVariable
from seedflow.recipe.references import NameReference


class StaticKeys:
    """Finds them for one step within one use of its recipe, each once, when somebody asks."""

    def __init__(
        self, loops: Sequence[LoopVariable], frame: FrameInstance, lister: Lister, resolver: Resolver
    ) -> None:
        self._frame = frame
        self._lister = lister
        self._resolver = resolver
        self._loops = {name: loop for loop in loops for name in loop.names}
        self._found: dict[str, frozenset[str] | None] = {}

    def lack(self, wanted: Wanted) -> bool:
        """Whether one of these keys is none of those that its variable has, whatever the results are; an empty list lacks none."""
        return any(
            key is not None and not is_vague(key) and key not in found
            for name, key in wanted.items()
            if (found := self._find(name))
        )

    def _find(self, name: str) -> frozenset[str] | None:
        """All keys that a variable may have; None where results or other variables have a part in that, or its list is wrong."""
        loop = self._loops.get(name)
        if name not in self._found and loop is not None:
            self._found[name] = self._read(loop) if self._is_static(loop) else None
        return self._found.get(name)

    def _is_static(self, loop: LoopVariable) -> bool:
        references = (
            one for items in loop.lists for part in find_templates(items) for one in part.references
        )
        of_others = any(isinstance(one, NameReference) and one.root == "each" for one in references)
        return not (of_others or loop.zipped or mentions_results(loop.lists, self._frame))

    def _read(self, loop: LoopVariable) -> frozenset[str] | None:
        env, found = self._resolver.refresh(Env(self._frame)), Findings()
        parts = list(read_parts(loop.span, partial(self._lister.read, loop.lists[0], env), found))
        if found.has_errors:
            return None  # which is told where it is worked out
        keys = [self._resolver.find_key(part.value, loop.key) for part in parts if isinstance(part, Item)]
        known = [key for key in keys if key is not None]
        return frozenset(known) if len(known) == len(parts) else None
