"""Memory Workbench: a person's whole history with AI assistants, searchable, explored and tuned from notebooks.

from workbench import Workbench

with Workbench.open("data/store") as memory:
    memory.ingest("data/samples")
    memory.search("the bread that did not rise")
"""

from workbench.display import register_with_ipython
from workbench.errors import WorkbenchError
from workbench.model import Artifact, Conversation, Filters, Hit, Message, Query, SearchResult
from workbench.workspace import Workbench

__version__ = "0.1.0"

__all__ = [
    "Artifact",
    "Conversation",
    "Filters",
    "Hit",
    "Message",
    "Query",
    "SearchResult",
    "Workbench",
    "WorkbenchError",
    "__version__",
]

register_with_ipython()
