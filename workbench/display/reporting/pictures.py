"""The pictures of each kind of run, drawn from what is stored."""

from __future__ import annotations

from workbench.display.reporting.assembling import Draw

PICTURES: dict[str, Draw] = {}
