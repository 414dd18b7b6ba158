"""The query language: words, "phrases", -exclusions, prefix*, fields and natural dates (docs/query_language.md)."""

from workbench.search.language.parser import ParsedQuery, parse

__all__ = ["ParsedQuery", "parse"]
