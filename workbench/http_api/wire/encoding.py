"""Values as JSON."""

from __future__ import annotations

from typing import Any

import orjson


def dump(value: Any) -> bytes:
    """`value` as JSON: dataclasses as objects, times in UTC with a Z."""
    return orjson.dumps(value, option=orjson.OPT_UTC_Z)
