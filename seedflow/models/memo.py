"""Inputs that differ in nothing but an unremarkable prompt are judged once: a fan-out of ten thousand has ten thousand prompts."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Final, TypeAlias

from seedflow.models.card import Card
from seedflow.models.profile import Profile
from seedflow.models.rules import RuleKind

_MOST_KEPT = 10_000
_SAYS_NOTHING_OF_LONG_TEXTS: Final = frozenset({"type", "title", "description", "examples", "default"})
_BOUNDS: Final = frozenset({"minLength", "maxLength"})
_SAYS_NOTHING_OF_PROMPTS: Final = frozenset(
    {"$schema", "$id", "type", "title", "description", "properties", "required", "additionalProperties"}
)

Likeness: TypeAlias = "tuple[object, ...]"
"""What two inputs have in common that differ in their prompts alone."""


class GoodInputs:
    """Remembers inputs in which nothing is wrong.

    A prompt is unremarkable when it has words, and so many characters that no bound of the card or the profile minds. Where
    either says more of prompts than bounds, nothing is remembered.
    """

    def __init__(self, card: Card, profile: Profile) -> None:
        self._prompt = profile.prompt_field
        self._least, self._most = _find_bounds(card, profile)
        self._known: set[Likeness] = set()

    def liken(
        self, params: Mapping[str, object], unknown: Collection[str], *, partial: bool
    ) -> Likeness | None:
        """What an input has in common with others like it; None when it has to be judged by itself."""
        if self._prompt is None or self._most is None:
            return None
        parts: list[object] = [partial, frozenset(unknown)]
        for name, value in params.items():
            kind = type(value)
            if kind is str and isinstance(value, str):
                if name != self._prompt:
                    parts.append((name, value))
                elif self._least <= len(value) < self._most and not value.isspace():
                    parts.append(name)
                else:
                    return None
            elif kind is bool or kind is int:
                parts.append((name, kind, value))  # `1` and `true` are equal here, and not in JSON
            elif isinstance(value, list) and all(type(item) is str for item in value):
                parts.append((name, list, *value))
            else:
                return None
        return tuple(parts)

    def __contains__(self, likeness: object) -> bool:
        return likeness in self._known

    def add(self, likeness: Likeness) -> None:
        """Remember one in which nothing is wrong."""
        if len(self._known) < _MOST_KEPT:
            self._known.add(likeness)


def _find_bounds(card: Card, profile: Profile) -> tuple[int, int | None]:
    """Characters of an unremarkable prompt: at least so many, and fewer than so many; None when there is no telling."""
    prompt = str(profile.prompt_field)
    schema = card.parameters.get(prompt, {})
    named = any(prompt in rule.when or prompt in rule.needs for rule in profile.rules)
    silent = (
        schema.keys() <= _SAYS_NOTHING_OF_LONG_TEXTS | _BOUNDS
        and card.input.keys() <= _SAYS_NOTHING_OF_PROMPTS
    )
    if named or not silent or schema.get("type") != "string":
        return 0, None
    most = 1_000_000
    if (on_card := card.bound_of(prompt, "maxLength")) is not None:
        most = min(most, on_card + 1)
    for rule in profile.rules:
        if rule.parameter != prompt:
            continue
        if rule.kind is RuleKind.MOST_CHARACTERS:
            most = min(most, rule.limit + 1)
        elif rule.kind is RuleKind.MOST_WORDS:
            most = min(most, 2 * rule.limit)  # a word and its space take two characters
        else:
            return 0, None
    return max(1, card.bound_of(prompt, "minLength") or 0), most
