"""Printing for people: colours, progress bars. Plain text where the output is not a terminal."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from workbench.model import assistant_name

if TYPE_CHECKING:
    from rich.console import Console
    from rich.progress import Progress as RichProgress
    from rich.progress import TaskID

COLOURS = {"chatgpt": "green", "claude": "dark_orange3", "gemini": "dodger_blue2"}
_QUIET_SECONDS = 1.0  # anything quicker needs no bar


def console() -> Console:
    """Where a verb prints its answer."""
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def coloured_name(key: str, width: int = 0) -> str:
    """An assistant's name in its colour, as markup, filled up to `width` characters."""
    return f"[{COLOURS.get(key, 'white')}]{assistant_name(key):<{width}}[/]"


class Bars:
    """Progress bars with rate and time left, on standard error, for stages that take over a second."""

    def __init__(self) -> None:
        self._bars: RichProgress | None = None
        self._task: TaskID | None = None
        self._stage, self._total, self._unit, self._done, self._begun = "", 0, "", 0, 0.0

    def start(self, stage: str, total: int, unit: str) -> None:
        """See `Progress.start`."""
        self._stage, self._total, self._unit = stage, total, unit
        self._done, self._begun = 0, time.monotonic()
        if not total:  # nothing will be counted, so nothing tells later that it takes long
            self._show()

    def advance(self, amount: int) -> None:
        """See `Progress.advance`."""
        self._done += amount
        if self._bars is None and time.monotonic() - self._begun > _QUIET_SECONDS:
            self._show()
        if self._bars is not None and self._task is not None:
            self._bars.update(self._task, completed=self._done, rate=self._rate())

    def finish(self) -> None:
        """See `Progress.finish`."""
        if self._bars is not None:
            self._bars.stop()
        self._bars = self._task = None

    def _show(self) -> None:
        from rich import progress
        from rich.console import Console

        of_bytes = self._unit == "bytes"
        rate = progress.TransferSpeedColumn() if of_bytes else progress.TextColumn("{task.fields[rate]}")
        count = progress.DownloadColumn() if of_bytes else progress.MofNCompleteColumn()
        columns = (progress.BarColumn(), count, rate, progress.TimeRemainingColumn()) if self._total else ()
        self._bars = progress.Progress(
            progress.SpinnerColumn(), progress.TextColumn("{task.description}"), *columns,
            console=Console(stderr=True), transient=True,
        )  # fmt: skip
        self._task = self._bars.add_task(self._stage, total=self._total or None, completed=self._done, rate="")
        self._bars.start()

    def _rate(self) -> str:
        seconds = max(time.monotonic() - self._begun, 1e-6)
        return f"{self._done / seconds:,.0f} {self._unit}/s"


@contextmanager
def bars_if_terminal(*, wanted: bool = True) -> Iterator[Bars | None]:
    """Bars, if a person is watching; gone at the end of the block, however it ends."""
    bars = Bars() if wanted and sys.stderr.isatty() else None
    try:
        yield bars
    finally:
        if bars is not None:
            bars.finish()
