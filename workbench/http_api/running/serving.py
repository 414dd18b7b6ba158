"""Running the service: one process, or several that share the mapped files of one snapshot.

With several, the parent accepts connections and hands them out in turn. Left to the kernel, one worker may get most of
fifty keep-alive connections and the others idle (measured: p95 three times p50).

Told to stop, by SIGTERM or SIGINT, it takes what has connected by then and no more, answers what has been asked, says
in every answer that it is the last of its connection, and ends. Told again, it ends at once.
"""

from __future__ import annotations

import socket
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from workbench.errors import UsageError
from workbench.http_api.guarding.exposure import check_exposure, names_of
from workbench.http_api.options import ServiceOptions
from workbench.http_api.running.parent import Parent, prepare

_BACKLOG = 2048


def serve(
    options: ServiceOptions,
    *,
    host: str = "127.0.0.1",
    port: int = 8765,
    workers: int = 1,
    allowed_hosts: Sequence[str] = (),
    listening: Callable[[int], None] = lambda _: None,
) -> None:
    """Serve until stopped by SIGINT or SIGTERM. `listening` is called with the port, once connections are taken.

    `allowed_hosts` are names that the service may be called by besides `host` and those of this machine itself.

    Raises:
        UsageError: The address cannot be listened on, or others can reach it and there is no token.
        StoreError: There is no generation that can be opened.
        ServiceError: Worker processes end again and again.
    """
    check_exposure(host, options.token)
    options = replace(options, hosts=names_of(host, allowed_hosts))
    with _listening(host, port) as listener:
        say = partial(listening, listener.getsockname()[1])
        if workers == 1:
            _serve_alone(listener, options, say)
        else:
            _serve_together(listener, options, workers, say)


def _serve_alone(listener: socket.socket, options: ServiceOptions, listening: Callable[[], None]) -> None:
    from workbench.http_api.running.worker import Listener, Server, raise_file_limit
    from workbench.http_api.writing.publishing import Publisher

    raise_file_limit()
    with closing(Publisher(options.store, options.publish_after)) as publisher:
        server = Server(options, Listener(listener), each_second=publisher.look)
        listening()
        server.run()


def _serve_together(
    listener: socket.socket, options: ServiceOptions, workers: int, listening: Callable[[], None]
) -> None:
    prepare()
    if options.redis:
        from workbench.http_api.caching.shared_cache import SharedCache

        SharedCache(options.redis, "")  # connects to nothing; a URL that cannot be is said now, not by every worker
    listening()
    from workbench.http_api.writing.publishing import Publisher  # these take a while: after what can go on beside it
    from workbench.monitor import configure_logging

    configure_logging(options.log)
    publisher = Publisher(options.store, options.publish_after)
    with closing(publisher), tempfile.TemporaryDirectory(prefix="workbench-metrics-") as folder:
        metrics = Path(folder)
        parent = Parent(
            listener, replace(options, metrics=metrics), workers, each_second=publisher.look,
            ended=lambda process: _forget(metrics, process),
        )  # fmt: skip
        parent.run()


def _forget(metrics: Path, process: int) -> None:
    """Take what a process that was killed last said of itself out of the sums."""
    from workbench.monitor import forget_worker

    forget_worker(metrics, process)


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    name = host.strip("[]")
    listener = socket.socket(socket.AF_INET6 if ":" in name else socket.AF_INET)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((name, port))
            listener.listen(_BACKLOG)
        except OSError as error:
            todo = "choose another with --port" if port else "choose another with --host"
            raise UsageError(f"{host}:{port} cannot be listened on", str(error), todo) from None
        yield listener
    finally:
        listener.close()
