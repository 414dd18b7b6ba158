"""Whether a series grows, and how sure that is, where neighbouring samples depend on each other.

Memory is such a series: an allocator keeps what it once took, so that the noise of one sample is still in the next.
Least squares, robust slopes and block bootstraps take the samples for more independent than they are, and see leaks in
every second quiet run. So the model is that of a level that wanders and is seen with noise (the local level model with
drift; A. C. Harvey, "Forecasting, structural time series models and the Kalman filter", 1989, section 2.3):

    seen(i) = level(i) + e(i)        level(i) = level(i - 1) + slope * (x(i) - x(i - 1)) + w(i)

with e of variance s and w of variance q * s. With q = 0 it is a straight line with white noise, with large q a random
walk. `q` is not known, and an estimate of it is often 0 where it is not (D. Shephard and A. Harvey, "On the probability
of estimating a deterministic component in the local level model", Journal of Time Series Analysis 11, 1990). So it is
integrated out, weighted by its restricted likelihood (D. A. Harville, JASA 72, 1977) with a flat prior on the share
of the wandering, sqrt(q) / (1 + sqrt(q)). Differences of neighbours are a moving average of order one, whose covariance
a sine transform makes diagonal: exact, and no matrix to invert.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import fft, optimize, stats

from workbench.errors import UsageError

FEWEST = 8  # samples that say anything at all about how they wander
LEVEL = 0.95
_RATIOS = np.concatenate([[0.0], np.geomspace(1e-6, 1e4, 80)])
_POWER = 0.8  # how probably the smallest slope that "could have been seen" is seen
_FLAT = 1e-30  # variance of a series that does not move at all


@dataclass(frozen=True, slots=True)
class Trend:
    """The slope of a series in its units by one of x, with its interval at LEVEL, and its level where x is `start`.

    `seen` is the slope that such a series would have shown to lie above 0 in four of five runs. `wandering` is the
    share of the noise that stays (0: a straight line with white noise, 1: a random walk). `samples` is their number.
    """

    slope: float
    low: float
    high: float
    seen: float
    start: float
    level: float
    wandering: float
    samples: int


def trend_of(x: ArrayLike, y: ArrayLike, *, level: float = LEVEL) -> Trend:
    """The trend of `y` over ascending `x`, both of shape (samples,).

    Raises:
        UsageError: Fewer than FEWEST samples, or `x` does not ascend.
    """
    at, seen = np.asarray(x, np.float64), np.asarray(y, np.float64)
    if len(at) < FEWEST or at[-1] <= at[0] or np.any(np.diff(at) < 0):
        raise UsageError(
            f"{len(at)} samples are too few for a trend" if len(at) < FEWEST else "the samples do not ascend",
            f"it takes {FEWEST} at least", "measure for longer",
        )  # fmt: skip
    slopes, errors, weights, freedom = _by_ratio(np.diff(at), np.diff(seen))
    mean = float(weights @ slopes)
    low, high = (_quantile(slopes, errors, weights, freedom, p) for p in ((1 - level) / 2, (1 + level) / 2))
    shares = np.sqrt(_RATIOS) / (1 + np.sqrt(_RATIOS))
    spread = (high - low) / 2 / float(stats.norm.ppf((1 + level) / 2))
    return Trend(
        mean, low, high, (high - low) / 2 + float(stats.norm.ppf(_POWER)) * spread, float(at[0]),
        float(np.median(seen - mean * (at - at[0]))), float(weights @ shares), len(at),
    )  # fmt: skip


def _by_ratio(
    steps: NDArray[np.float64], differences: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], int]:
    """Slope and its standard error for each of _RATIOS, the weights of these, and the degrees of freedom."""
    count = len(steps)
    # The differences of white noise have 2 on the diagonal and -1 beside it: eigenvectors are sines, these the values.
    eigenvalues = 2 - 2 * np.cos(np.arange(1, count + 1) * np.pi / (count + 1))
    u, d = (fft.dst(one, type=1, norm="ortho") for one in (steps, differences))
    precision = 1 / (_RATIOS[:, None] + eigenvalues)
    information = precision @ (u * u)
    slopes = precision @ (u * d) / information
    residual = (precision * (d - slopes[:, None] * u) ** 2).sum(axis=1) + _FLAT
    freedom = count - 1
    likelihood = 0.5 * (np.log(precision).sum(axis=1) - np.log(information) - freedom * np.log(residual))
    prior = np.gradient(np.sqrt(_RATIOS) / (1 + np.sqrt(_RATIOS)))
    weights = np.exp(likelihood - likelihood.max()) * prior
    return slopes, np.sqrt(residual / freedom / information), weights / weights.sum(), freedom


def _quantile(
    slopes: NDArray[np.float64], errors: NDArray[np.float64], weights: NDArray[np.float64], freedom: int, wanted: float
) -> float:
    """Of the mixture of Student distributions."""
    widest = 1_000 * float(errors.max())
    ends = float(slopes.min()) - widest, float(slopes.max()) + widest
    return float(
        optimize.brentq(lambda value: float(weights @ stats.t.cdf((value - slopes) / errors, freedom)) - wanted, *ends)
    )


NO_LEAK, LEAK, UNDECIDED = "no leak", "leak", "undecided"


def judge(found: Trend, tolerated: float) -> str:
    """What a slope says where `tolerated` would be harmless: it is above that, it is not, or the run was too short."""
    if found.low > tolerated:
        return LEAK
    return NO_LEAK if found.high <= tolerated else UNDECIDED


def line(found: Trend, x: Sequence[float]) -> tuple[list[float], list[float], list[float]]:
    """The fitted line over `x`, and the two that the interval's ends give; all through the level in the middle."""
    at = np.asarray(x, np.float64)
    middle = float(np.mean(at))
    centre = found.level + found.slope * (middle - found.start)
    middle_line, low, high = (centre + one * (at - middle) for one in (found.slope, found.low, found.high))
    return middle_line.tolist(), low.tolist(), high.tolist()
