"""The default embedder: token vectors fitted to all-MiniLM-L6-v2, averaged with numpy. It comes with the package.

How the vectors were made, from what texts, and how well they do is in models/MODEL_CARD.md; `python -m
workbench.embedding.fitting` makes them again. A token's vector is kept as 256 signed bytes and one scale; its length is
its weight in the mean.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator, Sequence
from importlib.resources import files
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from workbench.embedding.embedder import Vectors, unit_rows
from workbench.errors import EmbeddingError

if TYPE_CHECKING:
    from tokenizers import Tokenizer

VECTORS, SCALES, TOKENIZER = "vectors.npy", "scales.npy", "tokenizer.json"  # the files that decide a vector
_LONGEST = 4096  # characters of a text that count: the mean of a long text says little, and memory stays bounded
_BLOCK = 32_768  # characters tokenised and averaged together: about 8,000 tokens, 8 MB


def static_folder() -> Path:
    """Where the model lies in the package."""
    return Path(str(files("workbench.embedding") / "models"))


class StaticEmbedder:
    """Mean of token vectors."""

    name = "static"
    texts_per_second = 20_000.0

    def __init__(self, folder: Path) -> None:
        os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # its threads do not survive a fork
        try:
            self._tokenizer = _tokenizer(folder / TOKENIZER)
            self._tokens: NDArray[np.int8] = np.load(folder / VECTORS, mmap_mode="r")
            self._scales: NDArray[np.float32] = np.load(folder / SCALES)
            if self._tokens.shape[0] != self._scales.shape[0]:
                raise ValueError(f"{len(self._tokens)} vectors and {len(self._scales)} scales")
            self.fingerprint = f"static-{fingerprint(folder)}"
        except (OSError, ValueError) as error:
            raise EmbeddingError(
                f"the static model in {folder} cannot be read",
                str(error),
                "install Workbench again: the model is a part of it",
            ) from error
        self.dimensions = int(self._tokens.shape[1])

    def embed(self, texts: Sequence[str]) -> Vectors:
        """See `Embedder.embed`. Of a text, its first 4,096 characters count."""
        if len(texts) == 1:
            found = self._tokenizer.encode(texts[0][:_LONGEST], add_special_tokens=False).ids
            return unit_rows((self._scales[found] @ self._tokens[found].astype(np.float32))[np.newaxis])
        blocks = [self._sums(block) for block in _blocks(texts)]
        return unit_rows(np.concatenate(blocks)) if blocks else np.zeros((0, self.dimensions), dtype=np.float32)

    def _sums(self, texts: Sequence[str]) -> Vectors:
        """The sum of each text's token vectors: one gather, and a sum over consecutive rows."""
        found = [one.ids for one in self._tokenizer.encode_batch_fast(texts, add_special_tokens=False)]
        lengths = np.fromiter(map(len, found), dtype=np.intp, count=len(found))
        tokens = np.fromiter(chain.from_iterable(found), dtype=np.intp, count=int(lengths.sum()))
        sums = np.zeros((len(texts), self.dimensions), dtype=np.float32)
        if len(tokens):
            rows = self._tokens[tokens].astype(np.float32)
            rows *= self._scales[tokens, np.newaxis]
            filled = np.flatnonzero(lengths)
            starts = (np.cumsum(lengths) - lengths)[filled]
            sums[filled] = np.add.reduceat(rows, starts, axis=0)
        return sums


def fingerprint(folder: Path) -> str:
    """Digest over the bytes that decide the vectors: token vectors, scales and tokenizer."""
    digest = hashlib.blake2b(digest_size=8)
    for name in (VECTORS, SCALES, TOKENIZER):
        digest.update((folder / name).read_bytes())
    return digest.hexdigest()


def _tokenizer(path: Path) -> Tokenizer:
    from tokenizers import Tokenizer

    try:
        return Tokenizer.from_file(str(path))
    except Exception as error:
        raise ValueError(str(error)) from error  # the library raises nothing narrower


def _blocks(texts: Sequence[str]) -> Iterator[list[str]]:
    """`texts`, cut to the length that counts, in runs of at most `_BLOCK` characters and one text."""
    block: list[str] = []
    room = _BLOCK
    for text in texts:
        block.append(text[:_LONGEST])
        room -= len(block[-1])
        if room <= 0:
            yield block
            block, room = [], _BLOCK
    if block:
        yield block
