"""The base of the schema's classes: a mapping node read as the entries of a pydantic model that keeps its node."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass
from typing import Any, ClassVar, Final

from pydantic import (
    BaseModel,
    ConfigDict,
    ModelWrapValidatorHandler,
    PrivateAttr,
    ValidationInfo,
    model_validator,
)

from seedflow.recipe.leaves import Unread, is_nothing, wrong_type
from seedflow.text.nodes import Entry, Mapping, Node


@dataclass(frozen=True, slots=True)
class UnknownKey:
    """Stands in the place of a value whose key the block does not have, until `binding` reports it."""

    entry: Entry
    block: type[Block]
    mapping: Mapping


class Entries(dict[str, object]):
    """The entries of a mapping node by key, on the way into a block."""

    __slots__ = ("block",)

    def __init__(self, block: type[Block]) -> None:
        super().__init__()
        self.block = block


@dataclass(frozen=True, slots=True)
class BindingOptions:
    """`keep_unknown`: give unknown keys to the validator, so that it reports them, instead of leaving them out.

    Without, what is `spared` of the keys that a mapping needs may be missing, too.
    """

    keep_unknown: bool = True


NO_SHORT_FORM: Final[MappingOf[str, Any]] = {}


class Block(BaseModel):
    """Base of every mapping with fixed keys. Keys that begin with `x-` are free and never seen."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, arbitrary_types_allowed=True, populate_by_name=False, defer_build=True
    )

    called: ClassVar[str] = "this mapping"
    """What messages call such a mapping."""
    wanted: ClassVar[str | None] = None
    """What messages expect in place of something else; by default such a mapping."""
    later: ClassVar[MappingOf[str, str]] = {}
    """Keys of the language that this seedflow does not carry out yet, and what they do."""
    elsewhere: ClassVar[MappingOf[str, str]] = {}
    """Keys that people write here but that belong elsewhere, and the help that says where."""

    meant: ClassVar[MappingOf[str, str]] = {}
    """Of these, the words that stand for a key with the same value behind it."""
    spared: ClassVar[frozenset[str]] = frozenset()
    """Keys that it needs and without which the others can be read."""

    short: ClassVar[MappingOf[str, Any]] = NO_SHORT_FORM
    """The JSON Schema of the short form, where there is one."""

    _node: Node = PrivateAttr()

    @property
    def node(self) -> Node:
        """The node that was read: a mapping, or for a short form the scalar or list in its place."""
        private = (
            self.__pydantic_private__
        )  # asked for directly: by its name, pydantic takes ten times as long to find it
        assert private is not None  # noqa: S101 - narrows what every block has
        node: Node = private["_node"]
        return node

    @classmethod
    def known_keys(cls) -> tuple[str, ...]:
        """The keys as the author writes them, in the order of the documentation."""
        return tuple(field.alias or name for name, field in cls.model_fields.items())

    @classmethod
    def open_short(cls, node: Node) -> dict[str, Node] | None:  # noqa: ARG003 - for blocks that have a short form
        """The entries that a short form stands for, or None where only the mapping is allowed."""
        return None

    @model_validator(mode="wrap")
    @classmethod
    def _read_node(cls, node: Any, handler: ModelWrapValidatorHandler[Any], info: ValidationInfo) -> Any:
        if isinstance(node, Entries):  # pydantic validates a class that holds itself once more
            return handler(node)
        if isinstance(node, Mapping):
            entries = cls._open(node, info.context or BindingOptions())
        else:
            short = cls.open_short(node)
            if short is None:
                known = ", ".join(cls.known_keys())
                raise wrong_type(
                    node,
                    cls.wanted or f"{cls.called}, which is a mapping",
                    help=f"write one of the two; the mapping's keys: {known}"
                    if cls.wanted
                    else f"write it as a mapping; its keys: {known}",
                )
            entries = Entries(cls)
            entries.update(short)
        block = handler(entries)
        block._node = node  # noqa: SLF001 - its own class
        return block

    @classmethod
    def _open(cls, node: Mapping, options: BindingOptions) -> Entries:
        entries = Entries(cls)
        fields = _fields_by_key(cls)
        for entry in node:
            key = entry.key.value
            required = fields.get(key)
            if required is None:
                if not key.startswith("x-") and options.keep_unknown:
                    entries[key] = UnknownKey(entry, cls, node)
            elif required or not is_nothing(entry.value):
                entries[key] = entry.value
        if not options.keep_unknown:
            for key in cls.spared - entries.keys():
                entries[key] = Unread(node.source, node.start, node.end, "")
        return entries


_FIELDS: dict[type[Block], dict[str, bool]] = {}


def _fields_by_key(block: type[Block]) -> dict[str, bool]:
    """The keys of a block, and whether each is required."""
    found = _FIELDS.get(block)
    if found is None:
        found = {field.alias or name: field.is_required() for name, field in block.model_fields.items()}
        _FIELDS[block] = found
    return found
