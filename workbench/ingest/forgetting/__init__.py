"""Forgetting: out of the record, its vectors, the journal, every generation and the caches, with a receipt."""

from workbench.ingest.forgetting.forgetting import PATIENCE_SECONDS, forget, restore
from workbench.ingest.forgetting.receipt import Forgotten, HeldGeneration, Receipt
from workbench.ingest.forgetting.renewing import opened

__all__ = ["PATIENCE_SECONDS", "Forgotten", "HeldGeneration", "Receipt", "forget", "opened", "restore"]
