"""Adapters of the two search engines: tantivy for words, usearch for vectors. Neither knows the other."""

from workbench.index.lexical import Clauses, LexicalDocuments, LexicalHits, LexicalIndex, LexicalTail, microseconds, tag
from workbench.index.profile import VectorProfile
from workbench.index.vector import VectorIndex

__all__ = [
    "Clauses",
    "LexicalDocuments",
    "LexicalHits",
    "LexicalIndex",
    "LexicalTail",
    "VectorIndex",
    "VectorProfile",
    "microseconds",
    "tag",
]
