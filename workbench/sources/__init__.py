"""Exports of assistants, read: found by their structure, cut into conversations, parsed one by one.

files, issues = find_files(path)
for file in files:
    for piece in split(file):            # streaming; a Record or an ImportIssue
        parsed = parse(file.source, piece)
"""

from workbench.sources.files import ExportFile, find_files, parse, split
from workbench.sources.registry import SOURCES
from workbench.sources.source import Parsed, Record, Source

REVISION = 1
"""Raised whenever a parser reads the same export differently: then a new import replaces what the old one stored."""

__all__ = ["REVISION", "SOURCES", "ExportFile", "Parsed", "Record", "Source", "find_files", "parse", "split"]
