"""How many of something to show, as a value of an option."""

from __future__ import annotations

import re

import click

_WHOLE = re.compile(r"[0-9]{1,18}")


class HowMany(click.ParamType[int]):
    """A whole number from 1 up."""

    name = "n"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """As click wants it."""
        text = str(value).strip()
        if not _WHOLE.fullmatch(text) or not int(text):
            self.fail(f"found `{text}`, expected a whole number from 1 up", param, ctx)
        return int(text)
