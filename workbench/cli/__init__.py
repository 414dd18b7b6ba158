"""The command line: thin verbs over `Workbench`."""

from __future__ import annotations

import click

from workbench.cli.deferred import Deferred

VERBS = {  # each verb, and the module that holds it
    "ingest": "importing",
    "search": "searching",
    "show": "looking",
    "stats": "looking",
    "verify": "looking",
    "remember": "remembering",
    "rebuild": "remembering",
    "tune": "tuning",
    "forget": "forgetting",
    "doctor": "doctor",
    "lab": "lab",
    "serve": "serving",
    "push": "replicating",
    "pull": "replicating",
    "mcp": "connecting",
    "cache": "caching",
    "run": "running",
    "bench": "bench",
    "alerts": "alerting",
    "report": "reporting",
}


@click.group(
    commands=Deferred(VERBS), context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110}
)
@click.version_option(package_name="memory-workbench", prog_name="workbench")
def main() -> None:
    """Your whole history with AI assistants, searchable in milliseconds.

    Import the exports of ChatGPT, Claude and Gemini, then search them:

    \b
        workbench ingest ~/Downloads/chatgpt-export.zip
        workbench search "that soup with miso"
    """


__all__ = ["main"]
