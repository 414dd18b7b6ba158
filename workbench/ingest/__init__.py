"""From exports to a published generation."""

from workbench.ingest.forgetting import PATIENCE_SECONDS, Receipt, forget, restore
from workbench.ingest.pipeline import IngestOptions, ingest, rebuild
from workbench.ingest.progress import Progress, Silent
from workbench.ingest.remembering import publish_first, remember
from workbench.ingest.report import FileReport, IngestReport

__all__ = [
    "PATIENCE_SECONDS",
    "FileReport",
    "IngestOptions",
    "IngestReport",
    "Progress",
    "Receipt",
    "Silent",
    "forget",
    "ingest",
    "publish_first",
    "rebuild",
    "remember",
    "restore",
]
