"""`workbench report`."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.cli.verb import Verb, echo_json, json_option
from workbench.errors import NotFoundError
from workbench.settings import load_settings


@click.command(cls=Verb)
@click.option(
    "--runs", type=click.Path(file_okay=False, path_type=Path),
    help="Folder that the runs are kept in. [default: data/runs, or the setting `runs`]",
)  # fmt: skip
@click.option(
    "--run", "chosen", multiple=True, metavar="ID",
    help="This run: its id, the beginning of it, its name or file; may be repeated. [default: the newest of each kind]",
)  # fmt: skip
@click.option("--kind", "kinds", multiple=True, help="Only runs of this kind; may be repeated.")
@click.option(
    "--out", type=click.Path(file_okay=False, path_type=Path),
    help="Folder for report.md, report.html and the pictures. [default: reports in the folder of runs]",
)  # fmt: skip
@click.option("--no-pictures", is_flag=True, help="Draw none beside the Markdown, which takes a Chromium.")
@json_option
def report(
    runs: Path | None, chosen: tuple[str, ...], kinds: tuple[str, ...], out: Path | None, no_pictures: bool,
    as_json: bool,
) -> None:  # fmt: skip
    """Put what runs have measured into a report, as Markdown and as one HTML page. Nothing is measured for it."""
    from workbench.display.reporting import assemble, newest, write_markdown, write_page
    from workbench.display.reporting.pictures import PICTURES
    from workbench.experiments.runs import RunHistory

    folder = runs or load_settings().runs
    history = RunHistory(folder)
    found = [history.find(one) for one in chosen] if chosen else newest(history.runs(), kinds)
    if not found:
        what = f"no run of {', '.join(kinds)}" if kinds else "no run"
        raise NotFoundError(
            f"there is {what} to report",
            f"in {history.folder}",
            "measure first, for example with `workbench bench load`",
        )
    document = assemble(found, PICTURES)
    target = out or folder / "reports"
    missing = write_markdown(document, target / "report.md", pictures=not no_pictures)
    write_page(document, target / "report.html")
    if as_json:
        echo_json(
            {"summary": document.summary, "runs": [run.id for run in found], "folder": target, "missing": missing}
        )
        return
    click.echo(f"{document.summary}\nWritten to {target / 'report.md'} and {target / 'report.html'}.")
    for reason in missing:
        click.echo(f"Without pictures beside the Markdown: {reason}", err=True)
