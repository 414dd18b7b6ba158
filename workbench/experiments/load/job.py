"""What the load generator is to do, and what it measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

NEVER_SENT = "due but never sent"
"""The error of a request that found no free connection until the end."""


@dataclass(frozen=True, slots=True)
class LoadJob:
    """What to send: `targets` (path and query, percent-encoded) in this order, each once, to `host`:`port`.

    They are asked for with GET; or, where `bodies` are given (one for each), with POST and that JSON. An answer with
    one of the `good` statuses is a sample, any other an error. `headers` go with every request.
    `connections` are kept open. `due` says when requests are due, in seconds since the beginning, ascending
    (`arrivals.due_times`); empty for a closed loop: each connection is a user who asks again as soon as the answer is
    there, or after thinking (`think` seconds on average), and, with `per_user`, not more often than that after the
    warm-up. After `warmup` seconds that are not counted follow `seconds` that are; the run ends earlier when all is
    asked. `timeout` is in seconds. Of every `timings`-th answer its Server-Timing is kept; 0 for none.
    """

    host: str
    port: int
    targets: Sequence[str]
    connections: int
    seconds: float
    warmup: float = 0.0
    due: Sequence[float] = ()
    timeout: float = 10.0
    bodies: Sequence[str] = ()
    good: Sequence[int] = (200,)
    think: float = 0.0
    per_user: int = 0
    headers: Mapping[str, str] = field(default_factory=dict)
    timings: int = 0


@dataclass(frozen=True, slots=True)
class LoadSamples:
    """What was measured: one element a good answer, times in seconds since the end of the warm-up.

    `number` is that of the request among the job's targets, `status` that of the answer, `hit` whether its head says
    `X-Cache: hit`, `waited` whether it found no free connection when it was due.

    `errors` counts by kind, the warm-up included: nothing may fail there either. `window` is the length in seconds of
    the counted part, `cpu_share` the generator's own use of one core during it. `used` says how many of the
    connections got an answer. `empty` counts answers without a hit, `partial` those that ran out of time. `timings` are
    positions among the samples, each with the Server-Timing of that answer. `start` is the end of the warm-up by
    `time.perf_counter`, which on Linux all processes of a machine share.
    """

    scheduled: NDArray[np.float64]
    sent: NDArray[np.float64]
    done: NDArray[np.float64]
    errors: dict[str, int] = field(default_factory=dict)
    window: float = 0.0
    cpu_share: float = 0.0
    used: int = 0
    empty: int = 0
    partial: int = 0
    bytes: int = 0
    exhausted: bool = False
    loop: str = ""
    start: float = 0.0
    timings: Sequence[tuple[int, str]] = ()
    number: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    status: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))
    hit: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))
    waited: NDArray[np.bool_] = field(default_factory=lambda: np.empty(0, np.bool_))

    @property
    def cached(self) -> int:
        """How many answers came from the cache."""
        return int(self.hit.sum())
