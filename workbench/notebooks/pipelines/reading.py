"""Pipelines from their files, with everything that is wrong said at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from workbench.errors import NotebookError, UsageError
from workbench.notebooks.pipelines.definition import BUILT_IN, MACHINE, Condition, Keep, Pipeline, Step
from workbench.notebooks.pipelines.located import Faults, Located, read_yaml
from workbench.notebooks.pipelines.placeholders import filled, names_in
from workbench.notebooks.pipelines.units import bytes_of, seconds_of
from workbench.notebooks.running import known_parameters
from workbench.notebooks.values import fits

T = TypeVar("T")

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,40}")
_RESERVED = ("history",)  # the folder of what experiments found, beside those of the pipelines
_PARAMETER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_CONDITION = re.compile(r"(not )?(?:\$\{(\w+)\}|exists (\S.*))")
_KEYS = ("name", "description", "parameters", "resources", "keep", "resume_within", "steps")
_STEP_KEYS = ("name", "notebook", "parameters", "needs", "when", "retries", "timeout", "allow_failure")
_KEEP_KEYS = ("runs", "age", "size")
_KINDS: Mapping[type, str] = {str: "a text", int: "a whole number", bool: "true or false"}
_PLAIN = (str, int, float, bool, type(None))


def read_pipeline(path: Path) -> Pipeline:
    """The pipeline in a YAML file, checked against its notebooks: they are there, and have the parameters it gives.

    Raises:
        UsageError: The file cannot be read, or is not a pipeline; all faults are named, with their lines.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(f"the pipeline {path} cannot be read", str(error), "give a YAML file") from error
    faults = Faults()
    try:
        document = read_yaml(text, faults)
    except UsageError as error:
        raise UsageError(f"{path} is not a pipeline", f"{error.what}: {error.why}", "correct that line") from error
    found = _Reader(path.resolve(), faults).pipeline(document or Located(None, 0))
    if faults.found or found is None:
        raise UsageError(f"{path} is not a pipeline", str(faults), "docs/pipelines.md shows what belongs there")
    return found


