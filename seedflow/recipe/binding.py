"""Node tree and schema to document. Every problem gets its exact place; pydantic's own words never reach the user."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import TYPE_CHECKING, NamedTuple

from pydantic import ValidationError

from seedflow.diagnostics import Diagnostic, Span
from seedflow.diagnostics.suggest import find_near
from seedflow.recipe.blocks import BindingOptions, Block, Entries, UnknownKey
from seedflow.recipe.indented import lift_parts
from seedflow.recipe.input_schema import ItemBlock, find_bound
from seedflow.recipe.leaves import LOST_WORDS, is_name, is_nothing, quote, suggest_name
from seedflow.recipe.misplaced import put_in_place
from seedflow.recipe.option_schema import IterateBlock
from seedflow.recipe.outdented import indent_outputs, indent_steps
from seedflow.recipe.salvage import Meant, Path, choose_cut, is_of_names, list_unread, put_right, take_out
from seedflow.recipe.schema import RecipeBlock, StepBlock
from seedflow.recipe.step_kinds import OPTIONS_BY_KIND, check_kinds
from seedflow.recipe.words import NEEDED_WORDS, PARTS_MEANT, RECIPE_MEANT
from seedflow.text.nodes import Entry, Mapping, Node, Scalar, Sequence

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_CALLERS_WORD = "inputs"
"""What some write for `with`; in a step that uses no recipe it means nothing."""
_CALLING = ("recipe", *(word for word, meant in StepBlock.meant.items() if meant == "recipe"))
_OWN_KEYS = "keys of your own begin with `x-`"
_NUMBER = re.compile(r"[0-9]+")
_MOST_SLIPS = 1_000
_MOST_LOOKS = 8
"""So often a tree is read again with what was meant in it: mappings stand no deeper in each other."""


class BoundRecipe(NamedTuple):
    """What a node tree spells, and what is wrong with it.

    `document` is None when nothing of it can be read. With problems it is without the parts that they are in, so that
    later stages can go on and find their own problems; `unread` are the paths of these parts.
    """

    document: RecipeBlock | None
    problems: list[Diagnostic]
    unread: frozenset[Path] = frozenset()


class _Problem(NamedTuple):
    """`path` leads to what is not known because of it; None when it is enough to pass over the key.

    `elsewhere` when that does not stand at its path but under a wrong key, so that nothing has to be taken out. `needless`
    when the rest is whole without what stands there. `meant` when it is known what should stand there: the rest is read
    as if it did.
    """

    diagnostic: Diagnostic
    path: Path | None
    elsewhere: bool = False
    needless: bool = False
    meant: Meant | None = None

    @property
    def cut(self) -> Path | None:
        """The part of the tree that is not known because of it."""
        if self.meant is not None:
            return None
        return self.path if self.path is None or self.needless else choose_cut(self.path)


def bind_recipe(
    root: Node, parameters: Collection[str] = (), references: Collection[str] = ()
) -> BoundRecipe:
    """A recipe's node tree to the document that it spells, and all problems with it, in the order of the text.

    `parameters` are those of all models, so that one that stands beside `generate:` is known, `references` those that take images.
    """
    root, outdented = indent_steps(root)
    root, beside = indent_outputs(root)
    root, deeper = lift_parts(root, parameters, references)
    root, misplaced = put_in_place(root, parameters)
    document, problems, root = _look(root)
    newer = [found.diagnostic for found in problems if found.diagnostic.code == "newer-language"]
    if newer:
        return BoundRecipe(None, newer)
    steps = root.find("steps") if isinstance(root, Mapping) else None
    if steps is not None and isinstance(steps.value, Mapping):
        misspelt = {found.path[1] for found in problems if found.path is not None and _is_key_of_step(found)}
        problems.extend(
            _Problem(found, ("steps", name))
            if option is None
            else _Problem(found, ("steps", name, option), needless=True)
            for name, option, found in check_kinds(steps.value)
            if found.code != "no-kind" or name not in misspelt
        )
    problems.extend(_Problem(found, ("steps", name), elsewhere=True) for name, found in outdented)
    problems.extend(_Problem(found, path, elsewhere=True) for path, found in (*beside, *deeper, *misplaced))
    if problems:
        document = _bind_rest(
            root, [found.cut for found in problems if found.cut is not None and not found.elsewhere]
        )
    # What is mentioned by a name that no name can be is told where it is declared.
    misnamed = [found.path for found in problems if found.diagnostic.code == "bad-name" and found.path]
    unread = frozenset((*list_unread(found.cut for found in problems if found.cut), *misnamed))
    return BoundRecipe(document, sort_by_place([found.diagnostic for found in problems]), unread)


def _look(root: Node) -> tuple[RecipeBlock | None, list[_Problem], Node]:
    """The document, if nothing is wrong with it; else all problems, and the tree with what was meant in place of misspelt words."""
    near_keys = _NearKeys()
    known: dict[tuple[str, Span | None, str], _Problem] = {}
    for _ in range(_MOST_LOOKS):
        try:
            document = RecipeBlock.model_validate(root, context=BindingOptions())
        except ValidationError as error:
            found = [_explain(details, root, near_keys) for details in error.errors(include_url=False)]
        else:
            return (document if not known else None), list(known.values()), root
        meant: dict[Path, Meant] = {}
        for one in found:
            if one is None:
                continue
            wrong = one.diagnostic
            known[wrong.code, wrong.span, wrong.message] = one
            if one.meant is not None and one.path is not None:
                meant[one.path] = one.meant
        if not meant:
            break
        root = put_right(root, meant)
    return None, list(known.values()), root


def _is_key_of_step(found: _Problem) -> bool:
    """Whether it is a key of a step that may be meant for its kind."""
    return (
        found.diagnostic.code == "unknown-key"
        and found.path is not None
        and found.path[:1] == ("steps",)
        and len(found.path) == 3
    )


def _bind_rest(root: Node, cuts: list[Path]) -> RecipeBlock | None:
    """The document without the parts that have problems, or None when too little is left."""
    if not isinstance(root, Mapping) or () in cuts:
        return None
    rest = take_out(root, set(cuts))
    try:
        return RecipeBlock.model_validate(rest, context=BindingOptions(keep_unknown=False))
    except ValidationError:
        return None


def sort_by_place(diagnostics: list[Diagnostic]) -> list[Diagnostic]:
    """Diagnostics of one file in the order of its text."""
    return sorted(diagnostics, key=lambda found: found.span.start if found.span is not None else 0)


class _NearKeys:
    """Which key was meant, for as many different slips as anybody reads about."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, type[Block]], str | None] = {}

    def find(self, word: str, block: type[Block]) -> str | None:
        """The key of a block that a word is likely a slip of, or None."""
        if (word, block) not in self._known:
            if len(self._known) >= _MOST_SLIPS:
                return None
            self._known[word, block] = find_near(word, (*block.known_keys(), *block.later))
        return self._known[word, block]

    def find_meant(self, word: str, block: type[Block], entries: Mapping | None) -> str | None:
        """The key that surely stands for what a word says, with the same value behind it, or None."""
        if issubclass(block, ItemBlock) and word in ("min", "max") and entries is not None:
            kind = entries.find("type")
            return find_bound(word, kind.value if kind is not None else None)
        if block is StepBlock and word == _CALLERS_WORD and not _is_call(entries):
            return None
        if word in block.elsewhere:
            return block.meant.get(word)
        near = self.find(word, block)
        return near if near not in block.later else None


