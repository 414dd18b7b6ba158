"""Recall over HTTP."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.http_api.options import ServiceOptions
from workbench.http_api.running.serving import serve

if TYPE_CHECKING:
    from workbench.http_api.app import create_app

__all__ = ["ServiceOptions", "create_app", "serve"]


def __getattr__(name: str) -> Any:
    """`create_app`, when it is first asked for: the parent of several workers does without it, and starts sooner."""
    if name != "create_app":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from workbench.http_api.app import create_app

    return create_app
