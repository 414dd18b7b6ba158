"""${name} in the parameters of a step."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

_PLACEHOLDER = re.compile(r"\$\{([^}]*)\}")


def names_in(value: Any) -> Iterator[str]:
    """The names that stand in ${...} in a value, also within lists and mappings."""
    if isinstance(value, str):
        yield from _PLACEHOLDER.findall(value)
    elif isinstance(value, Mapping):
        for one in value.values():
            yield from names_in(one)
    elif isinstance(value, list):
        for one in value:
            yield from names_in(one)


def filled(value: Any, values: Mapping[str, Any]) -> Any:
    """The value with every ${name} replaced. A text that is nothing else becomes the value itself, of its own kind;
    names that `values` does not have stay as they are."""
    if isinstance(value, Mapping):
        return {name: filled(one, values) for name, one in value.items()}
    if isinstance(value, list):
        return [filled(one, values) for one in value]
    if not isinstance(value, str):
        return value
    whole = _PLACEHOLDER.fullmatch(value)
    if whole is not None and whole[1] in values:
        return values[whole[1]]
    return _PLACEHOLDER.sub(lambda found: str(values.get(found[1], found[0])), value)
