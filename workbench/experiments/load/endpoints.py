"""What is put under load over HTTP: a service started for it, the same on Ray Serve, or one that runs already."""

from __future__ import annotations

import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from workbench.errors import UsageError
from workbench.experiments.load.comparison import our_service
from workbench.experiments.load.service import HOST, Service, fetch, free_port, running

IN_PROCESS, HTTP, RAY = "in-process", "http", "ray"
_APPLICATION = "workbench.http_api.ray_serve:build"
_TOKEN = "WORKBENCH_TOKEN"


def is_url(target: str) -> bool:
    """Whether a target is a service that runs already."""
    return "://" in target


@contextmanager
def endpoint(target: str, store: Path, workers: int, *, cache: bool) -> Iterator[Service]:
    """The service that `target` names, ready: "http", "ray", or the URL of one that runs, for which the rest is moot.

    A token that such a service asks for is taken from WORKBENCH_TOKEN.

    Raises:
        UsageError: There is no such target, or Ray Serve cannot do without its cache.
        WorkbenchError: The service did not start, or does not answer.
    """
    if target == HTTP:
        with our_service(store, workers, cache=cache) as service:
            yield service
    elif target == RAY:
        with _on_ray(store, workers) as service:
            yield service
    elif is_url(target):
        yield _running_at(target)
    else:
        raise UsageError(f"there is no target {target!r}", "", f"give {IN_PROCESS}, {HTTP}, {RAY} or a URL")


def _running_at(url: str) -> Service:
    parts = urlsplit(url)
    if parts.scheme != "http" or not parts.hostname or parts.path.strip("/"):
        raise UsageError(f"{url} cannot be put under load", "", "give http://HOST:PORT")
    token = os.environ.get(_TOKEN, "").strip()
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    service = Service(url, parts.port or 80, 0, 0, 0.0, parts.hostname, headers)
    fetch(service.port, "/health", host=service.host, headers=headers)
    return service


@contextmanager
def _on_ray(store: Path, replicas: int) -> Iterator[Service]:
    """Ray Serve on this machine: a cluster of its own, with a proxy and so many replicas."""
    port, token = free_port(), secrets.token_urlsafe(32)
    arguments = {"store": str(store.absolute()), "replicas": replicas, "cpus": 0.5}
    config = {
        "proxy_location": "HeadOnly",
        "http_options": {"host": HOST, "port": port},
        "logging_config": {"enable_access_log": False},
        "applications": [{"name": "recall", "route_prefix": "/", "import_path": _APPLICATION, "args": arguments}],
    }
    environment = {_TOKEN: token, "RAY_USAGE_STATS_ENABLED": "0", "RAY_ADDRESS": "local"}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "serve.yaml"
        path.write_text(json.dumps(config), encoding="utf-8")  # JSON is YAML
        command = [sys.executable, "-m", "ray.serve.scripts", "run", str(path)]
        with running("ray", command, port, replicas, environment=environment, token=token) as service:
            yield service
