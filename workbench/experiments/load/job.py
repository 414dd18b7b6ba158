"""What the load generator is to do, and what it measured."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class LoadJob:
    """What to send: `targets` (path and query, percent-encoded) in this order, each once, to `host`:`port`.

    They are asked for with GET; or, where `bodies` are given (one for each), with POST and that JSON. An answer with
    one of the `good` statuses is a sample, any other an error.
    `connections` are kept open. `rate` is in requests a second, 0 for a closed loop. After `warmup` seconds that are
    not counted follow `seconds` that are; the run ends earlier when the targets are used up. `timeout` is in seconds.
    """

    host: str
    port: int
    targets: Sequence[str]
    connections: int
    seconds: float
    warmup: float = 0.0
    rate: float = 0.0
    timeout: float = 10.0
    bodies: Sequence[str] = ()
    good: Sequence[int] = (200,)


@dataclass(frozen=True, slots=True)
class LoadSamples:
    """What was measured: one element a good answer, times in seconds since the end of the warm-up.

    `number` is that of the request among the job's targets, `status` that of the answer.

    `errors` counts by kind, the warm-up included: nothing may fail there either. `window` is the length in seconds of
    the counted part, `cpu_share` the generator's own use of one core during it. `used` says how many of the
    connections got an answer. `cached` counts answers whose head says `X-Cache: hit`, `empty` those without a hit,
    `partial` those that ran out of time.
    """

    scheduled: NDArray[np.float64]
    sent: NDArray[np.float64]
    done: NDArray[np.float64]
    errors: dict[str, int] = field(default_factory=dict)
    window: float = 0.0
    cpu_share: float = 0.0
    used: int = 0
    cached: int = 0
    empty: int = 0
    partial: int = 0
    bytes: int = 0
    exhausted: bool = False
    loop: str = ""
    number: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    status: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