def _explain(details: ErrorDetails, root: Node, near_keys: _NearKeys) -> _Problem | None:
    kind, place, path = details["type"], details["input"], details["loc"]
    if isinstance(place, UnknownKey):
        return _explain_unknown(place, path, root, near_keys)
    if kind == "missing":
        return _explain_missing(str(path[-1]), place, _key_at(root, path[:-1]), path, near_keys)
    words = details["ctx"]
    if path[-1:] == ("[key]",):
        better, help_text = suggest_name(str(path[-2])) if kind == "bad-name" else None, words["help"]
        if better is not None and path[2:3] == ("columns",):
            # Rows and `key:` have its name as well: read by another, the table would be told to lack what it has.
            help_text += f", in rows and in `key:` as well; for files, say `header: {path[-2]}`"
            better = None
        return _Problem(
            Diagnostic(kind, words["message"], _key_at(root, path[:-1]), help=help_text),
            path[:-1],
            meant=None if better is None else Meant(better),
        )
    span = place.span if isinstance(place, Scalar | Sequence | Mapping) else _key_at(root, path)
    in_list = any(isinstance(part, int) for part in path)
    meant = Meant(words["meant"], value=True) if words["meant"] is not None and not in_list else None
    return _Problem(Diagnostic(kind, words["message"], span, help=words["help"]), path, meant=meant)


def _is_false(node: Node) -> bool:
    return isinstance(node, Scalar) and node.resolve() is False


def _is_call(step: Mapping | None) -> bool:
    return step is not None and any(step.find(key) is not None for key in _CALLING)


def _uses_recipe(root: Node, path: Path) -> bool:
    """Whether a path leads to a key of a step that uses another recipe."""
    if len(path) != 3 or path[0] != "steps":
        return False
    steps = root.find("steps") if isinstance(root, Mapping) else None
    step = steps.value.find(str(path[1])) if steps is not None and isinstance(steps.value, Mapping) else None
    return step is not None and isinstance(step.value, Mapping) and step.value.find("recipe") is not None


