"""Hybrid search over one open snapshot."""

from workbench.search.engine import SearchEngine

__all__ = ["SearchEngine"]
