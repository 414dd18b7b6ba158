"""A seeded generator of exports: small samples written by hand, and corpora of any size.

write_samples(folder)                       three years of one fictional person, with judged queries
write_corpus(folder, 250_000)               the same formats at scale, with known-item queries
"""

from workbench.experiments.corpus.known_items import known_item_queries
from workbench.experiments.corpus.samples import SampleSummary, write_samples
from workbench.experiments.corpus.scale import CorpusSummary, write_corpus

__all__ = ["CorpusSummary", "SampleSummary", "known_item_queries", "write_corpus", "write_samples"]
