"""What every embedder does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

Vectors = NDArray[np.float32]


class Embedder(Protocol):
    """Turns texts into vectors.

    `fingerprint` identifies the vector space: two embedders with the same fingerprint give the same vectors, and
    vectors of different fingerprints never meet in one index. `texts_per_second` is the rough speed on one core, used
    only to decide whether Ray is worth starting.
    """

    name: str
    fingerprint: str
    dimensions: int
    texts_per_second: float

    def embed(self, texts: Sequence[str]) -> Vectors:
        """Vectors of shape (len(texts), dimensions), float32, each of length 1 (of zeros for a text without tokens)."""
        ...


def unit_rows(vectors: NDArray[np.floating]) -> Vectors:
    """`vectors` (n, d) as float32 with every row scaled to length 1; a row of zeros stays so."""
    out = np.asarray(vectors, dtype=np.float32)
    norms = np.linalg.norm(out, axis=1, keepdims=True)
    norms[norms == 0] = 1.0
    return np.asarray(out / norms, dtype=np.float32)
