"""The tools: a ladder from short results to whole conversations, one that writes, and those of the administrator."""

from workbench.mcp_server.tools import administration, reading, remembering, searching
from workbench.mcp_server.tools.tool import Call, Tool

TOOLS = (*searching.TOOLS, *reading.TOOLS, *remembering.TOOLS)
ADMIN_TOOLS = administration.TOOLS

__all__ = ["ADMIN_TOOLS", "TOOLS", "Call", "Tool"]
