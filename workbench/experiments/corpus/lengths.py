"""How long messages and conversations are: drawn to match what was measured on real ones."""

from __future__ import annotations

import math
from bisect import bisect_right

# Slightly off the measured quantiles, since sentences and stock phrases do not come at every length.
_USER = ((0.0, 2), (0.1, 36), (0.5, 104), (0.9, 455), (0.99, 1_790), (0.999, 4_500), (1.0, 10_000))
_ASSISTANT = ((0.0, 40), (0.1, 420), (0.5, 1_330), (0.9, 3_020), (0.99, 5_170), (0.999, 9_000), (1.0, 60_000))
_LONGEST_CONVERSATION = 200


def user_length(share: float) -> int:
    """Characters of a prompt at the quantile `share` in 0 .. 1."""
    return _quantile(_USER, share)


def assistant_length(share: float) -> int:
    """Characters of an answer at the quantile `share` in 0 .. 1."""
    return _quantile(_ASSISTANT, share)


def conversation_size(share: float) -> int:
    """Messages of a conversation at the quantile `share`: an even number of 2 to 200, most of them below ten."""
    return min(_LONGEST_CONVERSATION, 2 * math.ceil(0.9 * math.pow(1.0 - share, -0.8)))


def _quantile(table: tuple[tuple[float, int], ...], share: float) -> int:
    """Interpolate between the table's points, lengths on a logarithmic scale."""
    at = min(bisect_right(table, share, key=lambda point: point[0]), len(table) - 1)
    (low, short), (high, long) = table[at - 1], table[at]
    weight = (share - low) / (high - low)
    return round(math.exp(math.log(short) * (1 - weight) + math.log(long) * weight))
