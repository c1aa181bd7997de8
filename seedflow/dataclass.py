"""Data classes that are cheap: to define, for every start, and to make, for plans of ten thousand tasks.

They are those of the standard library in all that can be seen. It writes the source of six methods for each class and compiles
them when the class is defined; a frozen one then sets each field by a function call. Here all classes have the same methods
but for `__init__`, which is compiled when the first object is made, and sets the fields of a frozen class while the object
is of a twin that is not frozen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass  # noqa: PLC0414 - handed on to the type checker
else:
    import dataclasses
    from operator import attrgetter
    from reprlib import recursive_repr

    def dataclass(*, frozen=False, slots=True, eq=True, kw_only=False):
        """Like `dataclasses.dataclass(frozen=…, slots=True, …)`. A class derived from such a one has to be one, too."""
        if not slots:
            raise TypeError("a class without slots is one of the standard library")

        def define(cls):
            written = cls.__dict__
            has_hash = "__hash__" in written and not (written["__hash__"] is None and "__eq__" in written)
            has_eq = "__eq__" in written
            made = dataclasses.dataclass(cls, init=False, repr=False, eq=False, kw_only=kw_only, slots=True)
            fields = dataclasses.fields(made)
            if "__init__" not in written:
                made.__init__ = _compile_at_first(made, frozen=frozen)
            if "__repr__" not in written:
                made.__repr__ = _repr
            if eq and not has_eq:
                made.__eq__ = _build_eq(_reader([field.name for field in fields if field.compare]))
            if eq and not has_hash:
                hashed = [
                    field.name for field in fields if (field.compare if field.hash is None else field.hash)
                ]
                made.__hash__ = _build_hash(_reader(hashed)) if frozen else None
            if frozen:
                made.__setattr__, made.__delattr__ = _refuse_to_set, _refuse_to_delete
                made.__getstate__, made.__setstate__ = _get_state, _set_state
            return made

        return define

    def _reader(names):
        """A function that gives the values of fields as a tuple."""
        if not names:
            return lambda _: ()
        read = attrgetter(*names)
        return read if len(names) > 1 else lambda one: (read(one),)

    def _build_eq(read):
        def compare(self, other):
            return read(self) == read(other) if other.__class__ is self.__class__ else NotImplemented

        return compare

    def _build_hash(read):
        def find_hash(self):
            return hash(read(self))

        return find_hash

    @recursive_repr()
    def _repr(self):
        shown = ", ".join(
            f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr
        )
        return f"{self.__class__.__qualname__}({shown})"

    def _refuse_to_set(_self, name, _value):
        raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")

    def _refuse_to_delete(_self, name):
        raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")

    def _get_state(self):
        return [getattr(self, field.name) for field in dataclasses.fields(self)]

    def _set_state(self, state):
        for field, value in zip(dataclasses.fields(self), state, strict=True):
            object.__setattr__(self, field.name, value)

    def _compile_at_first(cls, *, frozen):
        def set_first(self, *args, **kwargs):
            cls.__init__ = _compile_init(cls, frozen=frozen)
            cls.__init__(self, *args, **kwargs)

        return set_first

    def _compile_init(cls, *, frozen):
        # Spelled as no field is.
        names = {"_open_up_": object.__dict__["__class__"].__set__, "_cls_": cls, "_not_given_": object()}
        positional, by_name, body = ["self"], [], []
        for field in dataclasses.fields(cls):
            name, default = field.name, f"_default_of_{field.name}_"
            makes = field.default_factory is not dataclasses.MISSING
            has_default = makes or field.default is not dataclasses.MISSING
            if has_default:
                names[default] = field.default_factory if makes else field.default
            if field.init:
                given = f"{name}={'_not_given_' if makes else default}" if has_default else name
                (by_name if field.kw_only else positional).append(given)
            if field.init and makes:
                body.append(f"self.{name} = {default}() if {name} is _not_given_ else {name}")
            elif field.init:
                body.append(f"self.{name} = {name}")
            elif has_default:
                body.append(f"self.{name} = {default}{'()' if makes else ''}")
        if frozen and body:
            names["_Open_"] = _build_twin(cls)
            body = ["_open_up_(self, _Open_)", *body, "self.__class__ = _cls_"]
        if hasattr(cls, "__post_init__"):
            body.append("self.__post_init__()")
        parameters = ", ".join([*positional, *(["*", *by_name] if by_name else [])])
        lines = "\n ".join(body or ["pass"])
        source = f"def __init__({parameters}):\n {lines}"
        exec(compile(source, f"<fields of {cls.__name__}>", "exec"), names)  # noqa: S102 - of names of fields alone
        names["__init__"].__qualname__ = f"{cls.__qualname__}.__init__"
        return names["__init__"]

    def _build_twin(cls):
        """A class with the same fields that is not frozen; objects may change between the two."""
        kept = {name: cls.__dict__[name] for name in ("__slots__", "__orig_bases__") if name in cls.__dict__}
        return type(cls)(cls.__name__, cls.__bases__, {**kept, "__setattr__": object.__setattr__})
