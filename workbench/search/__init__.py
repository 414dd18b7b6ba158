"""Hybrid search over one open snapshot."""

from workbench.search.engine import SearchEngine
from workbench.search.facets import facet_counts
from workbench.search.similar import similar

__all__ = ["SearchEngine", "facet_counts", "similar"]
