"""Writes a fitted model in the form that StaticEmbedder reads."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from tokenizers import Tokenizer

from workbench.embedding.embedder import Vectors
from workbench.embedding.static import SCALES, TOKENIZER, VECTORS, fingerprint

CONFIG = "config.json"


def pack(vectors: Vectors, tokenizer: Tokenizer, folder: Path, facts: Mapping[str, object]) -> None:
    """Write `vectors` (tokens, dimensions) as bytes with a scale a row, the tokenizer, and what is known of them.

    The tokenizer neither pads nor truncates, and adds no special tokens.
    """
    folder.mkdir(parents=True, exist_ok=True)
    whole, scales = quantised(vectors)
    np.save(folder / VECTORS, whole)
    np.save(folder / SCALES, scales)
    layout = json.loads(tokenizer.to_str())
    layout.update(padding=None, truncation=None, post_processor=None)
    text = json.dumps(layout, ensure_ascii=False, separators=(",", ":"))
    (folder / TOKENIZER).write_text(text + "\n", encoding="utf-8")
    known = {"fingerprint": fingerprint(folder), "tokens": len(vectors), "dimensions": vectors.shape[1], **facts}
    (folder / CONFIG).write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def quantised(vectors: Vectors) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """`vectors` (n, d) as whole numbers from -127 to 127 (n, d) and a scale a row (n,): row = scale x numbers."""
    scales = np.abs(vectors).max(axis=1) / np.float32(127)
    scales[scales == 0] = 1.0
    return np.rint(vectors / scales[:, np.newaxis]).astype(np.int8), scales.astype(np.float32)
