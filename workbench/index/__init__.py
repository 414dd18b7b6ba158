"""Adapters of the two search engines: tantivy for words, usearch for vectors. Neither knows the other."""

from workbench.index.lexical import LexicalDocuments, LexicalIndex
from workbench.index.vector import VectorIndex, VectorProfile

__all__ = ["LexicalDocuments", "LexicalIndex", "VectorIndex", "VectorProfile"]
