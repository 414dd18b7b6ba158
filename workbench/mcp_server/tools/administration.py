"""Tools for whoever runs the server; they exist only where it was started with --admin."""

from __future__ import annotations

import time
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from pydantic import Field

from workbench.errors import UsageError
from workbench.mcp_server.answers import CacheAnswer, CacheFigures, ClearedAnswer, FiguresAnswer
from workbench.mcp_server.budget import DEFAULT_BYTES, MOST_BYTES
from workbench.mcp_server.tools.tool import Arguments, Call, Tool

_STARTED = time.monotonic()


class ClearArguments(Arguments):
    """What clear_cache takes."""

    kind: str = Field("all", description="a kind that cache_statistics names, or all")


def cache_statistics(call: Call) -> CacheAnswer:
    """What each cache did."""
    caches = call.host.caches(call.memory)
    return CacheAnswer(
        caches=[CacheFigures(kind=kind, figures=asdict(cache.statistics())) for kind, cache in caches.items()]
    )


def clear_cache(call: Call) -> ClearedAnswer:
    """Empty one cache, or all."""
    wanted: ClearArguments = call.arguments
    caches = call.host.caches(call.memory)
    if wanted.kind != "all" and wanted.kind not in caches:
        raise UsageError(f"there is no cache {wanted.kind[:60]!r}", "", f"there are: all, {', '.join(caches)}")
    return ClearedAnswer(
        cleared={kind: cache.clear() for kind, cache in caches.items() if wanted.kind in ("all", kind)}
    )


def configuration(call: Call) -> FiguresAnswer:
    """The settings that are in force."""
    from workbench.version import VERSION

    memory = call.memory
    manifest = memory.snapshot.manifest
    return FiguresAnswer(
        figures={
            "workbench": VERSION,
            "settings": {name: str(value) for name, value in asdict(memory.settings).items()},
            "embedder": manifest.fingerprint,
            "dimensions": manifest.dimensions,
            "vectors": dict(manifest.profile),
            "ranking": asdict(memory.engine.tuning),
            "default_answer_bytes": DEFAULT_BYTES,
            "most_answer_bytes": MOST_BYTES,
        }
    )


def indexing_progress(call: Call) -> FiguresAnswer:
    """What is searched, what still waits, and who writes."""
    from workbench.record import writer_of

    memory = call.memory
    manifest = memory.snapshot.manifest
    published = datetime.fromisoformat(manifest.created_at)
    counts = dict(manifest.counts)
    return FiguresAnswer(
        figures={
            "version": memory.engine.version,
            "published_at": manifest.created_at,
            "age_seconds": round((datetime.now(UTC) - published).total_seconds(), 1),
            "counts": counts,
            "embedded_share": counts["texts"] / max(1, counts["texts"] + counts["pending"]),
            "assistants": dict(manifest.assistants),
            "writer": writer_of(memory.store),
        }
    )


def performance(call: Call) -> FiguresAnswer:
    """How long tools took, and what the process uses."""
    import psutil

    process = psutil.Process()
    used = process.memory_info().rss
    figures: dict[str, Any] = {
        "tools": call.host.timings.figures(),
        "process": {
            "resident_bytes": used,
            "threads": process.num_threads(),
            "up_seconds": round(time.monotonic() - _STARTED, 1),
        },
    }
    return FiguresAnswer(figures=figures | dict(call.host.performance()))


TOOLS = (
    Tool(
        "cache_statistics", "Cache statistics", "Hits, misses and size of each cache of this server.",
        Arguments, CacheAnswer, cache_statistics,
    ),
    Tool(
        "clear_cache", "Clear caches",
        "Empty one cache or all. Nothing is lost but time: what is asked for next is worked out again.",
        ClearArguments, ClearedAnswer, clear_cache, read_only=False, destructive=True, idempotent=True,
    ),
    Tool(
        "configuration", "Configuration", "Settings, model and ranking constants that are in force.",
        Arguments, FiguresAnswer, configuration,
    ),
    Tool(
        "indexing_progress", "Indexing progress",
        "What is searched, how many texts still wait for a vector, how old the published generation is, who writes.",
        Arguments, FiguresAnswer, indexing_progress,
    ),
    Tool(
        "performance", "Performance", "How long the calls of each tool took, and what the process uses.",
        Arguments, FiguresAnswer, performance,
    ),
)  # fmt: skip
