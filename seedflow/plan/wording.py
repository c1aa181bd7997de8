"""How references are called in a prompt by their positions: "image 2", "images 2 to 5"."""

from __future__ import annotations

from collections.abc import Sequence

from seedflow.plan.model import PendingImages, PlannedReference
from seedflow.recipe.model import RefWords
from seedflow.recipe.views import View


def build_reference_view(words: RefWords, numbers: Sequence[int]) -> View:
    """What `{{ ref.NAME }}` is to a template: absent without numbers, else the wording of its positions."""
    if not numbers:
        return View("reference", {})
    return View(
        "reference", {"text": word_positions(words, numbers), "count": len(numbers), "numbers": list(numbers)}
    )


def word_positions(words: RefWords, numbers: Sequence[int]) -> str:
    """`image 2`, `images 2 and 3`, `images 2 to 5`, in the wording of the recipe: images of one name stand in a row."""
    if len(numbers) == 1:
        return words.one.replace("{n}", str(numbers[0]))
    if len(numbers) > 2:
        spelled = words.range.replace("{first}", str(numbers[0])).replace("{last}", str(numbers[-1]))
    else:
        spelled = f"{numbers[0]}{words.last}{numbers[1]}"
    return words.many.replace("{list}", spelled)


def spell_count(reference: PlannedReference) -> str:
    """What the positions of references depend on: how many images there are, and what decides that."""
    image = reference.image
    if not isinstance(image, PendingImages):
        return f"{reference.name}:1"
    vague = image.count.low != image.count.high
    return f"{reference.name}:{image.mention if vague else image.count.low}"
