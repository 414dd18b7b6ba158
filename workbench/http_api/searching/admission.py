"""Who is let into the queue: nobody who would have to wait longer than he can.

What a search takes is measured, as the time from one to the next while the queue is never empty: so it holds whatever
else the event loop has to do between them. A request that finds more before it than can be searched within its time is
refused at once, which costs a twentieth of a search; collapse is when all are accepted and none is answered in time.
"""

from __future__ import annotations

import math

from workbench.errors import OverloadedError

MAX_PENDING = 2_000
_FIRST_GUESS = 0.002  # seconds, until something was measured
_WEIGHT = 0.02  # of one search in the average: it forgets what was fifty searches ago
_SHARE = 0.8  # of his time that who is let in may have to wait: some searches take longer than the average


class Admission:
    """Judges one queue. `max_pending` searches may wait, however quick they are."""

    def __init__(self, max_pending: int = MAX_PENDING) -> None:
        self._max_pending = max_pending
        self.seconds = _FIRST_GUESS
        """What a search takes, as a moving average."""

    def measured(self, searches: int, seconds: float) -> None:
        """So many searches took so long together."""
        kept = (1.0 - _WEIGHT) ** searches
        self.seconds = kept * self.seconds + (1.0 - kept) * seconds / searches

    def admit(self, before: int, patience: float, *, behind: int = 0) -> None:
        """Let one more in, who can wait `patience` seconds, behind `before` others.

        He may be searched together with up to `behind` who come after him, and is answered when all these are.

        Raises:
            OverloadedError: He would not be answered in time, or too many wait.
        """
        if before and (before + 1 + behind) * self.seconds > _SHARE * patience:
            raise self.overloaded(before, f"{before:,} searches wait, which takes longer than this one can")
        if before >= self._max_pending:
            raise self.overloaded(before, f"{before:,} searches wait, which is as many as may")

    def overloaded(self, before: int, why: str) -> OverloadedError:
        """The refusal, with the time after which `before` searches will be done."""
        seconds = max(1, math.ceil(before * self.seconds))
        error = OverloadedError("the service is asked for more than it can answer in time", why, "try again later")
        error.retry_after = seconds
        return error
