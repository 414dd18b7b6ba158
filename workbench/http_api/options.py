"""How a service is to run: one frozen value, handed whole to every worker process."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ServiceOptions:
    """What `workbench serve` can be told.

    `cached` keeps answers, for `cache_ttl` seconds in `cache_bytes` of memory a worker; `redis` is the URL of a cache
    that workers share ("" for none). `max_pending` searches may wait in a worker. `token` must be shown with every
    request ("" for none), `hosts` are the names by which the service may be called (None for any), `max_body_bytes`
    and `max_upload_bytes` bound what a request may bring. When `publish_after` memories wait to be published, that is
    done (0: never). `log` is one of LOG_FORMS; `log_queries` lets it say what was searched for. `metrics` is the folder
    in which the workers of one service sum up their metrics (None: there is one worker). `alerts` is a file of rules
    that the live figures are held against (None: those that Workbench comes with).
    """

    store: Path
    cached: bool = True
    cache_bytes: int = 64 * 1024 * 1024
    cache_ttl: float = 300.0
    redis: str = ""
    max_pending: int = 2_000
    token: str = field(default="", repr=False)
    hosts: tuple[str, ...] | None = None
    max_body_bytes: int = 1_000_000
    max_upload_bytes: int = 2_000_000_000
    publish_after: int = 5_000
    log: str = "off"
    log_queries: bool = False
    metrics: Path | None = None
    alerts: Path | None = None
