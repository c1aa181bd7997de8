"""Amounts of dollars on the command line."""

from __future__ import annotations

from decimal import Decimal

import click

from seedflow.money import parse_usd


class Dollars(click.ParamType[Decimal]):
    """An amount such as `0.50`."""

    name = "USD"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> Decimal:
        """As click calls it."""
        try:
            return parse_usd(str(value))
        except ValueError as error:
            self.fail(str(error), param, ctx)
