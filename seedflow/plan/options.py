"""The options of a step as values: how many takes, what is expected of a result."""

from __future__ import annotations

import re
from collections.abc import Mapping

from seedflow.diagnostics import Diagnostic
from seedflow.graph.model import StepNode
from seedflow.plan.border import known_too_late
from seedflow.plan.expect import Expectation
from seedflow.plan.frames import Env
from seedflow.plan.refused import Refused
from seedflow.plan.requests import Renderer
from seedflow.plan.stander import Stander
from seedflow.recipe.model import (
    DEFAULT_ATTEMPTS,
    MOST_ATTEMPTS,
    MOST_EXPECTED,
    MOST_TAKES,
    Expression,
    Otherwise,
)
from seedflow.recipe.option_schema import RATIO_PATTERN
from seedflow.recipe.template import Template

_RATIO = re.compile(RATIO_PATTERN)


class OptionReader:
    """Reads the options of steps whose templates use inputs, values and `each`."""

    def __init__(self, renderer: Renderer, stander: Stander) -> None:
        self._renderer = renderer
        self._stander = stander

    def takes(self, node: StepNode, env: Env) -> int:
        """How many takes a step has.

        Raises:
            Refused: it is not a whole number from 1, or not known when planning.
        """
        return 1 if node.step.takes is None else self._whole(node.step.takes, env, "takes", 1, MOST_TAKES)

    def expectation(self, node: StepNode, env: Env) -> Expectation | None:
        """What a step expects of its results.

        Raises:
            Refused: a value is not of its kind, or not known when planning.
        """
        expect = node.step.expect
        if expect is None:
            return None
        least, most = self._images(expect.images, env)
        attempts = DEFAULT_ATTEMPTS if expect.otherwise is Otherwise.RETRY else 1
        if expect.attempts is not None:
            attempts = self._whole(expect.attempts, env, "attempts", 1, MOST_ATTEMPTS)
        return Expectation(
            least_images=least,
            most_images=most,
            min_width_px=self._pixels(expect.min_width, env, "min_width"),
            min_height_px=self._pixels(expect.min_height, env, "min_height"),
            ratio=self._ratio(expect.aspect_ratio, env),
            distinct=expect.distinct is not None and self._truth(expect.distinct, env),
            otherwise=expect.otherwise,
            attempts=attempts,
        )

    def _images(self, images: Expression | None, env: Env) -> tuple[int | None, int | None]:
        if images is None:
            return None, None
        if isinstance(images, Template):
            count = self._whole(images, env, "images", 1, MOST_EXPECTED)
            return count, count
        bounds = {
            name: self._whole(part, env, name, 0, MOST_EXPECTED)
            for name, part in (images.items() if isinstance(images, Mapping) else ())
            if isinstance(part, Template)
        }
        return bounds.get("min"), bounds.get("max")

    def _pixels(self, template: Template | None, env: Env, name: str) -> int | None:
        return None if template is None else self._whole(template, env, name, 1, MOST_EXPECTED)

    def _ratio(self, template: Template | None, env: Env) -> tuple[int, int] | None:
        if template is None:
            return None
        text = str(self._value(template, env, as_text=True))
        if _RATIO.fullmatch(text) is None:
            raise Refused(
                Diagnostic(
                    "wrong-type",
                    f"`aspect_ratio` is {text}, expected a ratio such as 16:9",
                    template.scalar.span,
                    help="write width and height as `W:H`",
                )
            )
        across, down = text.split(":")
        return int(across), int(down)

    def _truth(self, template: Template, env: Env) -> bool:
        value = self._value(template, env)
        if isinstance(value, bool):
            return value
        raise Refused(
            Diagnostic(
                "wrong-type", "expected true or false", template.scalar.span, help="write `true` or `false`"
            )
        )

    def _whole(self, template: Template, env: Env, name: str, least: int, most: int) -> int:
        value = self._value(template, env)
        whole = isinstance(value, int) and not isinstance(value, bool)
        if whole and isinstance(value, int) and least <= value <= most:
            return value
        missing = "give what it uses a value, or a default: `{{ … | default(1) }}`"
        raise Refused(
            Diagnostic(
                "out-of-range" if whole else "wrong-type",
                f"`{name}` is {'none' if value is None else repr(value)}, expected a whole number from {least} to {most:,}",
                template.scalar.span,
                help=missing if value is None else f"write a number, such as {max(least, 2)}",
            )
        )

    def _value(self, template: Template, env: Env, *, as_text: bool = False) -> object:
        standing = self._stander.of([template], env, sees_each=True)
        if standing.waits or standing.failed is not None or standing.skips is not None:
            raise Refused(known_too_late(template, env, "this depends on results"))
        return self._renderer.render(template, env, as_text=as_text)
