"""How a service is to run: one frozen value, handed whole to every worker process."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.search.cache import DEFAULT_BYTES, DEFAULT_TTL


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What `workbench serve` can be told.

    `cached` keeps answers, for `cache_ttl` seconds in `cache_bytes` of memory a worker; `redis` is the URL of a cache
    that workers share ("" for none).
    """

    store: Path
    cached: bool = True
    cache_bytes: int = DEFAULT_BYTES
    cache_ttl: float = DEFAULT_TTL
    redis: str = ""
