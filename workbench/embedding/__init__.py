"""Embedders by name."""

from __future__ import annotations

from pathlib import Path

from workbench.embedding.embedder import Embedder, Vectors
from workbench.embedding.static import StaticEmbedder, distill, is_distilled, static_folder
from workbench.embedding.transformer import TransformerEmbedder, minilm
from workbench.errors import EmbeddingError


def load_embedder(name: str, cache: Path, *, may_distill: bool = True) -> Embedder:
    """The embedder called `name`: "static", "minilm", or a sentence-transformers model name or folder.

    `cache` is the folder for models made on this machine. With `may_distill` false, "static" is refused rather than
    made when it is not there: a search must not wait for that, nor import torch.

    Raises:
        EmbeddingError: The model cannot be loaded, or is not there and may not be made.
    """
    if name == "static":
        if may_distill:
            return StaticEmbedder(distill(cache))
        if is_distilled(cache):
            return StaticEmbedder(static_folder(cache))
        raise EmbeddingError(
            "the static embedding model is not on this machine",
            f"it would be in {static_folder(cache)}",
            "run `workbench ingest` (on any export) or `workbench doctor --fix`: it is made in about 20 seconds",
        )
    if name == "minilm":
        return minilm()
    return TransformerEmbedder(name, name)


__all__ = ["Embedder", "Vectors", "is_distilled", "load_embedder", "static_folder"]
