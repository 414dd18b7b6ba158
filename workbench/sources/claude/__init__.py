"""Claude's data export: `conversations.json`."""

from workbench.sources.claude.source import Claude

__all__ = ["Claude"]
