"""Where alerts go: the log, a file of JSON lines, or a webhook."""

from __future__ import annotations

import http.client
import logging
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

import orjson

from workbench.errors import UsageError
from workbench.monitor.alerting.rules import SEVERITIES, read_file, seconds
from workbench.monitor.alerting.watching import FIRING, Event

_LOGGER = logging.getLogger("workbench.alerts")
_LEVELS = {"info": logging.INFO, "warning": logging.WARNING, "critical": logging.ERROR}
_TIMEOUT, _TRIES = 5.0, 4
_TRY_AGAIN = (408, 425, 429)  # beside 5xx: what another try may mend


class Output(Protocol):
    """Somewhere alerts go. `name` tells it from other outputs without giving away a secret."""

    @property
    def name(self) -> str:
        """What logs call it."""

    @property
    def severity(self) -> str:
        """The least urgent alerts that it wants."""

    def send(self, events: Sequence[Event]) -> str:
        """Deliver all events, or none; returns why it could not, empty if it could."""


@dataclass(frozen=True, slots=True)
class LogOutput:
    """A line of the log for each event."""

    severity: str = "info"
    name: str = "log"

    def send(self, events: Sequence[Event]) -> str:
        """See `Output.send`."""
        for event in events:
            level = _LEVELS[event.severity] if event.state == FIRING else logging.INFO
            said = {key: value for key, value in event.as_dict().items() if value not in ("", None)}
            _LOGGER.log(level, "alert", extra={"fields": {"alert": said.pop("rule"), **said}})
        return ""


@dataclass(frozen=True, slots=True)
class FileOutput:
    """A JSON object a line, at the end of a file."""

    path: Path
    severity: str = "info"

    @property
    def name(self) -> str:
        """See `Output.name`."""
        return f"file {self.path}"

    def send(self, events: Sequence[Event]) -> str:
        """See `Output.send`."""
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            with self.path.open("ab") as file:
                file.write(b"".join(orjson.dumps(event.as_dict()) + b"\n" for event in events))
        except OSError as error:
            return error.strerror or "it cannot be written"
        return ""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the token elsewhere, and turn POST into GET."""

    def redirect_request(self, *_arguments: Any, **_more: Any) -> None:
        return None


@dataclass(frozen=True, slots=True)
class WebhookOutput:
    """POST of {"events": [...]} as JSON. 2xx is success; other answers than 5xx, 408, 425 and 429 are final.

    It is tried `tries` times, after 1, 2, 4, ... seconds, each for up to `timeout` seconds. Neither the path of the
    address (where chat services have their secret) nor the token is in any message.
    """

    url: str
    token: str = ""
    timeout: float = _TIMEOUT
    tries: int = _TRIES
    severity: str = "info"
    sleep: Callable[[float], None] = time.sleep

    @property
    def name(self) -> str:
        """See `Output.name`."""
        return f"webhook {urlsplit(self.url).hostname}"

    def send(self, events: Sequence[Event]) -> str:
        """See `Output.send`."""
        body = orjson.dumps({"events": [event.as_dict() for event in events]})
        headers = {"Content-Type": "application/json", "User-Agent": "workbench-alerts"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(self.url, body, headers, method="POST")
        why = ""
        for number in range(self.tries):
            if number:
                self.sleep(2.0 ** (number - 1))
            why, final = self._post(request)
            if final:
                break
        return why

    def _post(self, request: urllib.request.Request) -> tuple[str, bool]:
        """Why it failed, empty if it did not; and whether another try is of no use."""
        try:
            with urllib.request.build_opener(_NoRedirects).open(request, timeout=self.timeout):
                return "", True
        except urllib.error.HTTPError as error:
            error.close()
            return f"it answered {error.code}", error.code < 500 and error.code not in _TRY_AGAIN
        except (OSError, http.client.HTTPException) as error:  # unreachable, too slow, or no HTTP
            reason = getattr(error, "reason", error)
            return f"{type(reason).__name__}", False


def load_outputs(path: Path | None = None, environment: Mapping[str, str] | None = None) -> tuple[Output, ...]:
    """The outputs in a file of rules; the log where there are none.

    Raises:
        UsageError: The file cannot be read, an output means nothing, or its environment variable is not set.
    """
    found = read_file(path).get("output", [])
    known = os.environ if environment is None else environment
    return tuple(_output(one, number, known) for number, one in enumerate(found, 1)) or (LogOutput(),)


def _output(said: Mapping[str, Any], number: int, environment: Mapping[str, str]) -> Output:
    given = dict(said)
    try:
        kind, severity = given.pop("kind"), given.pop("severity", "info")
        if severity not in SEVERITIES:
            raise ValueError(f"the severity {severity!r} is none of {', '.join(SEVERITIES)}")
        if kind not in _MAKERS:
            raise ValueError(f"{kind!r} is none of {', '.join(_MAKERS)}")
        made = _MAKERS[kind](given, severity, environment)
        if given:
            raise ValueError(f"{', '.join(map(repr, given))} is nothing that it says")
    except (KeyError, ValueError, TypeError) as error:
        why = f"it has no {error}" if isinstance(error, KeyError) else str(error)
        raise UsageError(f"output {number} of the rules cannot be used", why, "docs/alerts.md shows how") from error
    return made


def _log(_given: dict[str, Any], severity: str, _environment: Mapping[str, str]) -> Output:
    return LogOutput(severity)


def _file(given: dict[str, Any], severity: str, _environment: Mapping[str, str]) -> Output:
    return FileOutput(Path(given.pop("path")).expanduser(), severity)


def _webhook(given: dict[str, Any], severity: str, environment: Mapping[str, str]) -> Output:
    url = _secret(given, "url", environment)
    if urlsplit(url).scheme not in ("http", "https") or not urlsplit(url).hostname:
        raise ValueError("its address does not begin with http:// or https:// and a host")
    token = _secret(given, "token", environment) if {"token", "token_from"} & set(given) else ""
    timeout = seconds(given.pop("timeout", _TIMEOUT))
    tries = given.pop("tries", _TRIES)
    if not isinstance(tries, int) or not 1 <= tries <= 10 or not timeout:
        raise ValueError("tries are 1 to 10, and the timeout is above 0")
    return WebhookOutput(url, token, timeout, tries, severity)


def _secret(given: dict[str, Any], key: str, environment: Mapping[str, str]) -> str:
    """A value, or that of the environment variable that `key`_from names."""
    variable = given.pop(f"{key}_from", "")
    if not variable:
        return str(given.pop(key))
    if not environment.get(variable):
        raise ValueError(f"the environment variable {variable} is not set")
    return environment[variable]


_MAKERS = {"log": _log, "file": _file, "webhook": _webhook}
