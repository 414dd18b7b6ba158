"""Recall over HTTP."""

from workbench.http_api.app import create_app
from workbench.http_api.options import ServiceOptions
from workbench.http_api.serving import serve

__all__ = ["ServiceOptions", "create_app", "serve"]