def _explain_unknown(found: UnknownKey, path: Path, root: Node, near_keys: _NearKeys) -> _Problem:
    key, block = found.entry.key, found.block
    word = key.value
    if word in block.later:
        later = Diagnostic(
            "not-yet",
            f"`{word}` {block.later[word]}; it belongs to the language, but this seedflow cannot do it yet",
            key.span,
            help=f"take `{word}` out for now",
        )
        return _Problem(later, path)
    if block is RecipeBlock and _is_step(found.entry):
        outdented = Diagnostic(
            "unknown-key",
            f"{quote(word)} looks like a step, and steps stand below `steps:`",
            key.span,
            help="indent it below `steps:`",
        )
        return _Problem(outdented, ("steps", word), elsewhere=True)
    known = ", ".join(block.known_keys())
    near = near_keys.find(word, block)
    help_text = block.elsewhere.get(word)
    if block is StepBlock and word == _CALLERS_WORD and not _is_call(found.mapping):
        help_text = "declare inputs under `inputs:` of the recipe; a step that uses another recipe gives it its own by `with:`"
    named = _read_as_edits(found)
    if word == "required" and _is_false(found.entry.value) and issubclass(block, ItemBlock):
        has_default = found.mapping.find("default") is not None
        help_text = (
            "take it out: what has a default may be left out" if has_default else "write `optional: true`"
        )
    help_text = help_text or (
        f"write `over:` for the list and `as: {word}` for its name"
        if named
        else f"did you mean `{near}`?"
        if near
        else f"write `with: {{{word}: …}}` for an input of the used recipe"
        if _uses_recipe(root, path)
        else f"{LOST_WORDS}, and a number a point: `1.5`"
        if is_nothing(found.entry.value) and _NUMBER.fullmatch(word)
        else f"if it is a parameter of the model, it stands inside `generate:`; {_OWN_KEYS}"
        if block is StepBlock
        else _OWN_KEYS
    )
    unknown = Diagnostic(
        "unknown-key",
        f"{quote(word)} is not a key of {block.called}; known here: {known}",
        key.span,
        help=help_text,
    )
    if block is RecipeBlock:
        part = PARTS_MEANT.get(word, near)
        if part is None:
            return _Problem(unknown, None)
        if part != RECIPE_MEANT.get(word, near):
            return _Problem(unknown, (part,), elsewhere=True)
        return _mean(unknown, path, part, found)
    mend = near_keys.find_meant(word, block, found.mapping)
    if mend is not None:
        return _mean(unknown, path, mend, found)
    if block is StepBlock and word == _CALLERS_WORD:
        return _Problem(unknown, None)
    if block is StepBlock:
        return _Problem(unknown, path if word in block.elsewhere else None)
    return _Problem(unknown, path, needless=word not in NEEDED_WORDS)


def _mean(unknown: Diagnostic, path: Path, key: str, found: UnknownKey) -> _Problem:
    """What is known where another key was meant: beside that key itself, no more than that there is something more."""
    meant = (*path[:-1], key)
    right = found.mapping.find(key)
    if right is None or is_nothing(right.value) or is_of_names(meant):
        return _Problem(unknown, path, meant=Meant(key))
    return _Problem(unknown, meant, elsewhere=True)


def _is_step(entry: Entry) -> bool:
    """Whether an entry of the recipe can only be a step, written one level too far left."""
    return isinstance(entry.value, Mapping) and any(
        inner.key.value in OPTIONS_BY_KIND for inner in entry.value
    )


def _explain_missing(
    key: str, entries: object, span: Span, path: Path, near_keys: _NearKeys
) -> _Problem | None:
    block = entries.block if isinstance(entries, Entries) else RecipeBlock
    if isinstance(entries, dict):
        unknown = [found for found in entries.values() if isinstance(found, UnknownKey)]
        if any(_may_stand_for(key, found, near_keys) for found in unknown):
            return None
        if key in ("over", "as") and any(_read_as_edits(found) for found in unknown):
            return None
        if key == "steps" and any(_is_step(found.entry) for found in unknown):
            return None
    meaning = next(
        (field.description for name, field in block.model_fields.items() if (field.alias or name) == key),
        None,
    )
    help_text = "write `seedflow: 1` as the first line" if key == "seedflow" else f"add `{key}:`. {meaning}"
    return _Problem(
        Diagnostic("missing-key", f"{block.called} needs the key `{key}`", span, help=help_text), path
    )


def _read_as_edits(found: UnknownKey) -> bool:
    """Whether a key of `iterate` is the name of its edits, with their list behind it, as in `for_each`."""
    if found.block is not IterateBlock or any(found.mapping.find(key) for key in ("over", "as")):
        return False
    key, value = found.entry
    is_list = isinstance(value, Sequence) or (isinstance(value, Scalar) and "{{" in value.value)
    return is_list and key.value not in found.block.elsewhere and is_name(key.value)


def _may_stand_for(key: str, found: UnknownKey, near_keys: _NearKeys) -> bool:
    word = found.entry.key.value
    return key in (near_keys.find(word, found.block), found.block.meant.get(word))


def _key_at(root: Node, path: Path) -> Span:
    """The key at which a path through the tree ends, or for an item of a list the item; for no path, the first key."""
    node = root
    span = root.entries[0].key.span if isinstance(root, Mapping) and root.entries else root.span
    for part in path:
        if isinstance(node, Mapping) and (entry := node.find(str(part))) is not None:
            node, span = entry.value, entry.key.span
        elif isinstance(node, Sequence) and isinstance(part, int):
            node = node.items[part]
            span = node.span
        else:
            break
    return span
