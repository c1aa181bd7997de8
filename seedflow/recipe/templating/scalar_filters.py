"""Filters of texts and numbers. What they may cost is paid before they make anything."""

from __future__ import annotations

import re
from decimal import ROUND_CEILING, ROUND_FLOOR, ROUND_HALF_EVEN, Decimal, localcontext
from typing import Final

from seedflow.canonical import build_slug
from seedflow.recipe.templating.limits import MAX_SLUGGED_CHARACTERS
from seedflow.recipe.templating.lookups import refuse_part
from seedflow.recipe.templating.operators import Number, check_number
from seedflow.recipe.templating.problems import Refusal
from seedflow.recipe.templating.rendering import Rendering, is_true, to_text

_WORD_START = re.compile(r"([-\s({\[<]+)")
_MAX_DECIMALS: Final = 15
_ROUNDINGS: Final = {"common": ROUND_HALF_EVEN, "ceil": ROUND_CEILING, "floor": ROUND_FLOOR}
_MOST_DIGITS: Final = 400
"""More than any number has that a template may make, written out with its decimals."""


def read_text(rendering: Rendering, value: object) -> str:
    """The text of a scalar, paid for by its length."""
    text = to_text(value)
    rendering.check_length(len(text))
    return text


def _made(rendering: Rendering, text: str) -> str:
    rendering.check_length(len(text))
    return text


def upper(rendering: Rendering, value: object) -> str:
    """In capital letters."""
    return _made(rendering, read_text(rendering, value).upper())


def lower(rendering: Rendering, value: object) -> str:
    """In small letters."""
    return _made(rendering, read_text(rendering, value).lower())


def capitalize(rendering: Rendering, value: object) -> str:
    """The first letter capital, all others small."""
    return _made(rendering, read_text(rendering, value).capitalize())


def title(rendering: Rendering, value: object) -> str:
    """The first letter of every word capital, all others small."""
    parts = _WORD_START.split(read_text(rendering, value))
    rendering.spend(len(parts))
    return _made(rendering, "".join(part[:1].upper() + part[1:].lower() for part in parts))


def trim(rendering: Rendering, value: object, chars: object = None) -> str:
    """Without white space, or the characters `chars`, at its ends."""
    return read_text(rendering, value).strip(None if chars is None else read_text(rendering, chars))


def replace(rendering: Rendering, value: object, old: object, new: object, count: object = None) -> str:
    """With `new` in place of every `old`, or of the first `count`."""
    text, found, put = read_text(rendering, value), read_text(rendering, old), read_text(rendering, new)
    times = text.count(found)
    if count is not None:
        times = min(times, check_whole(count, "`count`"))
    rendering.check_length(len(text) + max(0, times) * max(0, len(put) - len(found)))
    return text.replace(found, put, times)


def truncate(
    rendering: Rendering,
    value: object,
    length: object = 255,
    killwords: object = False,
    end: object = "...",
    leeway: object = 5,
) -> str:
    """At most `length` characters, cut at a space unless `killwords`, with `end` behind what was cut.

    Text that is longer by no more than `leeway` stays as it is.
    """
    text, tail, most = read_text(rendering, value), read_text(rendering, end), check_whole(length, "`length`")
    spare = check_whole(leeway, "`leeway`")
    if most < len(tail):
        raise Refusal(code="template-type", message=f"`length` is at least {len(tail)}, the length of `end`")
    if len(text) <= most + spare:
        return text
    kept = text[: most - len(tail)]
    return (kept if is_true(killwords) else kept.rsplit(" ", 1)[0]) + tail


def string(rendering: Rendering, value: object) -> str:
    """The text of a scalar."""
    return read_text(rendering, value)


def slug(rendering: Rendering, value: object) -> str:
    """The slug that keys are made of: letters, digits, `_` and `-`, with `-` for spaces."""
    text = to_text(value)
    if len(text) > MAX_SLUGGED_CHARACTERS:
        raise Refusal(
            code="template-cost",
            message=f"`slug` takes at most {MAX_SLUGGED_CHARACTERS:,} characters",
            help="shorten the text first: `… | truncate(80) | slug`",
        )
    rendering.spend(len(text))
    return build_slug(text)[0]


def check_whole(value: object, what: str) -> int:
    """The whole number; `what` is what a message calls it.

    Raises:
        Refusal: no whole number, or too large.
    """
    if isinstance(value, bool) or not isinstance(value, int):
        raise refuse_part(value, what)
    return int(check_number(value))


def absolute(_: Rendering, value: object) -> Number:
    """Without its sign."""
    return abs(check_number(value))


def integer(_: Rendering, value: object) -> Number:
    """Without its fraction, cut towards 0. Text is no number."""
    return check_number(int(check_number(value)))


def round_number(_: Rendering, value: object, precision: object = 0, method: object = "common") -> Number:
    """Rounded to `precision` decimals; to a whole number when that is 0. Halves go to the even neighbour."""
    number, decimals = check_number(value), _check_decimals(precision, "`precision`")
    rounding = _ROUNDINGS.get(method) if isinstance(method, str) else None
    if rounding is None:
        raise Refusal(
            code="template-type",
            message="`method` is one of common, ceil, floor",
            help='write `method="ceil"`',
        )
    rounded = _round(number, decimals, rounding)
    return check_number(int(rounded) if decimals == 0 or isinstance(number, int) else float(rounded))


def write_decimals(_: Rendering, value: object, places: object = 2) -> str:
    """A number as text with so many decimals, zeros included. Halves go to the even neighbour, as with `round`."""
    number, decimals = check_number(value), _check_decimals(places, "`places`")
    written = f"{_round(number, decimals, ROUND_HALF_EVEN):f}"
    return written if any(digit in "123456789" for digit in written) else written.removeprefix("-")


def _round(number: Number, decimals: int, rounding: str) -> Decimal:
    """As it is spelled: 2.675 is a half here, although no number of the machine is just that."""
    with localcontext() as context:
        context.prec = _MOST_DIGITS
        return Decimal(repr(number)).quantize(Decimal(1).scaleb(-decimals), rounding)


def _check_decimals(value: object, called: str) -> int:
    decimals = check_whole(value, called)
    if not 0 <= decimals <= _MAX_DECIMALS:
        raise Refusal(code="template-number", message=f"{called} is from 0 to {_MAX_DECIMALS}")
    return decimals
