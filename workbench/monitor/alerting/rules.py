"""Rules of alerts, read from a TOML file: which figure may not be above or below what, and for how long."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from workbench.errors import UsageError

DEFAULT_FILE = Path(__file__).with_name("default_rules.toml")
SEVERITIES = ("info", "warning", "critical")
"""The least urgent first."""
_DURATION = re.compile(r"(\d+(?:\.\d+)?)(s|m|h|d)")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule. It is violated where the figure is above `above`, below `below`, or below its own highest of late.

    A rule is of live figures (`kind` empty) or of stored runs of that kind, `run` being the name of those runs (empty:
    any). `per` names a figure to divide by; with `over` (seconds) the growth of both within that time is taken instead
    of their values, as for counters. `peak_within` (seconds) compares with the highest value of that time. An alert
    fires when the rule has been violated for `lasting` seconds, or in each of the newest `runs` runs.
    """

    name: str
    figure: str
    above: float | None = None
    below: float | None = None
    peak_within: float = 0.0
    per: str = ""
    over: float = 0.0
    kind: str = ""
    run: str = ""
    lasting: float = 0.0
    runs: int = 1
    severity: str = "warning"
    summary: str = ""
    todo: str = ""

    @property
    def limit(self) -> str:
        """The limit for people: "above 30"."""
        if self.peak_within:
            return f"below its highest of {self.peak_within:g} s"
        sides = (("above", self.above), ("below", self.below))
        return " or ".join(f"{side} {value:g}" for side, value in sides if value is not None)

    def told(self, value: float | None) -> str:
        """The summary for a figure of `value`."""
        return self.summary.replace("{value}", "nothing" if value is None else f"{value:,.4g}")

    @property
    def memory(self) -> float:
        """Seconds of values that must be remembered to judge it."""
        return max(self.over, self.peak_within)

    def violated_by(self, value: float, highest: float) -> bool:
        """Whether `value` breaks it; `highest` is the highest of late, `value` included."""
        return (
            (self.above is not None and value > self.above)
            or (self.below is not None and value < self.below)
            or (self.peak_within > 0 and value < highest)
        )


def load_rules(path: Path | None = None) -> tuple[Rule, ...]:
    """The rules in a file; without one those that Workbench comes with, which are docker/prometheus/alerts.yml's.

    Raises:
        UsageError: The file cannot be read, or a rule means nothing. All faults are named at once.
    """
    found = read_file(path).get("rule", [])
    faults: list[str] = []
    rules = tuple(_rule(one, faults) for one in found)
    names = [rule.name for rule in rules]
    faults += [f"two rules are called {name!r}" for name in sorted({one for one in names if names.count(one) > 1})]
    if faults:
        raise UsageError(
            f"{path or DEFAULT_FILE} has faults", "; ".join(faults), "docs/alerts.md shows what a rule may say"
        )
    return rules


def read_file(path: Path | None) -> dict[str, Any]:
    """What the file of rules and outputs says.

    Raises:
        UsageError: It cannot be read, or has other parts than `rule` and `output`.
    """
    chosen = path or DEFAULT_FILE
    try:
        found = tomllib.loads(chosen.read_text(encoding="utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(
            f"{chosen} cannot be read as rules", str(error), "correct it, or give another --rules"
        ) from error
    strangers = sorted(set(found) - {"rule", "output"})
    if strangers or not all(isinstance(part, list) for part in found.values()):
        said = f"it has {', '.join(strangers)}" if strangers else "rules and outputs are tables of an array"
        raise UsageError(f"{chosen} cannot be read as rules", said, "write [[rule]] and [[output]]")
    return found


def seconds(value: Any) -> float:
    """A duration in seconds: a number of them, or such as "90s", "5m", "2h", "1d".

    Raises:
        ValueError: It is none.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool) and value >= 0:
        return float(value)
    found = _DURATION.fullmatch(str(value).strip())
    if found is None:
        raise ValueError(f"{value!r} is no duration such as 90s, 5m, 2h or 1d")
    return float(found[1]) * _SECONDS[found[2]]


_DURATIONS = {"for": "lasting", "over": "over", "peak_within": "peak_within"}
_NUMBERS = ("above", "below")
_TEXTS = ("name", "figure", "per", "kind", "run", "severity", "summary", "todo")
_KNOWN = {*_DURATIONS, *_NUMBERS, *_TEXTS, "runs"}
assert {field.name for field in fields(Rule)} == {*_DURATIONS.values(), *_NUMBERS, *_TEXTS, "runs"}


def _rule(said: Any, faults: list[str]) -> Rule:
    given: Mapping[str, Any] = said if isinstance(said, dict) else {}
    name = str(given.get("name", "")) or "without a name"
    wrong = [f"{key!r} is nothing that a rule says" for key in given if key not in _KNOWN]
    values: dict[str, Any] = {"name": name, "figure": ""}
    for key, value in given.items():
        try:
            values |= _value(key, value)
        except ValueError as error:
            wrong.append(f"{key}: {error}")
    rule = Rule(**values)
    wrong += _meaningless(rule, given)
    faults += [f"rule {name}: {one}" for one in wrong]
    return rule


def _value(key: str, value: Any) -> dict[str, Any]:
    if key in _DURATIONS:
        return {_DURATIONS[key]: seconds(value)}
    if key in _NUMBERS:
        return {key: _number(value)}
    if key == "runs":
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise ValueError(f"{value!r} is no number of runs")
        return {key: value}
    return {key: str(value)} if key in _TEXTS else {}


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise ValueError(f"{value!r} is no number")
    return float(value)


def _meaningless(rule: Rule, given: Mapping[str, Any]) -> list[str]:
    """What each value allows and all together do not."""
    wrong = [f"it has no {key}" for key in ("name", "figure") if not given.get(key)]
    if rule.above is None and rule.below is None and not rule.peak_within:
        wrong.append("it has no limit (above, below or peak_within)")
    if rule.severity not in SEVERITIES:
        wrong.append(f"the severity {rule.severity!r} is none of {', '.join(SEVERITIES)}")
    if rule.kind and (rule.lasting or rule.memory):
        wrong.append("of runs it is said in how many (runs), not for how long (for, over, peak_within)")
    if not rule.kind and (rule.run or "runs" in given):
        wrong.append("run and runs are of stored runs: say their kind")
    return wrong
