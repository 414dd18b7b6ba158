"""The peers, one a module; none is imported before it is asked for."""

from __future__ import annotations

from importlib import import_module

from workbench.errors import UsageError
from workbench.experiments.peers.peer import Peer

NAMES = ("workbench", "lancedb", "sqlite-vec", "pgvector", "pgvector-all-words", "chroma", "brute-force")
_PACKAGE = "workbench.experiments.peers.adapters"
_MODULES = {
    "workbench": "ours", "lancedb": "lance", "sqlite-vec": "sqlite", "pgvector": "postgres",
    "pgvector-all-words": "postgres", "chroma": "chroma", "brute-force": "brute",
}  # fmt: skip


def peer(name: str) -> Peer:
    """The peer of this name.

    Raises:
        UsageError: There is none.
    """
    if name not in _MODULES:
        raise UsageError(f"there is no peer {name!r}", "", f"known are: {', '.join(NAMES)}")
    found: Peer = import_module(f"{_PACKAGE}.{_MODULES[name]}").PEERS[name]
    return found


__all__ = ["NAMES", "peer"]
