"""Embedders by name."""

from __future__ import annotations

from workbench.embedding.embedder import Embedder, Vectors
from workbench.embedding.static import StaticEmbedder, static_folder
from workbench.embedding.transformer import TransformerEmbedder, minilm


def load_embedder(name: str) -> Embedder:
    """The embedder called `name`: "static", "minilm", or a sentence-transformers model name or folder.

    Raises:
        EmbeddingError: The model cannot be loaded.
    """
    if name == "static":
        return StaticEmbedder(static_folder())
    if name == "minilm":
        return minilm()
    return TransformerEmbedder(name, name)


__all__ = ["Embedder", "Vectors", "load_embedder", "static_folder"]
