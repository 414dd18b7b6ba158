"""When requests are due, whether or not the service keeps up: a rate that changes in straight pieces, as a pure value.

At a rate r(t) the number of requests due until t is N(t), the integral of r. Request i (from 0) is due when N(t) = i.
At random (a Poisson process) it is due when N(t) reaches the sum of i + 1 independent exponential variables of mean 1
(inversion; E. Çinlar, "Introduction to Stochastic Processes", 1975, chapter 4, section 7).
"""

from __future__ import annotations

import random as randomness
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Seconds = NDArray[np.float64]
_SPIKE_FROM, _SPIKE_UNTIL = 0.4, 0.6  # of the counted time
_LONGEST_THINKING = 10.0  # means
_SPARE = 8.0  # standard deviations of a Poisson variable


@dataclass(frozen=True, slots=True)
class Piece:
    """For so many `seconds` the rate goes evenly from `rate` to `to` requests a second."""

    seconds: float
    rate: float
    to: float

    @property
    def expected(self) -> float:
        """How many requests are due in it."""
        return self.seconds * (self.rate + self.to) / 2.0


Pieces = tuple[Piece, ...]


def constant(rate: float, seconds: float, *, warmup: float = 0.0) -> Pieces:
    """The same rate all the time."""
    return (Piece(warmup + seconds, rate, rate),)


def ramp(rate: float, to: float, seconds: float, *, warmup: float = 0.0) -> Pieces:
    """From one rate to another; the warm-up has the first."""
    return Piece(warmup, rate, rate), Piece(seconds, rate, to)


def spike(rate: float, height: float, seconds: float, *, warmup: float = 0.0) -> Pieces:
    """A base `rate` that jumps to `height` for the middle fifth of the time."""
    before, during = _SPIKE_FROM * seconds, (_SPIKE_UNTIL - _SPIKE_FROM) * seconds
    after = seconds - before - during
    return Piece(warmup + before, rate, rate), Piece(during, height, height), Piece(after, rate, rate)


def expected(pieces: Pieces) -> float:
    """How many requests are due in all."""
    return sum(piece.expected for piece in pieces)


def due_times(pieces: Pieces, *, random: int | None = None) -> Seconds:
    """When each request is due, in seconds since the beginning, ascending; `random` is a Poisson process' seed."""
    total = expected(pieces)
    if random is None:
        # A rounding error of the sum must not add a request at the very end.
        return _inverse(pieces, np.arange(0.0, np.ceil(total - 1e-9)))
    steps = np.random.default_rng(random).exponential(size=int(total + _SPARE * np.sqrt(total) + _SPARE))
    reached = np.cumsum(steps)
    return _inverse(pieces, reached[reached < total])


def thinking(mean: float, draw: randomness.Random) -> float:
    """How many seconds a user thinks: negative exponential, ten means at most (TPC-C, clause 5.2.5.4)."""
    return min(draw.expovariate(1.0), _LONGEST_THINKING) * mean


def rate_at(pieces: Pieces, at: float) -> float:
    """Requests a second that are asked for at a time; 0 before the beginning and after the end."""
    begin = 0.0
    for piece in pieces:
        if begin <= at < begin + piece.seconds:
            return piece.rate + (piece.to - piece.rate) * (at - begin) / piece.seconds
        begin += piece.seconds
    return 0.0


def _inverse(pieces: Sequence[Piece], counts: Seconds) -> Seconds:
    """The times at which so many requests are due; `counts` ascending and below their total."""
    out, begin, before = np.empty(len(counts)), 0.0, 0.0
    for number, piece in enumerate(pieces):
        here = counts >= before  # what is beyond this piece is overwritten by the next
        if number == len(pieces) - 1 or piece.expected:
            slope = (piece.to - piece.rate) / (2.0 * piece.seconds) if piece.seconds else 0.0
            missing = counts[here] - before
            # r t + slope t² = missing, solved so that slope 0 is no exception.
            root = np.sqrt(np.maximum(piece.rate**2 + 4.0 * slope * missing, 0.0))
            divisor = piece.rate + root
            out[here] = begin + np.divide(2.0 * missing, divisor, out=np.zeros_like(missing), where=divisor > 0.0)
        begin, before = begin + piece.seconds, before + piece.expected
    return out
