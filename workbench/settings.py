"""One frozen Settings, read once: defaults, then workbench.toml, then environment variables."""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from workbench.errors import UsageError

FILE_NAME = "workbench.toml"
SECRET_POLICIES = ("mask", "keep", "report")
_PREFIX = "WORKBENCH_"


def _default_cache() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "memory-workbench"


@dataclass(frozen=True, slots=True)
class Settings:
    """What can be set for a whole installation.

    `store` is the folder of record and snapshots, `runs` that of executed notebooks and of what experiments found,
    `cache` that of what a measurement may use again, `embedder` a name known to `load_embedder` (empty: the one that
    the store has, "static" for a new one), `ray` as in `plan_parallel`, `workers` the number of Ray workers (0: one per
    core). `secrets` says what becomes of keys and passwords in what is imported: "mask", "keep", or "report" (keep, and
    count them).
    """

    store: Path = Path("data/store")
    runs: Path = Path("data/runs")
    cache: Path = Path()
    embedder: str = ""
    ray: str = "auto"
    workers: int = 0
    secrets: str = "mask"


def load_settings(folder: Path | None = None, environment: Mapping[str, str] | None = None) -> Settings:
    """Settings for the working folder `folder` (default: the current one).

    Read from `workbench.toml` there, then from WORKBENCH_STORE, WORKBENCH_RUNS, WORKBENCH_CACHE, WORKBENCH_EMBEDDER,
    WORKBENCH_RAY, WORKBENCH_WORKERS and WORKBENCH_SECRETS.

    Raises:
        UsageError: The file cannot be parsed, or a name or value is not one of a setting. All faults are named at once.
    """
    path = (folder or Path.cwd()) / FILE_NAME
    values: dict[str, Any] = {}
    if path.exists():
        try:
            values.update(tomllib.loads(path.read_text(encoding="utf-8")))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read as TOML", str(error), "correct that line") from error
    known = {field.name for field in fields(Settings)}
    for name in known:
        value = (os.environ if environment is None else environment).get(_PREFIX + name.upper())
        if value:
            values[name] = value
    return _checked(values, known, path)


def _checked(values: Mapping[str, Any], known: set[str], path: Path) -> Settings:
    faults = [f"{name!r} is not a setting" for name in values if name not in known]
    parsed: dict[str, Any] = {}
    for name, value in values.items():
        if name in ("store", "runs", "cache"):
            parsed[name] = Path(str(value)).expanduser()
        elif name == "workers":
            if str(value).isdigit():
                parsed[name] = int(value)
            else:
                faults.append(f"workers must be a whole number, not {value!r}")
        elif name == "secrets" and value not in SECRET_POLICIES:
            faults.append(f"secrets must be one of {', '.join(SECRET_POLICIES)}, not {value!r}")
        elif name in known:
            parsed[name] = str(value)
    if faults:
        raise UsageError(
            "; ".join(faults), f"read from {path} and the environment", f"known are: {', '.join(sorted(known))}"
        )
    settings = replace(Settings(), **parsed)
    return settings if settings.cache != Path() else replace(settings, cache=_default_cache())
