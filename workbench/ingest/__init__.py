"""From exports to a published generation."""

from workbench.ingest.pipeline import IngestOptions, ingest, rebuild
from workbench.ingest.progress import Progress, Silent
from workbench.ingest.remembering import publish_first, remember
from workbench.ingest.report import FileReport, IngestReport

__all__ = [
    "FileReport",
    "IngestOptions",
    "IngestReport",
    "Progress",
    "Silent",
    "ingest",
    "publish_first",
    "rebuild",
    "remember",
]
