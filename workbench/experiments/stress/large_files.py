"""Exports of any size, one conversation that is huge, and one message that is: imported whole, in time, in bounds.

Each is imported into a store of its own by a process of its own, as a person would, with its time (start and
publication included) and its peak of memory.
"""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from workbench.experiments.corpus import write_corpus
from workbench.experiments.corpus.archive import json_bytes
from workbench.experiments.corpus.chatter import ASSISTANTS
from workbench.experiments.corpus.claude_writer import claude_conversation
from workbench.experiments.corpus.known_items import plans_for
from workbench.experiments.corpus.script import ROOT, Script, Turn, Words
from workbench.experiments.runs import LOWER, Figure
from workbench.experiments.stress.commands import workbench
from workbench.experiments.stress.plan import FILES, Ground, ScenarioResult, at_most
from workbench.snapshot import open_snapshot

FIRST, EACH = 3.1, 0.9  # seconds: the owner's 4 for 1 MB and 12 for 10 MB are on this line
MEMORY, MEMORY_EACH = 400.0, 15.0  # MB resident, and for each MB of the export
_SAMPLE = 400  # messages that tell how large one is
_MEGABYTE = 1_000_000
_START = datetime(2025, 3, 1, 9, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Imported:
    """One export: `megabytes` uncompressed, how many messages it holds and how many the store had of it."""

    name: str
    megabytes: float
    messages: int
    stored: int
    seconds: float
    processor_seconds: float
    peak_megabytes: float

    @property
    def most_seconds(self) -> float:
        """What it may take."""
        return FIRST + EACH * self.megabytes

    @property
    def most_megabytes(self) -> float:
        """The memory it may take."""
        return MEMORY + MEMORY_EACH * self.megabytes


def large_files(ground: Ground) -> ScenarioResult:
    """Import exports of `plan.megabytes` of each assistant, then the huge conversation and the huge message."""
    found = []
    for name, path, messages in exports(ground):
        found.append(_imported(ground.folder / "large-store", name, path, messages))
        ground.say(_line(found[-1]))
    wrong = sum(abs(one.stored - one.messages) for one in found)
    slowest = max(one.seconds / one.most_seconds for one in found)
    largest = max(one.peak_megabytes / one.most_megabytes for one in found)
    verdicts = (
        at_most(FILES, "messages that are missing or too many", wrong, 0),
        at_most(FILES, "seconds, greatest share of what they may be", slowest, 1),
        at_most(FILES, "memory, greatest share of what it may be", largest, 1),
    )
    figures = [Figure(f"files: {one.name}, seconds", one.seconds, "s", LOWER) for one in found]
    figures += [Figure(f"files: {one.name}, memory", one.peak_megabytes, "MB", LOWER) for one in found]
    return ScenarioResult(FILES, verdicts, tuple(figures), {"imports": [_plain(one) for one in found]})


def exports(ground: Ground) -> Iterator[tuple[str, Path, int]]:
    """Name, folder and messages of each export: written when it is asked for, gone when the next one is."""
    plan = ground.plan
    for assistant in ASSISTANTS:
        folder = ground.folder / "large" / assistant
        write_corpus(folder, _SAMPLE, seed=plan.seed, assistants=(assistant,))
        each = _size(folder) / _SAMPLE
        shutil.rmtree(folder)
        for megabytes in plan.megabytes:
            messages = max(_SAMPLE, int(megabytes * _MEGABYTE / each))
            write_corpus(folder, messages, seed=plan.seed, assistants=(assistant,))
            yield f"{assistant}, {megabytes:g} MB", folder, messages
            shutil.rmtree(folder)
    for name, script in _huge(max(plan.megabytes), plan.seed):
        folder = ground.folder / "large" / "huge"
        folder.mkdir(parents=True)
        path = folder / "conversations.json"
        path.write_bytes(json_bytes([claude_conversation(script, seed=plan.seed)]))
        yield name, folder, len(script.turns)
        shutil.rmtree(folder)


def _huge(megabytes: float, seed: int) -> Iterator[tuple[str, Script]]:
    """One conversation of so many megabytes in ordinary messages, and one with a message of so many."""
    [made] = plans_for(1_000, seed=seed, assistants=("claude",))
    texts = [turn.text for position in range(40) for turn in made.script(position).turns]
    size = sum(map(len, texts))
    wanted = int(megabytes * _MEGABYTE / 2)  # Claude exports have each text twice
    many = [f"{number}. {text}" for number in range(1 + wanted // size) for text in texts]
    yield "one huge conversation", _script("huge-conversation", many)
    yield "one huge message", _script("huge-message", ["What do all my notes say?", "\n\n".join(many)])


def _script(key: str, texts: list[str]) -> Script:
    turns, above = [], ROOT
    for number, text in enumerate(texts):
        at = _START + timedelta(seconds=30 * number)
        turns.append(Turn("assistant" if number % 2 else "user", (Words(text),), f"t{number}", above, at))
        above = turns[-1].label
    return Script(key, "claude", "Everything at once", _START, tuple(turns))


def _imported(store: Path, name: str, path: Path, messages: int) -> Imported:
    megabytes = _size(path) / _MEGABYTE
    done = workbench("ingest", path, "--store", store, "--ray", "off")
    with open_snapshot(store) as snapshot:
        stored = snapshot.manifest.counts["messages"]
    shutil.rmtree(store)
    peak = done.peak.resident / _MEGABYTE
    return Imported(name, megabytes, messages, stored, done.seconds, done.processor, peak)


def _size(folder: Path) -> int:
    """Bytes of what is in the export, unpacked."""
    total = 0
    for path in folder.rglob("*"):
        if path.suffix == ".zip":
            with zipfile.ZipFile(path) as archive:
                total += sum(entry.file_size for entry in archive.infolist())
        elif path.suffix == ".json":
            total += path.stat().st_size
    return total


def _plain(one: Imported) -> dict[str, object]:
    return {**asdict(one), "most_seconds": one.most_seconds, "most_megabytes": one.most_megabytes}


def _line(one: Imported) -> str:
    return (
        f"{one.name:<24} {one.megabytes:6.1f} MB in {one.seconds:5.1f} s ({one.processor_seconds:.1f} processor), "
        f"{one.peak_megabytes:,.0f} MB of memory, {one.stored:,} of {one.messages:,} messages"
    )