@dataclass(slots=True)
class _Reader:
    """Reads the parts of one file; what is wrong goes to `faults`, and something harmless takes its place."""

    path: Path
    faults: Faults

    def pipeline(self, document: Located) -> Pipeline | None:
        if not isinstance(document.plain, dict):
            self.faults.add(document.line, f"a pipeline has the keys {', '.join(_KEYS)}")
            return None
        self._known_keys(document, _KEYS)
        entries = document.entries
        parameters = self._parameters(entries.get("parameters"))
        for name in parameters.keys() & BUILT_IN.keys():
            self.faults.add(entries["parameters"].entries[name].line, f"${{{name}}} is {BUILT_IN[name]}: rename yours")
        self._check_names(entries.get("parameters"), set(BUILT_IN))
        steps = self._steps(document, parameters)
        within = entries.get("resume_within")
        return Pipeline(
            self._name(document, "the pipeline", reserved=_RESERVED),
            self.path,
            self._of(entries.get("description"), str, ""),
            parameters,
            steps,
            tuple(self._names(entries.get("resources"), (MACHINE,))),
            self._keep(entries.get("keep")),
            self._quantity(within, seconds_of),
        )

    def _steps(self, document: Located, parameters: Mapping[str, Any]) -> tuple[Step, ...]:
        steps: list[Step] = []
        listed = document.entries.get("steps")
        if listed is None or not listed.items:
            self.faults.add(listed.line if listed else document.line, "there are no steps: a list of at least one")
            return ()
        for one in listed.items:
            if not isinstance(one.plain, dict):
                self.faults.add(one.line, "a step is a mapping with at least a notebook")
                continue
            step = self._step(one, parameters, [step.name for step in steps])
            if step.name in [other.name for other in steps]:
                self.faults.add(one.line, f"a second step is called {step.name!r}: give one of them a name")
            steps.append(step)
        return tuple(steps)

    def _step(self, found: Located, parameters: Mapping[str, Any], earlier: list[str]) -> Step:
        self._known_keys(found, _STEP_KEYS)
        entries = found.entries
        notebook = self.path.parent / self._of(entries.get("notebook"), str, "")
        if "notebook" not in entries:
            self.faults.add(found.line, "a step needs a notebook")
        default = re.sub(r"^\d+_|[^a-z0-9_-]", "", notebook.stem.lower())
        needs = tuple(self._names(entries.get("needs"), ()))
        for name in needs:
            if name not in earlier:
                self.faults.add(entries["needs"].line, f"it needs {name!r}, which is no earlier step")
        own = self._parameters(entries.get("parameters"))
        self._check_names(entries.get("parameters"), {*BUILT_IN, *parameters})
        if "notebook" in entries:
            self._check_notebook(notebook, entries, filled(own, parameters))
        retries = self._of(entries.get("retries"), int, 0)
        if retries < 0:
            self.faults.add(entries["retries"].line, "retries cannot be below 0")
        return Step(
            self._name(found, "a step", default=default),
            notebook.resolve(),
            own,
            needs,
            self._condition(entries.get("when"), parameters),
            retries,
            self._quantity(entries.get("timeout"), seconds_of),
            self._of(entries.get("allow_failure"), bool, False),
        )

    def _check_notebook(self, notebook: Path, entries: Mapping[str, Located], given: Mapping[str, Any]) -> None:
        line = entries["notebook"].line
        if not notebook.is_file():
            self.faults.add(line, f"there is no notebook {entries['notebook'].plain} beside {self.path.name}")
            return
        try:
            known = known_parameters(notebook)
        except NotebookError as error:
            self.faults.add(line, f"{error.what}: {error.why}")
            return
        for name, value in given.items():
            line = entries["parameters"].entries[name].line
            if name not in known:
                self.faults.add(line, f"{notebook.name} has no parameter {name!r}{_guess(name, known)}")
            elif value is not None and not fits(value, known[name]):
                self.faults.add(line, f"{name} of {notebook.name} cannot be {value!r}: its default is {known[name]!r}")

    def _condition(self, found: Located | None, parameters: Mapping[str, Any]) -> Condition | None:
        if found is None:
            return None
        parsed = _CONDITION.fullmatch(found.plain) if isinstance(found.plain, str) else None
        if parsed is None:
            self.faults.add(found.line, "`when` is ${parameter} or `exists PATTERN`, with `not` before it or without")
            return None
        negated, parameter, pattern = parsed.groups()
        if parameter and not isinstance(parameters.get(parameter), bool):
            self.faults.add(found.line, f"`when` asks for {parameter!r}, which is no parameter that is true or false")
        self._check_names(found, {*BUILT_IN, *parameters})
        return Condition(parameter or "", pattern or "", bool(negated))

    def _parameters(self, found: Located | None) -> dict[str, Any]:
        if found is None or found.plain is None:
            return {}
        if not isinstance(found.plain, dict):
            self.faults.add(found.line, "parameters are names with values")
            return {}
        for name, value in found.entries.items():
            if not _PARAMETER.fullmatch(name):
                self.faults.add(value.line, f"{name!r} cannot be the name of a parameter")
            if not _is_plain(value.plain):
                self.faults.add(value.line, f"{name} is a {type(value.plain).__name__}: put it in quotes")
        return dict(found.plain)

    def _check_names(self, found: Located | None, known: set[str]) -> None:
        for value in (list(found.entries.values()) or [found]) if found else ():
            for name in names_in(value.plain):
                if name not in known:
                    self.faults.add(value.line, f"${{{name}}} is not known{_guess(name, known)}")

    def _keep(self, found: Located | None) -> Keep:
        if found is None:
            return Keep()
        if not isinstance(found.plain, dict):
            self.faults.add(found.line, f"keep has the keys {', '.join(_KEEP_KEYS)}")
            return Keep()
        self._known_keys(found, _KEEP_KEYS)
        runs = self._of(found.entries.get("runs"), int, None)
        if runs is not None and runs < 1:
            self.faults.add(found.entries["runs"].line, "at least 1 run is kept")
        age, size = found.entries.get("age"), found.entries.get("size")
        return Keep(runs, self._quantity(age, seconds_of), self._quantity(size, bytes_of))

    def _name(self, found: Located, what: str, *, default: str = "", reserved: tuple[str, ...] = ()) -> str:
        entry = found.entries.get("name")
        name = self._of(entry, str, default)
        line = entry.line if entry else found.line
        if not name:
            self.faults.add(line, f"{what} needs a name")
        elif not _NAME.fullmatch(name):
            self.faults.add(line, f"{what} cannot be called {name!r}: small letters, digits, - and _")
        elif name in reserved:
            self.faults.add(line, f"{what} cannot be called {name!r}: that folder is for something else")
        return name

    def _names(self, found: Located | None, default: tuple[str, ...]) -> tuple[str, ...]:
        if found is None:
            return default
        listed = [found.plain] if isinstance(found.plain, str) else found.plain
        if not isinstance(listed, list) or not all(isinstance(one, str) and _NAME.fullmatch(one) for one in listed):
            self.faults.add(found.line, f"{found.plain!r} is not a list of names")
            return ()
        return tuple(listed)

    def _known_keys(self, found: Located, known: tuple[str, ...]) -> None:
        for name, value in found.entries.items():
            if name not in known:
                self.faults.add(value.line, f"unknown key {name!r}{_guess(name, known)}")

    def _of(self, found: Located | None, kind: type[T], default: T) -> T:
        if found is None:
            return default
        if not isinstance(found.plain, kind) or (kind is int and isinstance(found.plain, bool)):
            self.faults.add(found.line, f"{found.plain!r} is not {_KINDS[kind]}")
            return default
        return found.plain

    def _quantity(self, found: Located | None, parse: Callable[[object], T]) -> T | None:
        if found is None:
            return None
        try:
            return parse(found.plain)
        except ValueError as error:
            self.faults.add(found.line, str(error))
            return None


def _is_plain(value: object) -> bool:
    if isinstance(value, dict):
        return all(isinstance(name, str) and _is_plain(one) for name, one in value.items())
    if isinstance(value, list):
        return all(map(_is_plain, value))
    return isinstance(value, _PLAIN)


def _guess(name: str, known: Iterable[str]) -> str:
    close = get_close_matches(name, known, 1)
    return f", is it {close[0]!r}?" if close else f" (known: {', '.join(sorted(known))})"
