"""How good the search is, on judged queries."""

from workbench.evaluation.judgements import JudgedQuery, Split, load_judgements
from workbench.evaluation.metrics import ndcg, recall, reciprocal_rank

__all__ = ["JudgedQuery", "Split", "load_judgements", "ndcg", "recall", "reciprocal_rank"]
