"""The service on Ray Serve: replicas over one mapped snapshot, more of them when more is asked.

    WORKBENCH_TOKEN=… serve run workbench.http_api.ray_serve:build store=data/store replicas=1-4

Every replica opens the newest generation by itself and moves on to newer ones, as a worker of `workbench serve` does.
On one machine replicas share its mapped files. On several, each machine needs the store at the same path: shared
storage, or a copy that `workbench pull --every` keeps (docs/deployment.md).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ray import serve
from starlette.types import ASGIApp

from workbench.errors import UsageError
from workbench.http_api.app import create_app
from workbench.http_api.guarding.exposure import LOOPBACK, check_exposure, names_of, read_token
from workbench.http_api.options import ServiceOptions
from workbench.settings import load_settings
from workbench.workspace import Workbench

NAME = "recall"
_ARGUMENTS = ("store", "replicas", "cpus", "redis", "token_file", "hosts")
_PROXY = "Ray's proxy"  # where it listens is not known here: so there is always a token
_ONGOING = 128  # requests that a replica may have taken; those beyond wait in the proxy
_WANTED_ONGOING = 16  # more of them, on average, and another replica is started: two batches of searches
_END_SECONDS = 20.0


def build(arguments: Mapping[str, Any]) -> serve.Application:
    """The application that `serve run` and a Serve config file name.

    `arguments` may have: `store`, the folder (default: that of the settings); `replicas`, a number, or the least and
    the most of them ("1-4", the default); `cpus` reserved for each replica (1); `redis`, the URL of a cache that they
    share; `token_file`, a file with the token that requests must show (default: that in WORKBENCH_TOKEN);
    `hosts`, names by which the service may be called besides this machine's own, separated by commas.

    Raises:
        UsageError: An argument is not known or its value cannot be understood, or there is no token.
        StoreError: The store is here, but has no generation that can be opened.
    """
    for name in arguments:
        if name not in _ARGUMENTS:
            raise UsageError(f"there is no argument {name!r}", "", f"there are: {', '.join(_ARGUMENTS)}")
    options = _options(arguments)
    if options.store.exists():  # it need not: a cluster's head has no replica
        with Workbench.open(options.store) as memory:
            _ = memory.snapshot  # what is wrong with it is said now, not by replicas that start again and again

    def make() -> ASGIApp:
        return create_app(options)

    deployment: Any = serve.deployment(
        serve.ingress(make)(),
        name=NAME,
        max_ongoing_requests=_ONGOING,
        graceful_shutdown_timeout_s=_END_SECONDS,
        ray_actor_options={"num_cpus": _positive("cpus", arguments.get("cpus", 1))},
        **_scale(arguments.get("replicas", "1-4")),
    )
    application: serve.Application = deployment.bind()
    return application


def _options(arguments: Mapping[str, Any]) -> ServiceOptions:
    store = Path(arguments["store"]) if "store" in arguments else load_settings().store
    token = read_token(Path(arguments["token_file"]) if "token_file" in arguments else None)
    check_exposure(_PROXY, token)
    allowed = [name for name in str(arguments.get("hosts", "")).split(",") if name]
    absolute = store.absolute()  # a replica works in a folder of its own
    return ServiceOptions(
        absolute, redis=str(arguments.get("redis", "")), token=token, hosts=names_of(LOOPBACK[0], allowed)
    )


def _scale(replicas: object) -> dict[str, Any]:
    match = re.fullmatch(r"(\d+)(?:-(\d+))?", str(replicas))
    least, most = (int(match[1]), int(match[2] or match[1])) if match else (0, 0)
    if not 1 <= least <= most:
        raise UsageError(f"replicas is {replicas!r}", "", "give a number, or two of them like 1-4")
    if least == most:
        return {"num_replicas": least}
    return {
        "autoscaling_config": {
            "min_replicas": least,
            "max_replicas": most,
            "target_ongoing_requests": _WANTED_ONGOING,
        }
    }


def _positive(name: str, value: Any) -> float:
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = 0.0
    if not 0 < number < float("inf"):
        raise UsageError(f"{name} is {value!r}", "", "give a number above 0")
    return number
