"""Telling events to outputs, and remembering between runs of the command what is known and what could not be told."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from workbench.errors import StoreError
from workbench.monitor.alerting.outputs import Output
from workbench.monitor.alerting.rules import SEVERITIES
from workbench.monitor.alerting.watching import TEST, Event, State

_LOGGER = logging.getLogger("workbench.alerts")
_KEPT = 200  # events that wait for an output; the oldest go first
_FORMAT = 1


@dataclass(slots=True)
class Delivery:
    """Sends events to outputs. What an output does not take waits for the next time, in order."""

    outputs: Sequence[Output]
    waiting: dict[str, list[Event]] = field(default_factory=dict)

    def deliver(self, events: Iterable[Event]) -> dict[str, str]:
        """Tell the events, and those that wait, to every output that wants them; why it failed, by its name."""
        new = list(events)
        failed = {}
        for output in self.outputs:
            urgent = SEVERITIES[SEVERITIES.index(output.severity) :]
            wanted = [event for event in new if event.severity in urgent or event.state == TEST]
            due = self.waiting.pop(output.name, []) + wanted
            why = output.send(due) if due else ""
            if why:
                failed[output.name] = why
                self.waiting[output.name] = due[-_KEPT:]
                _LOGGER.error("alerts could not be told to %s: %s (%d wait)", output.name, why, len(due))
        return failed


def load_state(path: Path) -> tuple[State, dict[str, list[Event]]]:
    """What was known and what waited when the file was written; nothing where there is none.

    Raises:
        StoreError: It cannot be read.
    """
    try:
        found = orjson.loads(path.read_bytes())
        if found["format"] != _FORMAT:
            raise ValueError(f"its format is {found['format']}")
        past = {name: [(at, value) for at, value in kept] for name, kept in found["past"].items()}
        state = State(found["since"], found["firing"], past)
        return state, {name: [_event(one) for one in events] for name, events in found["waiting"].items()}
    except FileNotFoundError:
        return State(), {}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise StoreError(
            f"{path} cannot be read", str(error), "remove it: alerts that fire are told once more"
        ) from error


def save_state(path: Path, state: State, delivery: Delivery) -> None:
    """Write both to a file, which appears whole or not at all.

    Raises:
        StoreError: It cannot be written.
    """
    waiting = {name: [event.as_dict() for event in events] for name, events in delivery.waiting.items()}
    unfinished = path.with_name(f"{path.name}.{os.getpid()}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        unfinished.write_bytes(orjson.dumps({"format": _FORMAT, **asdict(state), "waiting": waiting}))
        unfinished.replace(path)
    except OSError as error:
        raise StoreError(f"{path} cannot be written", str(error), "give another --state") from error


def _event(plain: dict[str, Any]) -> Event:
    times = {name: datetime.fromisoformat(plain[name]) for name in ("at", "since")}
    return Event(**{**plain, **times})
