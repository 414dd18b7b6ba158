"""Values of parameters: of the kind that their defaults have."""

from __future__ import annotations

import ast

from workbench.errors import UsageError

_WORDS = {"true": True, "false": False, "none": None}


def value_of(name: str, text: str, default: object) -> object:
    """The text as a value of the kind that the default has; a text stays a text.

    Raises:
        UsageError: It is of another kind.
    """
    if isinstance(default, str):
        return text
    try:
        value = _WORDS[text.lower()] if text.lower() in _WORDS else ast.literal_eval(text)
    except (ValueError, SyntaxError):
        value = text
    if not fits(value, default):
        raise UsageError(f"the parameter {name} cannot be {text!r}", "", f"its default is {default!r}")
    return value


def fits(value: object, default: object) -> bool:
    """Whether the value is of the kind that the default has; every kind fits the default None."""
    if default is None:
        return True
    if isinstance(value, bool) or isinstance(default, bool):
        return isinstance(value, bool) and isinstance(default, bool)
    if isinstance(default, tuple):
        return isinstance(value, list | tuple)
    return isinstance(value, type(default)) or (isinstance(default, float) and isinstance(value, int))
