"""The last minutes as a picture that draws itself again."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

import orjson
import plotly.graph_objects as go
import polars as pl
from IPython import display as _ipython

from workbench.display.live.sources import LiveSource
from workbench.display.plots.live import FIGURES, live_board
from workbench.errors import ServiceError

_shown: Any = _ipython  # carries no types
_FIGURE = "application/vnd.plotly.v1+json"


@dataclass(frozen=True, slots=True)
class Point:
    """One look: Unix time, the figures by the names in FIGURES, the alerts in words, and why there are none ("")."""

    at: float
    values: Mapping[str, float | None]
    alerts: tuple[str, ...] = ()
    missing: str = ""


class Board:
    """Looks at a source again and again, and keeps the last `seconds` of it."""

    def __init__(self, source: LiveSource, *, seconds: float = 300.0) -> None:
        self._source = source
        self._seconds = seconds
        self._points: deque[Point] = deque()

    def look(self) -> Point:
        """Look once. A source that gives nothing leaves a gap, and the next look tries again."""
        now = time.time()
        try:
            live = self._source.read()
        except ServiceError as error:
            point = Point(now, dict.fromkeys(FIGURES), missing=str(error))
        else:
            told = tuple(f"{one['state']}: {one['summary']}" for one in live["alerts"])
            point = Point(now, {name: of(live) for name, of in FIGURES.items()}, told)
        self._points.append(point)
        while self._points[0].at < now - self._seconds:
            self._points.popleft()
        return point

    def frame(self) -> pl.DataFrame:
        """Every look that is kept: `seconds` before the last one (negative), and a column for each figure."""
        last = self._points[-1].at if self._points else 0.0
        rows: list[dict[str, Any]] = [{"seconds": one.at - last, **one.values} for one in self._points]
        return pl.DataFrame(rows, schema={"seconds": pl.Float64, **dict.fromkeys(FIGURES, pl.Float64)})

    def figure(self) -> go.Figure:
        """What was seen so far."""
        return live_board(self.frame())

    def alerts_html(self) -> str:
        """What the last look found wrong."""
        last = self._points[-1] if self._points else None
        found = [] if last is None else [*last.alerts, *filter(None, [last.missing])]
        return "<br>".join(escape(one) for one in found) if found else "No rule is violated."

    def watch(self, seconds: float, *, every: float = 1.0) -> None:
        """Show the board and draw it again every `every` seconds, for so long; interrupt the kernel to end earlier."""
        alerts = _shown.display(_shown.HTML(""), display_id=True)
        picture = _shown.display(_bundle(self.figure()), raw=True, display_id=True)
        end = time.monotonic() + seconds
        try:
            self._draw(alerts, picture)
            while (left := end - time.monotonic()) > 0:
                time.sleep(min(every, left))
                self._draw(alerts, picture)
        except KeyboardInterrupt:
            return  # that is how it is ended

    def _draw(self, alerts: Any, picture: Any) -> None:
        self.look()
        alerts.update(_shown.HTML(self.alerts_html()))
        picture.update(_bundle(self.figure()), raw=True)


def _bundle(figure: go.Figure) -> dict[str, Any]:
    """The figure as a front end takes it: shown as an object it would come anew each time, and never be replaced."""
    return {_FIGURE: orjson.loads(figure.to_json())}
