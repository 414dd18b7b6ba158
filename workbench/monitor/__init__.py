"""Watching the service: Prometheus metrics over all its processes, live figures, logs and traces."""

from workbench.monitor.access import About
from workbench.monitor.corpus import Corpus, corpus_of
from workbench.monitor.families import FAMILIES, Family, Kind
from workbench.monitor.folder import forget_worker
from workbench.monitor.logs import LOG_FORMS, configure_logging, request_id
from workbench.monitor.observer import ALL, Observer, ObserverOptions

__all__ = [
    "ALL",
    "FAMILIES",
    "LOG_FORMS",
    "About",
    "Corpus",
    "Family",
    "Kind",
    "Observer",
    "ObserverOptions",
    "configure_logging",
    "corpus_of",
    "forget_worker",
    "request_id",
]
