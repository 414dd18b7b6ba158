"""Options that `bench baseline`, `bench compare` and `bench trend` have in common."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

Function = TypeVar("Function", bound=Callable[..., Any])


class Share(click.ParamType[float]):
    """A share: "15%" or 0.15."""

    name = "share"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        """Part of click.ParamType."""
        text = str(value).strip()
        try:
            share = float(text.removesuffix("%")) / (100 if text.endswith("%") else 1)
        except ValueError:
            self.fail(f"{value!r} is no share such as 15% or 0.15", param, ctx)
        if not 0 <= share < 1:
            self.fail(f"{value!r} is not between 0% and 100%", param, ctx)
        return share


def plan_options(function: Function) -> Function:
    """`--workload`, `--rounds` and `--turns`."""
    for option in (
        click.option("--turns", type=click.IntRange(1, 1000), default=10, show_default=True,
                     help="Blocks of each workload in a round."),
        click.option("--rounds", type=click.IntRange(2, 100), default=6, show_default=True,
                     help="Rounds, each with fresh processes."),
        click.option("--workload", "workloads", multiple=True,
                     help='Measure this one ("search, distinct"); may be repeated. [default: all]'),
    ):  # fmt: skip
        function = option(function)
    return function
