"""`workbench alerts`."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click
import orjson

from workbench.cli.verb import Verb, echo_json, json_option
from workbench.errors import UsageError
from workbench.settings import load_settings

if TYPE_CHECKING:
    from workbench.monitor.alerting import Delivery, Event, Measured, Standing, Watcher

_FIRING = 4  # exit status
_TIMEOUT = 10.0
_LIVE, _METRICS = "/metrics/performance/live", "/metrics"
_COLOURS = {"firing": "red", "pending": "yellow", "quiet": "green"}


@click.command(cls=Verb)
@click.option(
    "--rules", type=click.Path(dir_okay=False, path_type=Path),
    help="File of rules and outputs. [default: the rules that Workbench comes with, to the log]",
)  # fmt: skip
@click.option("--url", help="A running service, whose live figures are held against the rules: http://127.0.0.1:8765.")
@click.option(
    "--token-file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The service's bearer token."
)
@click.option(
    "--runs", type=click.Path(file_okay=False, path_type=Path),
    help="Folder of the stored runs that are held against the rules. [default: data/runs, or the setting `runs`]",
)  # fmt: skip
@click.option("--watch", type=click.FloatRange(1.0), metavar="SECONDS", help="Go on, looking so often, until Ctrl-C.")
@click.option(
    "--state", "state_file", type=click.Path(dir_okay=False, path_type=Path),
    help="Where it is remembered what fires. [default: alerts-state.json in the folder of runs]",
)  # fmt: skip
@click.option("--test", "trial", is_flag=True, help="Only send a test to every output, and say whether it arrived.")
@click.option("--print-rules", is_flag=True, help="Only print the rules that Workbench comes with, to begin your own.")
@json_option
def alerts(
    rules: Path | None, url: str | None, token_file: Path | None, runs: Path | None, watch: float | None,
    state_file: Path | None, trial: bool, print_rules: bool, as_json: bool,
) -> None:  # fmt: skip
    """Hold a service's live figures and stored runs against rules, and tell what begins to fire or is resolved.

    Each alert is told once when it begins and once when it ends, however often this is run: it remembers. Exits with 4
    while any alert fires. docs/alerts.md says what a rule may say.
    """
    from workbench.monitor import configure_logging
    from workbench.monitor.alerting import (
        DEFAULT_FILE,
        Delivery,
        Watcher,
        load_outputs,
        load_rules,
        load_state,
        save_state,
    )  # fmt: skip

    if print_rules:
        click.echo(DEFAULT_FILE.read_text(encoding="utf-8"), nl=False)
        return
    configure_logging("text")
    outputs = load_outputs(rules)
    if trial:
        _try_out(Delivery(outputs), as_json)
        return
    folder = runs or load_settings().runs
    place = state_file or folder / "alerts-state.json"
    state, waiting = load_state(place)
    watcher, delivery = Watcher(load_rules(rules), state), Delivery(outputs, waiting)
    while True:
        events = _look(watcher, url, token_file, folder)
        delivery.deliver(events)
        save_state(place, watcher.state, delivery)
        if watch is None:
            break
        time.sleep(watch)
    _show(watcher, events, live=bool(url), as_json=as_json)
    if watcher.state.firing:
        click.get_current_context().exit(_FIRING)


def _look(watcher: Watcher, url: str | None, token_file: Path | None, folder: Path) -> list[Event]:
    now = time.time()
    events = []
    if url:
        token = token_file.read_text(encoding="utf-8").strip() if token_file else ""
        events += watcher.check(live_values(url, token), now)
    return events + watcher.check_runs(stored_runs(folder, {rule.kind for rule in watcher.rules if rule.kind}), now)


def live_values(url: str, token: str = "") -> dict[str, float]:
    """The live figures and metrics of a service as rules name them; only that it is not up, where it does not answer.

    Raises:
        UsageError: It is no address of a service, or the service refuses.
    """
    from workbench.monitor.alerting import UP, exposed, flatten

    try:
        live = orjson.loads(_fetched(url, _LIVE, token))
        return {**exposed(_fetched(url, _METRICS, token).decode()), **flatten(live), UP: 1.0}
    except urllib.error.HTTPError as error:
        if error.code in (401, 403, 404, 421):
            raise UsageError(
                f"{url} refuses its figures", f"it answered {error.code}",
                "give --url of a Workbench service, and --token-file if it has a token",
            ) from error  # fmt: skip
        return {UP: 0.0}
    except (OSError, http.client.HTTPException):  # what a service does that is down
        return {UP: 0.0}
    except ValueError as error:
        raise UsageError(f"{url} is no address of a Workbench service", str(error)) from error


def stored_runs(folder: Path, kinds: set[str]) -> list[Measured]:
    """The stored runs of some kinds as rules see them, the oldest first."""
    from workbench.experiments.runs import RunHistory
    from workbench.monitor.alerting import MISSED, Measured

    out = []
    for run in RunHistory(folder).runs():
        if run.kind in kinds:
            missed = sum(one.get("met") is False for one in run.verdicts)
            values = {**{figure.name: figure.value for figure in run.figures}, MISSED: float(missed)}
            out.append(Measured(run.id, run.kind, run.name, run.made_at, values))
    return out


def _fetched(url: str, path: str, token: str) -> bytes:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    with urllib.request.urlopen(
        urllib.request.Request(url.rstrip("/") + path, headers=headers), timeout=_TIMEOUT
    ) as it:
        return bytes(it.read())


def _try_out(delivery: Delivery, as_json: bool) -> None:
    from workbench.monitor.alerting import trial_event

    failed = delivery.deliver([trial_event(time.time())])
    told = {output.name: failed.get(output.name, "") for output in delivery.outputs}
    if as_json:
        echo_json({"outputs": [{"name": name, "failed": why} for name, why in told.items()]})
    else:
        for name, why in told.items():
            click.echo(f"{name}: {f'failed, {why}' if why else 'arrived'}")
    if failed:
        click.get_current_context().exit(_FIRING)


def _show(watcher: Watcher, events: Sequence[Event], *, live: bool, as_json: bool) -> None:
    shown = [one for one in watcher.standing() if one.rule.kind or live]
    if as_json:
        echo_json(
            {
                "events": [event.as_dict() for event in events],
                "rules": [
                    {"name": one.rule.name, "state": one.state, "severity": one.rule.severity,
                     "figure": one.rule.figure, "limit": one.rule.limit, "value": one.value, "since": one.since}
                    for one in shown
                ],
            }
        )  # fmt: skip
        return
    for one in shown:
        click.echo(_line(one))
    if not live:
        click.echo("Live figures were not looked at: give --url.")


def _line(one: Standing) -> str:
    value = "no figure" if one.value is None else f"{one.value:,.4g}"
    since = f" since {one.since:%Y-%m-%d %H:%M:%S} UTC" if one.since else ""
    state = click.style(f"{one.state:<8}", fg=_COLOURS[one.state])
    return f"{state} {one.rule.name}: {one.rule.figure} is {value}, limit {one.rule.limit}{since}"
