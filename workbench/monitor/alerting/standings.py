"""Where the rules stand, for whoever looks at a service now and then."""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from typing import Any

from workbench.monitor.alerting.figures import UP, exposed, flatten
from workbench.monitor.alerting.rules import Rule
from workbench.monitor.alerting.watching import QUIET, Standing, Watcher


class Standings:
    """Holds figures against rules whenever it is asked. May be used by any number of threads."""

    def __init__(self, rules: Sequence[Rule]) -> None:
        self._watcher = Watcher(rules)
        self._lock = threading.Lock()
        self._last = 0.0

    def violated(self, live: Mapping[str, Any], metrics: str, now: float) -> list[Standing]:
        """The rules that are violated at the Unix time `now`: firing, or pending until they have been for long enough.

        `live` is the answer of /metrics/performance/live, `metrics` that of /metrics.
        """
        values = {**exposed(metrics), **flatten(live), UP: 1.0}
        with self._lock:
            self._last = max(now, self._last)  # of two that ask at once, the later may come first
            self._watcher.check(values, self._last)
            return [one for one in self._watcher.standing() if one.state != QUIET]
