"""What has been observed and not been written yet: plain lists, so that a request pays for an append and no more."""

from __future__ import annotations

from collections.abc import Hashable, Iterator

import numpy as np
from numpy.typing import NDArray

from workbench.monitor.families import Family
from workbench.monitor.folder import Labels

OTHER = "other"
MOST_SERIES = 200
Key = tuple[Hashable, ...]


class Observations(dict[Key, list[float]]):
    """Values of one family by the values of its labels; `observations[labels].append(value)`, from any thread.

    Labels come from requests in the end, and every set of them is a series for good: beyond `most` sets, new ones are
    counted together, with "other" for each label.
    """

    def __init__(self, family: Family, *, most: int = MOST_SERIES) -> None:
        super().__init__()
        self.family = family
        self._most = most

    def __missing__(self, labels: Key) -> list[float]:
        if len(self) >= self._most:
            labels = (OTHER,) * len(labels)
        return self.setdefault(labels, [])

    def drain(self) -> Iterator[tuple[Labels, NDArray[np.float64]]]:
        """Take out what is there, for each set of labels that has something."""
        for labels, values in list(self.items()):
            count = len(values)
            if count:  # what is appended from here on stays for the next time
                taken = np.array(values[:count], np.float64)
                del values[:count]
                yield tuple(map(str, labels)), taken
