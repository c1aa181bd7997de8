"""What an answer gives: its images' addresses, and what is wrong with it. Nothing that stands in an answer can raise here."""

from __future__ import annotations

from dataclasses import dataclass

from seedflow.diagnostics import Severity
from seedflow.errors import UNREADABLE_ERRORS
from seedflow.models.model import Model
from seedflow.providers.base import Provider


@dataclass(frozen=True, slots=True)
class JudgedAnswer:
    """The URLs that an answer names, in its order, and why it is not what the card promises, if it is not.

    An answer that is not may name images all the same, and they may have been paid for.
    """

    urls: tuple[str, ...]
    complaint: str | None


def judge_answer(raw: bytes, provider: Provider, model: Model) -> JudgedAnswer:
    """Read a raw answer and judge it by the model's card.

    Raises:
        ProviderError: it says that the call failed, or is none.
    """
    urls: tuple[str, ...] = ()
    try:
        result = provider.read_answer(raw)
        urls = model.image_urls(result)
        problems = [problem for problem in model.judge_output(result) if problem.severity is Severity.ERROR]
    except UNREADABLE_ERRORS as error:
        return JudgedAnswer(urls, f"the answer cannot be judged ({type(error).__name__})")
    if problems:
        return JudgedAnswer(urls, problems[0].message)
    # A card may allow it; what is billed is images, and yet nobody says that this was free.
    return JudgedAnswer(urls, None if urls else "the answer has no image")
