"""YAML with the lines that its values stand in, so that a fault can be shown where it is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import yaml

from workbench.errors import UsageError


@dataclass(frozen=True, slots=True)
class Located:
    """A value of a YAML file: `plain` as `yaml.safe_load` gives it, its line (from 1), and what it consists of."""

    plain: Any
    line: int
    entries: dict[str, Located] = field(default_factory=dict)
    items: tuple[Located, ...] = ()


@dataclass(slots=True)
class Faults:
    """What is wrong with a file, collected so that all of it is said at once."""

    found: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, text: str) -> None:
        """Note a fault; line 0 is the file as a whole."""
        self.found.append((line, text))

    def __str__(self) -> str:
        return "; ".join(f"line {line}: {text}" if line else text for line, text in sorted(self.found))


def read_yaml(text: str, faults: Faults) -> Located | None:
    """The document in a text, None if it is empty. A key that comes twice is a fault, and so is one that is no text.

    Raises:
        UsageError: It is not YAML; with the line.
    """
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        return None if node is None else _located(node, yaml.SafeLoader(""), faults)
    except RecursionError as error:
        raise UsageError("it is not YAML for a pipeline", "an alias (*name) holds itself") from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise UsageError("it is not YAML", f"line {line}: {error.problem or error}") from error
    except (yaml.YAMLError, ValueError) as error:  # a character that YAML forbids; a date that is none
        raise UsageError("it is not YAML", str(error).splitlines()[0]) from error


def _located(node: yaml.Node, loader: yaml.SafeLoader, faults: Faults) -> Located:
    line = node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        entries: dict[str, Located] = {}
        for key, value in node.value:
            name = loader.construct_object(key, deep=True)
            if not isinstance(name, str):
                faults.add(key.start_mark.line + 1, f"the key {name!r} is not a text: put it in quotes")
            elif name in entries:
                faults.add(key.start_mark.line + 1, f"{name!r} is there twice")
            else:
                entries[name] = _located(value, loader, faults)
        return Located({name: one.plain for name, one in entries.items()}, line, entries)
    if isinstance(node, yaml.SequenceNode):
        items = tuple(_located(one, loader, faults) for one in node.value)
        return Located([one.plain for one in items], line, items=items)
    return Located(loader.construct_object(node), line)
