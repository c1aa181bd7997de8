"""What a card leaves open that requests need to know: which field of an answer holds the images, and that the prompt is a text.

A profile may say both; where neither does, it is told before anything is paid, and never guessed by the order of keys.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from seedflow.models.card import Card
from seedflow.models.flaws import Flaw
from seedflow.models.holding import describe_schema, holds_objects, may_hold_urls, says_urls

USUAL_PROMPT: Final = "prompt"
"""What the language calls the text of a request; a profile says so where a model has another name for it."""
_USUAL_IMAGES: Final = frozenset({"image", "images", "image_url", "image_urls"})


def list_images_fields(card: Card) -> list[str]:
    """The fields of an answer that can hold the URLs of images."""
    return [name for name, schema in card.answer_fields.items() if may_hold_urls(schema)]


def find_images_field(card: Card) -> str | None:
    """The one field of an answer that holds the images, as far as the card alone tells; None where that is not certain.

    Of several that could, it is the one that says so by format or pattern and has a usual name; what is required goes before
    what is not. Where one has the better name and another the better format, either may be meant. One that only might hold URLs is
    not taken beside objects, in which the images may be.
    """
    fields, required = card.answer_fields, card.output.get("required")
    ranks = {name: (says_urls(fields[name]), name in _USUAL_IMAGES) for name in list_images_fields(card)}
    best = [
        name
        for name, rank in ranks.items()
        if all(rank[0] >= other[0] and rank[1] >= other[1] for other in ranks.values())
    ]
    if len(best) > 1:
        best = [name for name in best if isinstance(required, list) and name in required]
    if len(best) != 1 or (not any(ranks[best[0]]) and _list_objects(card)):
        return None
    return best[0]


def find_open(card: Card, *, says_prompt: bool, says_images: bool) -> Iterator[Flaw]:
    """What nobody says of a card, as flaws of it.

    Args:
        card: one that is otherwise sound.
        says_prompt: whether its profile says which parameter is the prompt.
        says_images: whether its profile says which field holds the images.
    """
    types = card.types_of(USUAL_PROMPT)
    if not says_prompt and types and "string" not in types:
        found = describe_schema(card.parameters[USUAL_PROMPT])
        yield Flaw(
            ("input", "properties", USUAL_PROMPT),
            f"is {found}, and a prompt is a text",
            "correct it, or say in `prompt` of a profile which parameter is the prompt",
        )
    fields = list_images_fields(card)
    if not fields:
        shown = ", ".join(
            f"`{name}` is {describe_schema(schema)}" for name, schema in card.answer_fields.items()
        )
        yield Flaw(
            ("output", "properties"),
            f"no field of the answer can hold the URLs of images: {shown}",
            "images are read from a field of the answer itself that is a text or a list of texts, not from objects inside; correct the card",
        )
    elif not says_images and find_images_field(card) is None:
        yield _ambiguous(fields, _list_objects(card))


def _ambiguous(fields: Sequence[str], objects: Sequence[str]) -> Flaw:
    could = " and ".join(f"`{name}`" for name in fields)
    if len(fields) == 1 and objects:
        inside = " and ".join(f"`{name}`" for name in objects)
        message = f"it is not certain that {could} holds the URLs of images: they may be in {inside}, which is not looked into"
    else:
        message = f"it is not certain which field of the answer holds the URLs of images: {could} could"
    return Flaw(
        ("output", "properties"), message, "say which in `answer.images` of a profile beside the card"
    )


def _list_objects(card: Card) -> list[str]:
    return [
        name
        for name, schema in card.answer_fields.items()
        if isinstance(schema, dict) and holds_objects(schema)
    ]
