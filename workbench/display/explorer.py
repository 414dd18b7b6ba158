"""A search box for notebooks: search as one types, then read on from a hit."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from html import escape
from typing import Any

import ipywidgets as widgets

from workbench.display.formatters import hit_html
from workbench.display.reading import reading_html
from workbench.errors import WorkbenchError
from workbench.model import DEFAULT_ALPHA, Hit, Role, SearchResult
from workbench.workspace import Workbench

_MOST = 50
_HINT = "Write what to look for: words, or what it was about."
_WIDE = {"width": "auto", "flex": "1 1 auto"}
_FIXED = {"width": "64px", "flex": "0 0 auto"}
_READER = {"max_height": "640px", "overflow": "auto", "padding": "0 0 0 4px"}


class Explorer:
    """Search controls, the hits, and below them the conversation of the hit that was chosen.

    Every change searches anew. `result` is what the last search found, None if it could not be done; `status` then
    says why. Without a front end (an executed notebook, an HTML page) it shows as the hits, which are the same on
    every run.

        Explorer(memory, "bread that did not rise")
    """

    def __init__(self, memory: Workbench, query: str = "", *, k: int = 8, alpha: float | None = None) -> None:
        self.memory = memory
        self.result: SearchResult | None = None
        self.text = widgets.Text(value=query, placeholder=_HINT, layout=_WIDE)
        self.alpha = _slider(self._own_alpha() if alpha is None else alpha)
        self.k = widgets.BoundedIntText(value=k, min=1, max=_MOST, description="hits", layout={"width": "140px"})
        self.after = widgets.DatePicker(description="from", layout={"width": "230px"})
        self.before = widgets.DatePicker(description="to", layout={"width": "230px"})
        self.status = widgets.HTML()
        self.reader = widgets.HTML(layout=_READER)
        self.assistants = {name: _toggle(name) for name in self._known_assistants()}
        self.roles = {str(role): _toggle(str(role)) for role in (Role.USER, Role.ASSISTANT)}
        self._rows: list[_Row] = []
        self._hits = widgets.VBox()
        self.box = self._laid_out()
        for control in (self.text, self.alpha, self.k, self.after, self.before, *self._toggles()):
            control.observe(self._on_change, names="value")
        self.search()

    @property
    def hits(self) -> tuple[Hit, ...]:
        """The hits that are shown, best first."""
        return self.result.hits if self.result else ()

    def search(self) -> None:
        """Search for what the controls say and show it."""
        self.result = None
        self.reader.value = ""
        try:
            self.status.value = escape(self._search())
        except WorkbenchError as error:
            self.status.value = f"<b>{escape(str(error))}</b>"
        self._show_hits()

    def open(self, hit: Hit) -> None:
        """Show the conversation of a hit, opened at its message."""
        try:
            self.reader.value = reading_html(self.memory.conversation(hit.message_id), hit.message_id)
        except WorkbenchError as error:
            self.reader.value = f"<b>{escape(str(error))}</b>"

    def _search(self) -> str:
        """Search; returns what is to be said about it."""
        if not self.text.value.strip():
            return _HINT
        off = [what for what, toggles in (("assistant", self.assistants), ("role", self.roles)) if not _on(toggles)]
        if off and self.assistants:
            return f"No {off[0]} is switched on."
        self.result = self.memory.search(
            self.text.value, k=self.k.value, alpha=self.alpha.value, assistant=_restricting(self.assistants),
            role=_restricting(self.roles), after=self.after.value, before=_day_after(self.before.value),
        )  # fmt: skip
        found = f"{len(self.result)} of {self.result.candidates:,} candidates" if self.hits else "Nothing was found."
        return " ".join([*self.result.notes, found])

    def _on_change(self, _: Any) -> None:
        self.search()

    def _show_hits(self) -> None:
        while len(self._rows) < len(self.hits):
            self._rows.append(_Row(self.open))
        for row, hit in zip(self._rows, self.hits, strict=False):
            row.show(hit)
        self._hits.children = [row.box for row in self._rows[: len(self.hits)]]

    def _known_assistants(self) -> list[str]:
        try:
            return self.memory.snapshot.assistants
        except WorkbenchError:  # nothing imported yet; searching says so
            return []

    def _own_alpha(self) -> float:
        try:
            return self.memory.engine.tuning.alpha
        except WorkbenchError:
            return DEFAULT_ALPHA

    def _toggles(self) -> list[widgets.ToggleButton]:
        return [*self.assistants.values(), *self.roles.values()]

    def _laid_out(self) -> widgets.VBox:
        wrapping = widgets.Layout(flex_flow="row wrap", align_items="center")
        switches = widgets.HBox([*self._toggles(), self.k], layout=wrapping)
        ranges = widgets.HBox([self.alpha, self.after, self.before], layout=wrapping)
        return widgets.VBox([self.text, switches, ranges, self.status, self._hits, self.reader])

    def __repr__(self) -> str:
        lines = [f"{hit.rank}. {hit.title or '(untitled)'} [{hit.assistant}, {hit.role}]" for hit in self.hits]
        return "\n".join([f"Search: {self.text.value}", *(lines or [_plain(self.status.value)])])

    def _repr_mimebundle_(self, **_: Any) -> Mapping[str, Any]:
        """The widget for who can run it; for who cannot, the same hits as text and HTML."""
        live = self.box._repr_mimebundle_()
        cards = "".join(hit_html(hit) for hit in self.hits)
        still = f"<p><b>{escape(self.text.value)}</b></p>{cards or self.status.value}{self.reader.value}"
        return {**live, "text/plain": repr(self), "text/html": still}


class _Row:
    """One hit with its button. Rows are used again: a search for every letter typed would make hundreds of widgets."""

    def __init__(self, open_hit: Callable[[Hit], None]) -> None:
        self._open_hit = open_hit
        self._hit: Hit | None = None
        self._card = widgets.HTML(layout=_WIDE)
        self.button = widgets.Button(description="read", tooltip="Open the conversation here", layout=_FIXED)
        self.button.on_click(self._on_click)
        self.box = widgets.HBox([self.button, self._card], layout={"align_items": "center"})

    def show(self, hit: Hit) -> None:
        """Show `hit`, which the button then opens."""
        self._hit = hit
        self._card.value = hit_html(hit)

    def _on_click(self, _: widgets.Button) -> None:
        if self._hit is not None:
            self._open_hit(self._hit)


def _slider(alpha: float) -> widgets.FloatSlider:
    return widgets.FloatSlider(
        value=alpha, min=0.0, max=1.0, step=0.05, description="words ↔ meaning", continuous_update=False,
        style={"description_width": "130px"}, layout={"width": "380px"},
    )  # fmt: skip


def _toggle(name: str) -> widgets.ToggleButton:
    return widgets.ToggleButton(value=True, description=name, layout={"width": "100px"})


def _on(toggles: Mapping[str, widgets.ToggleButton]) -> list[str]:
    return [name for name, toggle in toggles.items() if toggle.value]


def _restricting(toggles: Mapping[str, widgets.ToggleButton]) -> list[str] | None:
    """The names that are switched on; None if all are, since messages of other roles are then wanted too."""
    on = _on(toggles)
    return None if len(on) == len(toggles) else on


def _day_after(day: date | None) -> date | None:
    return day + timedelta(days=1) if day and day < date.max else None


def _plain(status: str) -> str:
    return status.removeprefix("<b>").removesuffix("</b>")
