"""What each parameter does to a figure of the trials, freed from what the other parameters did."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_ERRORS = 2.0  # standard errors to either side


@dataclass(frozen=True, slots=True)
class Effect:
    """What `value` of `parameter` adds to the figure, compared with the mean of all trials.

    `low` and `high` are two standard errors away; None where there are too few trials to tell. `trials` had the value.
    """

    parameter: str
    value: Any
    effect: float
    low: float | None
    high: float | None
    trials: int


def main_effects(parameters: Sequence[Mapping[str, Any]], figures: Sequence[float]) -> list[Effect]:
    """Effects of every value of every parameter that has several, by least squares on an additive model.

    figure = mean + sum over parameters of the effect of its value: what a value adds is not confounded with the values
    of others that it happened to be tried with, as long as the trials tell them apart; interactions are left in the
    error.
    """
    levels = {name: _distinct(one.get(name) for one in parameters) for name in dict.fromkeys(_names(parameters))}
    levels = {name: values for name, values in levels.items() if len(values) > 1}
    columns = [(name, value) for name, values in levels.items() for value in values[1:]]
    given = np.array([[one.get(name) == value for name, value in columns] for one in parameters], np.float64)
    design = np.column_stack([np.ones(len(parameters)), given.reshape(len(parameters), len(columns))])
    measured = np.asarray(figures, np.float64)
    found, _, rank, _ = np.linalg.lstsq(design, measured, rcond=None)
    solution = np.asarray(found, np.float64)
    covariance = _covariance(design, measured, solution, int(rank))
    out = []
    for name, values in levels.items():
        for value in values:
            contrast = _contrast(columns, name, value, design)
            effect = float(contrast @ solution)
            error = (
                None if covariance is None else _ERRORS * math.sqrt(max(0.0, float(contrast @ covariance @ contrast)))
            )
            tried = sum(one.get(name) == value for one in parameters)
            low, high = (None, None) if error is None else (effect - error, effect + error)
            out.append(Effect(name, value, effect, low, high, tried))
    return out


def _contrast(columns: Sequence[tuple[str, Any]], name: str, value: Any, design: Floats) -> Floats:
    """What takes the effect of a value out of a solution: its own term less the mean of the parameter's terms."""
    contrast = np.zeros(design.shape[1])
    for at, (parameter, level) in enumerate(columns, start=1):
        if parameter == name:
            contrast[at] = float(level == value) - design[:, at].mean()
    return contrast


def _covariance(design: Floats, measured: Floats, solution: Floats, rank: int) -> Floats | None:
    """Of the solution; None where the trials do not tell the parameters apart, or leave no error to estimate."""
    spare = len(measured) - design.shape[1]
    if rank < design.shape[1] or spare < 1:
        return None
    left = measured - design @ solution
    return np.asarray(np.linalg.inv(design.T @ design) * float(left @ left) / spare)


def _names(parameters: Sequence[Mapping[str, Any]]) -> Iterator[str]:
    for one in parameters:
        yield from one


def _distinct(values: Iterator[Any]) -> list[Any]:
    return sorted(set(values), key=lambda value: (isinstance(value, str), value is None, value))
