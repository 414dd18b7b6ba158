"""The MCP server: the store as tools, resources and prompts of an assistant. The one place that imports `mcp`."""

from workbench.mcp_server.host import Cached
from workbench.mcp_server.serving import PATH, HttpApp, http_app, serve_http, serve_stdio

__all__ = ["PATH", "Cached", "HttpApp", "http_app", "serve_http", "serve_stdio"]
