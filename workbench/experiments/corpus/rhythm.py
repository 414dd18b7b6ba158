"""When people talk to assistants: little at night, more on working days, and more every year."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import accumulate

FIRST_DAY = datetime(2022, 11, 21, tzinfo=UTC)
YEARS = 4
_HOURS = (2, 1, 1, 1, 1, 2, 6, 12, 20, 26, 28, 26, 20, 24, 27, 26, 24, 21, 19, 21, 24, 22, 14, 6)
_WEEKDAYS = (1.15, 1.2, 1.2, 1.15, 1.0, 0.6, 0.7)
_GROWTH = 2.5


@cache
def _cumulated() -> tuple[float, ...]:
    days = 365 * YEARS + 1
    weights = (
        hour * _WEEKDAYS[(FIRST_DAY + timedelta(days=day)).weekday()] * (1 + _GROWTH * day / days)
        for day in range(days)
        for hour in _HOURS
    )
    return tuple(accumulate(weights))


def moment(share: float) -> datetime:
    """The instant before which `share` (0 .. 1) of all conversations began."""
    sums = _cumulated()
    wanted = share * sums[-1]
    hour = min(bisect_right(sums, wanted), len(sums) - 1)
    before = sums[hour - 1] if hour else 0.0
    within = (wanted - before) / (sums[hour] - before)
    return FIRST_DAY + timedelta(seconds=int((hour + within) * 3600))
