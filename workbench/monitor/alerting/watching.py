"""Holding figures against rules, over time: an alert fires once and is resolved once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import pairwise
from typing import Any

from workbench.monitor.alerting.figures import Measured
from workbench.monitor.alerting.rules import Rule

FIRING, RESOLVED, TEST = "firing", "resolved", "test"
QUIET, PENDING = "quiet", "pending"
_FEWEST = 2  # values that a growth takes


@dataclass(frozen=True, slots=True)
class Event:
    """An alert that began to fire or was resolved. `value` is the figure at that time, None where there was none.

    `at` and `since` (when the rule was first violated) are UTC; `run` is the id of the stored run that told, empty for
    live figures.
    """

    rule: str
    state: str
    severity: str
    figure: str
    value: float | None
    limit: str
    at: datetime
    since: datetime
    summary: str = ""
    todo: str = ""
    run: str = ""

    def as_dict(self) -> dict[str, Any]:
        """Plain values, as files and webhooks get them."""
        plain = {name: getattr(self, name) for name in self.__slots__}
        return plain | {"at": self.at.isoformat(), "since": self.since.isoformat()}


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a rule stands now: "quiet", "pending" (violated, not long enough yet) or "firing"."""

    rule: Rule
    state: str
    value: float | None
    since: datetime | None


@dataclass(slots=True)
class State:
    """What must be remembered between checks: since when rules are violated, which fire, and values of late.

    `since` and `firing` are Unix times by name of the rule, `past` pairs of (Unix time, value) by name of the figure.
    """

    since: dict[str, float] = field(default_factory=dict)
    firing: dict[str, float] = field(default_factory=dict)
    past: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


class Watcher:
    """Judges figures by rules; for one thread at a time. `state` is what an earlier Watcher remembered.

    A figure that is not there does not violate its rule, as in Prometheus.
    """

    def __init__(self, rules: Sequence[Rule], state: State | None = None) -> None:
        self.rules = tuple(rules)
        self.state = state or State()
        self._values: dict[str, float | None] = {}
        known = {rule.name for rule in self.rules}
        for remembered in (self.state.since, self.state.firing):
            for name in set(remembered) - known:
                del remembered[name]

    def check(self, values: Mapping[str, float], now: float) -> list[Event]:
        """Hold live figures against the rules of live figures; `now` is Unix time and never goes back.

        Returns the alerts that begin to fire or are resolved by this.
        """
        live = [rule for rule in self.rules if not rule.kind]
        self._remember(live, values, now)
        events = []
        for rule in live:
            value = self._value(rule, values, now)
            violated = value is not None and rule.violated_by(value, self._highest(rule, value, now))
            events += self._step(rule, value, violated, now, rule.lasting)
        return events

    def check_runs(self, runs: Iterable[Measured], now: float) -> list[Event]:
        """Hold stored runs, the oldest first, against the rules of runs. A rule that no run speaks of stays as it is.

        Returns the alerts that begin to fire or are resolved by this.
        """
        every = list(runs)
        events = []
        for rule in (one for one in self.rules if one.kind):
            seen = [one for one in every if one.kind == rule.kind and (not rule.run or one.name == rule.run)]
            told = [(one, value) for one in seen if (value := _quotient(rule, one.values)) is not None]
            newest = told[-rule.runs :]
            if newest:
                violated = len(newest) == rule.runs and all(rule.violated_by(value, value) for _, value in newest)
                events += self._step(rule, newest[-1][1], violated, now, 0.0, newest[-1][0].id)
        return events

    def standing(self) -> list[Standing]:
        """Where every rule stands after the last check."""
        out = []
        for rule in self.rules:
            since = self.state.since.get(rule.name)
            state = FIRING if rule.name in self.state.firing else QUIET if since is None else PENDING
            out.append(Standing(rule, state, self._values.get(rule.name), None if since is None else _utc(since)))
        return out

    def _step(
        self, rule: Rule, value: float | None, violated: bool, now: float, lasting: float, run: str = ""
    ) -> list[Event]:
        state = self.state
        self._values[rule.name] = value
        if violated:
            since = state.since.setdefault(rule.name, now)
            if rule.name in state.firing or now - since < lasting:
                return []
            state.firing[rule.name] = now
            return [_event(rule, FIRING, value, now, since, run)]
        begun = state.since.pop(rule.name, now)
        if state.firing.pop(rule.name, None) is None:
            return []
        return [_event(rule, RESOLVED, value, now, begun, run)]

    def _remember(self, rules: Sequence[Rule], values: Mapping[str, float], now: float) -> None:
        longest: dict[str, float] = {}
        for rule in rules:
            if rule.memory:
                for name in filter(None, (rule.figure, rule.per)):
                    longest[name] = max(longest.get(name, 0.0), rule.memory)
        past = {name: self.state.past.get(name, []) for name in longest}
        for name, kept in past.items():
            kept[:] = [(at, value) for at, value in kept if now - longest[name] <= at < now]
            if name in values:
                kept.append((now, values[name]))
        self.state.past = past

    def _value(self, rule: Rule, values: Mapping[str, float], now: float) -> float | None:
        if not rule.over:
            return _quotient(rule, values)
        grown = {name: self._growth(name, rule, now) for name in (rule.figure, rule.per) if name}
        return _quotient(rule, {name: growth for name, growth in grown.items() if growth is not None})

    def _growth(self, name: str, rule: Rule, now: float) -> float | None:
        """How much a counter has grown within the time of the rule; one that fell began anew at 0, as in Prometheus."""
        values = [value for at, value in self.state.past.get(name, []) if at >= now - rule.over]
        if len(values) < _FEWEST:
            return None
        return sum(later - earlier if later >= earlier else later for earlier, later in pairwise(values))

    def _highest(self, rule: Rule, value: float, now: float) -> float:
        if not rule.peak_within:
            return value
        return max((past for at, past in self.state.past[rule.figure] if at >= now - rule.peak_within), default=value)


def trial_event(now: float) -> Event:
    """An event that only shows that events arrive."""
    at = _utc(now)
    return Event("Test", TEST, "info", "", None, "", at, at, "This is a test of an alert's way. Nothing is wrong.")


def _quotient(rule: Rule, values: Mapping[str, float]) -> float | None:
    """The figure, divided by the one that it is taken by; None where one is not there, or the divisor is 0."""
    value = values.get(rule.figure)
    if value is None or not rule.per:
        return value
    divisor = values.get(rule.per)
    return value / divisor if divisor else None


def _event(rule: Rule, state: str, value: float | None, now: float, since: float, run: str) -> Event:
    told = rule.told(value)
    return Event(
        rule.name, state, rule.severity, rule.figure, value, rule.limit, _utc(now), _utc(since), told, rule.todo, run
    )


def _utc(at: float) -> datetime:
    return datetime.fromtimestamp(at, UTC)
