"""The naive reference: hybrid search as a good engineer would write it first.

One query at a time in each worker: embed it, one search of the graph, one of the words, fuse them in a dict, read the
hits from DuckDB, cut snippets. No cache, no batch, no arrays where a loop will do. It reads the same snapshot through
the same adapters, is served by the same HTTP server with as many workers, and answers with the same number of hits of
the same fields, so that the ratio of the two says what the engine is worth on any machine. Where it is a matter of
taste the quicker way is taken (no thread pool, orjson), in the reference's favour.

    python -m workbench.experiments.load.naive --store DIR --port 8001 --workers 2
"""

from __future__ import annotations

import argparse
import os
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson

from workbench.embedding import Embedder, load_embedder
from workbench.snapshot import Snapshot, open_snapshot
from workbench.text.snippets import Highlighter

LEXICAL_CANDIDATES, VECTOR_CANDIDATES = 200, 100
ALPHA = 0.4
_STORE = "WORKBENCH_NAIVE_STORE"
_FIELDS = (
    "ordinal", "id", "conversation_id", "assistant", "role", "kind", "title", "position", "created_at", "content",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class NaiveSearch:
    """Both legs, min-max fusion with a fixed weight, and the texts."""

    snapshot: Snapshot
    embedder: Embedder

    @classmethod
    def open(cls, store: Path) -> NaiveSearch:
        """The current generation of the store, with the model it was made with."""
        snapshot = open_snapshot(store)
        return cls(snapshot, load_embedder(snapshot.manifest.embedder))

    def search(self, text: str, k: int = 10) -> list[dict[str, Any]]:
        """The best `k` messages as plain dicts, best first."""
        lexical, vector = self.words(text), self.meaning(text)
        scores: dict[int, float] = {}
        for weight, leg in ((1 - ALPHA, lexical), (ALPHA, vector)):
            for ordinal, score in _scaled(leg).items():
                scores[ordinal] = scores.get(ordinal, 0.0) + weight * score
        best = sorted(scores, key=lambda ordinal: (-scores[ordinal], ordinal))[:k]
        rows = self._fetch(best)
        stems = self.snapshot.lexical.stems(text)
        return [self._context(rank, rows[o], scores[o], stems) for rank, o in enumerate(best, start=1)]

    def words(self, text: str) -> dict[int, float]:
        """BM25 by message ordinal."""
        ordinals, scores = self.snapshot.lexical.search(text, LEXICAL_CANDIDATES)
        return {int(ordinal): float(score) for ordinal, score in zip(ordinals, scores, strict=True)}

    def meaning(self, text: str) -> dict[int, float]:
        """Cosine by message ordinal, of the nearest texts."""
        snapshot = self.snapshot
        query = snapshot.vectors.centre(self.embedder.embed([text]))
        [(rows, cosines)] = snapshot.vectors.nearest(query, VECTOR_CANDIDATES)
        found: dict[int, float] = {}
        for row, cosine in zip(rows, cosines, strict=True):
            start, end = snapshot.columns.owner_offsets[row : row + 2]
            for ordinal in snapshot.columns.owners[start:end]:
                found.setdefault(int(ordinal), float(cosine))
        return dict(list(found.items())[:VECTOR_CANDIDATES])

    def _fetch(self, ordinals: list[int]) -> dict[int, dict[str, Any]]:
        if not ordinals:
            return {}
        places = ", ".join("?" * len(ordinals))
        sql = f"SELECT {', '.join(_FIELDS)} FROM messages WHERE ordinal IN ({places})"
        rows = self.snapshot.catalog.cursor().rows(sql, ordinals)
        return {row[0]: dict(zip(_FIELDS, row, strict=True)) for row in rows}

    def _context(self, rank: int, row: dict[str, Any], score: float, stems: frozenset[str]) -> dict[str, Any]:
        shown = Highlighter(stems, self.snapshot.lexical.stem).snippet(row["content"])
        return {
            "rank": rank, "score": score, "message_id": row["id"], "conversation_id": row["conversation_id"],
            "assistant": row["assistant"], "role": row["role"], "kind": row["kind"], "title": row["title"],
            "position": row["position"], "created_at": row["created_at"], "snippet": shown.text,
            "highlights": shown.highlights,
            "content": row["content"], "legs": [], "others": 0,
            "category": None, "confidence": None, "labels": [],  # it knows no memories
        }  # fmt: skip


def _scaled(leg: dict[int, float]) -> dict[int, float]:
    """Scores mapped so that the best is 1 and the worst 0 (all 1 if they are equal)."""
    if not leg:
        return {}
    low, high = min(leg.values()), max(leg.values())
    return {ordinal: (score - low) / (high - low) if high > low else 1.0 for ordinal, score in leg.items()}


def make_app() -> Any:
    """The ASGI application of one worker. The environment names the store: a factory of uvicorn's takes nothing."""
    from fastapi import FastAPI, Response

    engine = NaiveSearch.open(Path(os.environ[_STORE]))
    app = FastAPI()

    @app.get("/health")
    async def health() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/search/rag")
    async def rag(q: str, k: int = 10) -> Response:
        begun = time.perf_counter()
        contexts = engine.search(q, k)
        took = (time.perf_counter() - begun) * 1000
        answer = {"contexts": contexts, "generation": engine.snapshot.generation, "took_ms": took}
        return Response(orjson.dumps(answer), media_type="application/json")

    return app


def main() -> None:
    """Serve until a signal ends it."""
    parser = argparse.ArgumentParser(description="The naive reference service of `workbench bench search`.")
    parser.add_argument("--store", type=Path, required=True)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    import uvicorn

    os.environ[_STORE] = str(options.store.resolve())
    uvicorn.run(
        "workbench.experiments.load.naive:make_app", factory=True, host="127.0.0.1", port=options.port,
        workers=options.workers, loop="uvloop", http="httptools", access_log=False, log_level="warning",
    )  # fmt: skip


if __name__ == "__main__":
    main()
