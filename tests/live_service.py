"""The service on a real socket, in a thread of the test."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from workbench.experiments.load.service import free_port
from workbench.http_api import ServiceOptions, create_app


@contextmanager
def listening(options: ServiceOptions) -> Iterator[int]:
    """A service; gives its port."""
    port = free_port()
    server = uvicorn.Server(
        uvicorn.Config(create_app(options), port=port, loop="uvloop", http="httptools", log_level="warning")
    )
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            thread.join(0.01)
        yield port
    finally:
        server.should_exit = True
        thread.join(20)
