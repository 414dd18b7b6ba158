"""Where the time of an answer went: in line, under way and waiting for its turn, and in each stage of the search.

Searches that wait together are answered together: a stage's time is that of its whole batch, which is what every one of
them waited for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.experiments.load.job import LoadSamples

IN_LINE, WAITING, REST = "in line at the client", "waiting and HTTP", "rest of the search"
_TOTAL = "total"
_BANDS = ((0.0, 50.0), (50.0, 90.0), (90.0, 95.0), (95.0, 99.0), (99.0, 100.0))


@dataclass(frozen=True, slots=True)
class Band:
    """The answers from one percentile of latency to another, and the mean milliseconds that each part took of them."""

    low: float
    high: float
    answers: int
    milliseconds: dict[str, float]


def parse_timing(told: str) -> dict[str, float]:
    """The stages of a Server-Timing header (W3C Server Timing, section 2) that have a duration, in milliseconds."""
    stages: dict[str, float] = {}
    for metric in told.split(","):
        name, *parameters = (part.strip() for part in metric.split(";"))
        for parameter in parameters:
            key, _, value = parameter.partition("=")
            if key.strip().lower() == "dur":
                stages[name] = float(value.strip().strip('"'))
    return stages


def latency_by_stage(samples: LoadSamples) -> tuple[Band, ...]:
    """Bands of latency, the median's half first, made of those answers whose stages were told; empty if none were."""
    if not samples.timings:
        return ()
    rows = np.array([number for number, _ in samples.timings])
    told = [parse_timing(text) for _, text in samples.timings]
    names = [name for name in dict.fromkeys(name for one in told for name in one) if name != _TOTAL]
    stages = np.array([[one.get(name, 0.0) for name in names] for one in told])
    searched = np.array([one.get(_TOTAL, sum(one.values())) for one in told])
    in_line = (samples.sent - samples.scheduled)[rows] * 1000
    service = (samples.done - samples.sent)[rows] * 1000
    parts = {IN_LINE: in_line, WAITING: np.maximum(service - searched, 0.0)}
    parts |= {name: stages[:, number] for number, name in enumerate(names)}
    parts[REST] = np.maximum(searched - stages.sum(axis=1), 0.0)
    return _bands(in_line + service, parts)


def _bands(latency: NDArray[np.float64], parts: Mapping[str, NDArray[np.float64]]) -> tuple[Band, ...]:
    order = np.argsort(latency)
    out = []
    for low, high in _BANDS:
        chosen = order[int(len(order) * low / 100) : int(np.ceil(len(order) * high / 100))]
        if len(chosen):
            means = {name: float(values[chosen].mean()) for name, values in parts.items()}
            out.append(Band(low, high, len(chosen), means))
    return tuple(out)
