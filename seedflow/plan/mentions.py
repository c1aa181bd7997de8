"""What images that are still to come are, in words for people."""

from __future__ import annotations

import re
from typing import Final

from seedflow.plan.model import ANYWHERE, ELSEWHERE, PendingImages

_STEP: Final = re.compile(
    r"steps\.(?P<step>[a-z][a-z0-9_]*)(?P<selector>\.(?:at|where)\([^()]*\))?"
    r"\.(?P<what>images|passes)(?:\[(?P<part>[^\[\]]*)\])?$"
)
_EACH: Final = re.compile(r"each\.(?P<name>[a-z][a-z0-9_]*)(?:\.(?P<what>images))?$")
_OF_EACH: Final = re.compile(r"each\.[a-z0-9_.]+")
_CALL: Final = re.compile(r"(?P<name>first_of|optional|succeeded)\((?P<inside>.*)\)$")
_WHOLE: Final = re.compile(
    r"(?P<of>.+?) (?P<what>images|passes)(?: where (?P<where>[^\[\]]*))?(?:\[(?P<part>[^\[\]]*)\])?$"
)

_END_OF_A_WHOLE: Final = re.compile(r"[\[#/]")
_MOST_SOURCES: Final = 4


def spell_mention(images: PendingImages) -> str:
    """`the first 4 images of page`, `an image of page`, `page image 1`, or the expression where there are no plain words for it."""
    mention = images.mention
    if mention == f"{images.after} image":
        return f"an image of {_spell_sources((images.after, *images.others))}"
    if mention == f"{images.after} images" and images.count.high == 1:
        return f"{images.after} image 1"
    written, bar, _ = mention.rpartition("|")
    if not bar:
        found = _WHOLE.match(mention)
        if found is None:
            return mention
        of, where = found["of"], found["where"]
        chosen = of if where is None or of.endswith("]") else f"{of}[{where}]"
        return _spell_part(chosen, found["what"], found["part"])
    written = " ".join(written.split())
    inner = written.removeprefix("{{").removesuffix("}}")
    if len(inner) != len(written) - 4 or "{{" in inner:
        return written
    return _spell_expression(inner.strip("-+ ")) or inner.strip()


def _spell_sources(sources: tuple[str, ...]) -> str:
    """`a, s or t`: each step by itself or by the tasks that are meant, never by both."""
    named = [one for one in sources if one not in (ELSEWHERE, ANYWHERE)]
    found = list(dict.fromkeys(_find_whole(one, frozenset(named)) for one in named))
    if len(found) > _MOST_SOURCES:
        found = [*found[: _MOST_SOURCES - 1], f"{len(found) - _MOST_SOURCES + 1:,} more"]
    *first, last = found
    spelled = f"{', '.join(first)} or {last}" if first else last
    if ANYWHERE in sources:
        return f"{spelled}, or another one"
    return f"{spelled}, or one that is there already" if ELSEWHERE in sources else spelled


def _find_whole(address: str, named: frozenset[str]) -> str:
    """The greatest of the wholes that are named and that a task is a part of: `cast` of `cast[hero=ada]/pose[pose=side]#2`."""
    wholes = (address[: end.start()] for end in _END_OF_A_WHOLE.finditer(address))
    return next((whole for whole in wholes if whole in named), address)


def _spell_expression(text: str) -> str | None:
    call = _CALL.match(text)
    if call is not None:
        parts = [_spell_expression(part.strip()) for part in _split(call["inside"])]
        if None in parts or not parts:
            return None
        words = [part for part in parts if part is not None]
        match call["name"]:
            case "optional":
                return f"{words[0]}, if there is any"
            case "succeeded":
                return f"{words[0]}, without what fails"
            case _:
                return ", else ".join(words)
    each = _EACH.match(text)
    if each is not None:
        return f"the {'images of the ' if each['what'] else ''}item `{each['name']}` of each task"
    step = _STEP.match(text)
    if step is None:
        return None
    selector = step["selector"]
    of = step["step"]
    if selector is not None:
        of += f"[{_OF_EACH.sub('…', selector.partition('(')[2].removesuffix(')'))}]"
    return _spell_part(of, step["what"], step["part"])


def _spell_part(of: str, what: str, part: str | None) -> str:
    one = {"images": "image", "passes": "pass"}[what]
    if part is None:
        return f"the {what} of {of}"
    if part.isdecimal():
        return f"{of} {one} {int(part) + 1}"
    if part == "-1":
        return f"the last {one} of {of}"
    start, colon, stop = part.partition(":")
    if not colon or not all(not end or end.isdecimal() for end in (start, stop)):
        return f"{of} {what}[{part}]"
    if not stop:
        return f"the {what} of {of} from {one} {int(start or 0) + 1} on" if start else f"the {what} of {of}"
    first, last = int(start or 0) + 1, int(stop)
    if last < first:
        return f"no {one} of {of}"
    if last == first:
        return f"{of} {one} {first}"
    return f"the first {last} {what} of {of}" if first == 1 else f"{what} {first} to {last} of {of}"


def _split(text: str) -> list[str]:
    """At commas that stand in no brackets."""
    parts, depth = [""], 0
    for character in text:
        depth += (character in "([") - (character in ")]")
        if character == "," and not depth:
            parts.append("")
        else:
            parts[-1] += character
    return parts
