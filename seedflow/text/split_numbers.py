"""Numbers whose thousands comma parts the items of an inline list: `[From £1,990]` has two items to YAML."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final

from seedflow.diagnostics import Diagnostic, Severity, Span
from seedflow.text.nodes import Node, Scalar

_NUMBER: Final = re.compile(r"-?\d+")
_ENDS: Final = re.compile(r"(?<!\d)\d{1,3}$")
_GOES_ON: Final = re.compile(r"\d{3}(?!\d)")


def warn_of_split_numbers(items: Sequence[Node], text: str) -> Iterator[Diagnostic]:
    """A warning for each comma of an inline list that seems to belong to a number.

    Args:
        items: of the list, in order.
        text: the text that they stand in.
    """
    for one, other in pairwise(items):
        if not isinstance(one, Scalar) or not isinstance(other, Scalar) or not (one.plain and other.plain):
            continue
        if (
            text[one.end : other.start] != ","
            or not _ENDS.search(one.value)
            or not _GOES_ON.match(other.value)
        ):
            continue
        meant_as_numbers = _NUMBER.fullmatch(one.value) and _NUMBER.fullmatch(other.value)
        if meant_as_numbers and not other.value.startswith("0"):
            continue
        whole = f"{one.value},{other.value}"
        yield Diagnostic(
            "split-number",
            f"the comma in `{whole}` parts two items of this list",
            Span(one.source, one.start, other.end),
            Severity.WARNING,
            help=f'put quotes around it: `"{whole}"`; if two items are meant, write a space behind the comma',
        )
