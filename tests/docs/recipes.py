"""Recipes of the documentation: whole ones, and parts of one that get what they lack from a host."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from functools import cache
from io import BytesIO
from pathlib import Path
from textwrap import indent

from PIL import Image

from seedflow.diagnostics import Diagnostic, Severity
from seedflow.pipeline.check import check_recipe
from seedflow.pipeline.plan import Planned, plan_recipe
from seedflow.pipeline.run import RunRequest, run_recipe
from seedflow.pipeline.session import Session, open_session
from seedflow.recipe.given import collect_inputs
from seedflow.run.status import RunResult
from seedflow.settings.load import load_settings
from tests.docs.pages import Fence
from tests.docs.used_recipes import write_used_recipes

PICTURES = ("fox.jpg", "owl.jpg", "style.jpg", "photo.jpg")
"""Local images that examples may name."""

HEAVY = "twelve-megabytes.jpg"
"""A local image of that size, for examples that name it."""

_STEPS = "steps:\n  fox:\n    generate:\n      prompt: A fox\n"

HOSTS = {
    "recipe": "seedflow: 1\n{part}",
    "steps": "seedflow: 1\nsteps:\n{part}",
    "step": "seedflow: 1\nsteps:\n  page:\n{part}",
    "generate": "seedflow: 1\nsteps:\n  sheet:\n    generate:\n      prompt: A sheet\n  page:\n    generate:\n{part}",
}
"""What stands around a part; `recipe` gets a step when it has none, `step` a prompt, and the rest what stands here."""

_INDENTS = {"recipe": "", "steps": "  ", "step": "    ", "generate": "      "}


def is_whole(fence: Fence) -> bool:
    """Whether a fence is a whole recipe."""
    return re.search(r"^seedflow:", fence.text, re.MULTILINE) is not None


def write_recipe(fence: Fence) -> str:
    """The recipe that a fence is, or is a part of."""
    if is_whole(fence):
        return fence.text
    place = fence.marks["part of"]
    text = HOSTS[place].format(part=indent(fence.text, _INDENTS[place]))
    if place == "recipe" and not re.search(r"^steps:", text, re.MULTILINE):
        text += _STEPS
    if place == "step" and not re.search(r"^    generate:", text, re.MULTILINE):
        text += "    generate:\n      prompt: A fox\n"
    return text


@dataclass(frozen=True)
class Example:
    """A recipe in a folder of its own, with pictures beside it."""

    path: Path
    session: Session

    def check(self) -> tuple[Diagnostic, ...]:
        """What checking says."""
        return check_recipe(self.path, self.session, name=self.path.name).diagnostics

    def plan(self, *arguments: str) -> Planned:
        """What would be asked, of `sketch`."""
        given, wrong = collect_inputs(arguments=arguments)
        assert wrong == []
        return plan_recipe(check_recipe(self.path, self.session, name=self.path.name), given, self.session)

    def run(self) -> RunResult:
        """Sketches of everything."""
        return asyncio.run(run_recipe(self.plan(), self.session, RunRequest(), lambda _: None))


@cache
def draw_picture(number: int) -> bytes:
    """A flat JPEG, another one for each number."""
    arriving = BytesIO()
    Image.new("RGB", (320, 240), (40 * number, 90, 120)).save(arriving, "JPEG")
    return arriving.getvalue()


def make_example(text: str, folder: Path) -> Example:
    """Write a recipe and the pictures that it may name."""
    path = folder / "recipe.yaml"
    path.write_text(text, encoding="utf-8")
    write_used_recipes(folder)
    for number, name in enumerate(PICTURES):
        (folder / name).write_bytes(draw_picture(number))
    if HEAVY in text:
        whole = (folder / PICTURES[0]).read_bytes()
        (folder / HEAVY).write_bytes(whole + b"\0" * (12_000_000 - len(whole)))
    settings = load_settings(folder, provider="sketch", environment={}, user_file=folder / "none.yaml")
    return Example(path, open_session(settings, folder))


def spell(diagnostics: tuple[Diagnostic, ...] | list[Diagnostic]) -> list[str]:
    """Diagnostics in a form that makes a failing test readable."""
    return [f"{found.span}: {found.severity}: {found.message} [{found.code}]" for found in diagnostics]


def without_notes(diagnostics: tuple[Diagnostic, ...]) -> list[Diagnostic]:
    """Errors and warnings."""
    return [found for found in diagnostics if found.severity is not Severity.NOTE]
