"""Recall over HTTP."""

from workbench.http_api.app import create_app
from workbench.http_api.serving import serve

__all__ = ["create_app", "serve"]
