"""A process and all its descendants: who they are, their processor time, and the connections they hold."""

from __future__ import annotations

import psutil


def family(pid: int) -> list[psutil.Process]:
    """The process and all its descendants that still run."""
    try:
        parent = psutil.Process(pid)
        return [parent, *parent.children(recursive=True)]
    except psutil.NoSuchProcess:
        return []


def processor_seconds(pid: int) -> float:
    """Seconds of processor time, user and system, that the process and its running descendants have used."""
    total = 0.0
    for process in family(pid):
        try:
            times = process.cpu_times()
        except psutil.NoSuchProcess:
            continue
        total += times.user + times.system
    return total


def connections(pid: int, port: int) -> tuple[int, ...]:
    """How many open connections to `port` each process of a service holds, the most first; those with none left out.

    Workers that share one listening socket take connections as they come, and keep them: seldom the same number each.
    """
    counts = []
    for process in family(pid):
        try:
            held = process.net_connections("tcp")
        except psutil.NoSuchProcess:
            continue
        counts.append(sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in held))
    return tuple(sorted((count for count in counts if count), reverse=True))
