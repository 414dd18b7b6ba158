"""BM25 over messages, by tantivy. The only package that imports it.

Every message is one document with one field of words: its own, those of what it carries, and in the first message of a
conversation those of its title. Words are normalised, lower-cased, freed of accents and stemmed; unspaced scripts are
indexed as characters and character pairs; names (`handler.py`, `E0308`) also as whole terms.
"""

from workbench.index.lexical.documents import LexicalDocuments, microseconds, tag
from workbench.index.lexical.index import LexicalHits, LexicalIndex
from workbench.index.lexical.matching import Clauses
from workbench.index.lexical.tail import LexicalTail

__all__ = ["Clauses", "LexicalDocuments", "LexicalHits", "LexicalIndex", "LexicalTail", "microseconds", "tag"]
