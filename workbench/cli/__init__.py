"""The command line: thin verbs over `Workbench`."""

from __future__ import annotations

import click

from workbench.cli import bench_search as _bench_search  # noqa: F401  (adds its verb to bench)
from workbench.cli.bench import bench
from workbench.cli.doctor import doctor
from workbench.cli.importing import ingest
from workbench.cli.lab import lab
from workbench.cli.looking import show, stats, verify
from workbench.cli.searching import search
from workbench.cli.serving import serve


@click.group(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="memory-workbench", prog_name="workbench")
def main() -> None:
    """Your whole history with AI assistants, searchable in milliseconds.

    Import the exports of ChatGPT, Claude and Gemini, then search them:

    \b
        workbench ingest ~/Downloads/chatgpt-export.zip
        workbench search "that soup with miso"
    """


for command in (ingest, search, show, stats, verify, doctor, lab, serve, bench):
    main.add_command(command)

__all__ = ["main"]
