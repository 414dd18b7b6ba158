"""`python -m workbench.notebooks`: run a notebook with parameters, or refresh the ones in the repository."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.errors import UsageError, WorkbenchError
from workbench.notebooks import known_parameters, refresh, run_notebook
from workbench.notebooks.values import value_of


@click.command(context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.argument("notebooks", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--output", type=click.Path(file_okay=False, path_type=Path), help="Folder for what was executed.")
@click.option(
    "-p", "--parameter", "parameters", type=(str, str), multiple=True, metavar="NAME VALUE",
    help="Give a parameter of the notebook a value; may be repeated. Relative paths start at the notebook's folder.",
)  # fmt: skip
@click.option("--no-html", is_flag=True, help="Write the executed notebook only, not the HTML page.")
@click.option("--refresh", "refreshing", is_flag=True, help="Run on a store of their own and write them back clean.")
@click.pass_context
def main(
    ctx: click.Context, notebooks: tuple[Path, ...], output: Path | None, parameters: tuple[tuple[str, str], ...],
    no_html: bool, refreshing: bool,
) -> None:  # fmt: skip
    """Run NOTEBOOKS and keep them, executed, in the folder --output, each with an HTML page that needs no network.

    With --refresh the notebooks themselves are brought up to date, as they are committed.
    """
    try:
        if refreshing:
            _refresh(notebooks, output, parameters)
        else:
            _run(notebooks, output, parameters, html=not no_html)
    except WorkbenchError as error:
        click.echo(f"workbench: {error}", err=True)
        ctx.exit(error.exit_code)


def _refresh(notebooks: tuple[Path, ...], output: Path | None, parameters: tuple[tuple[str, str], ...]) -> None:
    if output is not None or parameters:
        raise UsageError("--refresh takes neither --output nor -p", "committed notebooks have their own defaults")
    refresh(notebooks)
    click.echo(f"Refreshed {', '.join(notebook.name for notebook in notebooks)}.")


def _run(
    notebooks: tuple[Path, ...], output: Path | None, parameters: tuple[tuple[str, str], ...], *, html: bool
) -> None:
    if output is None:
        raise UsageError("there is no folder for the result", "", "give --output DIR, for example --output data/runs")
    for notebook in notebooks:
        known = known_parameters(notebook)
        given = {name: value_of(name, text, known.get(name)) for name, text in parameters}
        run = run_notebook(notebook, output=output, parameters=given, html=html)
        click.echo(f"{notebook.name}: {run.seconds:.1f} s, {run.html or run.executed}")


if __name__ == "__main__":
    main(prog_name="python -m workbench.notebooks")
