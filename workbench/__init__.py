"""Memory Workbench: a person's whole history with AI assistants, searchable, explored and tuned from notebooks.

from workbench import Workbench

with Workbench.open("data/store") as memory:
    memory.ingest("data/samples")
    memory.search("the bread that did not rise")
"""

import sys
from typing import TYPE_CHECKING, Any

from workbench.errors import WorkbenchError
from workbench.model import Artifact, Conversation, Filters, Hit, Message, Query, SearchResult
from workbench.version import VERSION

if TYPE_CHECKING:
    from workbench.workspace import Workbench

__version__ = VERSION

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


def __getattr__(name: str) -> Any:
    """`Workbench`, when it is first asked for: what it stands on takes half a second to load."""
    if name != "Workbench":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from workbench.workspace import Workbench

    globals()[name] = Workbench
    return Workbench


if "IPython" in sys.modules:
    from workbench.display import register_with_ipython

    register_with_ipython()
