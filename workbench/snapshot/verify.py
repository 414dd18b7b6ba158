"""Is everything there, whole, and does it agree with the record?"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from workbench.errors import SnapshotError, StoreMissingError, StoreVersionError
from workbench.model import MEMORY_ASSISTANT
from workbench.record import RECORD_FILE, Database, absorbed, connect_read_only, is_unfinished, journal
from workbench.snapshot import generations, replica
from workbench.snapshot.manifest import Manifest, describe_file
from workbench.snapshot.reader import Snapshot

_RECORD_CHECKS = {
    "every message has its conversation": """SELECT count(*) FROM messages m
        WHERE NOT EXISTS (SELECT 1 FROM conversations c WHERE c.id = m.conversation_id)""",
    "every artifact has its message": """SELECT count(*) FROM artifacts a
        WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = a.message_id)""",
    "every passage has its message": """SELECT count(*) FROM passages p
        WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = p.message_id)""",
    "every parent is in the same conversation": """SELECT count(*) FROM messages m JOIN messages p ON p.id = m.parent_id
        WHERE p.conversation_id <> m.conversation_id""",
    "no artifact is there twice": "SELECT count(*) - count(DISTINCT id) FROM artifacts",
    "vectors of one model have one length": """SELECT count(*) FROM (SELECT model FROM vectors GROUP BY model
        HAVING count(DISTINCT octet_length(vector)) > 1)""",
}
_MEMORY_CHECKS = {
    "every memory has its message": """SELECT count(*) FROM memories r
        WHERE NOT EXISTS (SELECT 1 FROM messages m WHERE m.id = r.message_id)""",
    "every message of the assistant memory is a memory": f"""SELECT count(*) FROM messages m
        JOIN conversations c ON c.id = m.conversation_id AND c.assistant = '{MEMORY_ASSISTANT}'
        WHERE NOT EXISTS (SELECT 1 FROM memories r WHERE r.message_id = m.id)""",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that was checked, whether it holds, and what was found if it does not."""

    check: str
    ok: bool
    detail: str = ""


def verify(store: Path) -> list[Finding]:
    """Check the record with its journal, then the current generation and that it can be opened.

    The record can be checked only while nobody writes to it; otherwise that is said and counted as not checked.
    """
    record = _verify_record(store) if replica.origin(store) is None else []  # a replica has none
    return [*record, *_verify_snapshot(store)]


def _verify_record(store: Path) -> list[Finding]:
    try:
        record = connect_read_only(store / RECORD_FILE, memory="2GB")
    except StoreMissingError as error:
        return [Finding("the record is there", ok=False, detail=str(error))]
    with record:
        findings = [_no_rows(record, check, query) for check, query in _RECORD_CHECKS.items()]
        if not record.value("SELECT count(*) FROM migrations WHERE name = 'm004_memories'"):
            return findings  # of an older Workbench: the next import makes the tables
        findings += [_no_rows(record, check, query) for check, query in _MEMORY_CHECKS.items()]
        findings.append(_verify_forgotten(store, unfinished=is_unfinished(record)))
        return [*findings, *_verify_journal(store, absorbed(record))]


def _verify_forgotten(store: Path, *, unfinished: bool) -> Finding:
    """Check that no forgetting was cut off, and that no old generation that nobody reads holds what was forgotten."""
    left = [folder.name for folder in generations.forgotten(store) if not generations.is_read(folder)]
    what = f"generations {', '.join(left)} still hold it" if left else "a forgetting was cut off"
    ok = not (unfinished or left)
    detail = "" if ok else f"{what}: `workbench rebuild --if-changed` finishes that"
    return Finding("what was forgotten is gone", ok=ok, detail=detail)


def _verify_journal(store: Path, taken_over: int) -> list[Finding]:
    """Check the journal; the record has taken over the memories up to a sequence."""
    try:
        found = journal.read(store)
    except StoreVersionError as error:
        return [Finding("the journal can be read", ok=False, detail=str(error))]
    there = [entry.memory.sequence for entry in found.entries]
    missing = len(set(range(found.base + 1, found.last + 1)) - {*there, *found.forgotten})
    reached = not (store / journal.JOURNAL_FILE).exists() or found.base <= taken_over <= found.last
    return [
        _counted("every line of the journal is as it was written", found.damaged),
        _counted("no memory is missing from the journal", missing),
        Finding(
            "the journal goes on where the record ends",
            ok=reached,
            detail="" if reached else f"the record ends at {taken_over}, the journal has {found.base} to {found.last}",
        ),
    ]


def _no_rows(database: Database, check: str, query: str) -> Finding:
    return _counted(check, int(database.value(query)))


def _counted(check: str, faults: int) -> Finding:
    return Finding(check, ok=faults == 0, detail=f"{faults:,} are not so" if faults else "")


def _verify_snapshot(store: Path) -> list[Finding]:
    generation = None
    try:
        generation, held = generations.lease(store)
    except (StoreMissingError, SnapshotError) as error:
        return [Finding("a generation is published", ok=False, detail=str(error))]
    with held:
        folder = generations.generation_folder(store, generation)
        findings: list[Finding] = []
        try:
            manifest = Manifest.read(folder)
            findings += [_verify_file(folder, name, manifest) for name in manifest.files]
            findings.append(_verify_counts(folder, manifest))
        except (SnapshotError, StoreVersionError) as error:
            findings.append(Finding(f"generation {generation} can be opened", ok=False, detail=str(error)))
    return findings


def _verify_file(folder: Path, name: str, manifest: Manifest) -> Finding:
    check = f"{name} is whole"
    try:
        found = describe_file(folder / name)
    except OSError as error:
        return Finding(check, ok=False, detail=str(error))
    return Finding(
        check, ok=found == manifest.files[name], detail="" if found == manifest.files[name] else "its bytes differ"
    )


def _verify_counts(folder: Path, manifest: Manifest) -> Finding:
    with Snapshot(folder, manifest, None) as snapshot:
        counts = manifest.counts
        expected = (counts["messages"], counts["searched"], counts["texts"])
        found = (
            int(snapshot.catalog.value("SELECT count(*) FROM messages")),
            len(snapshot.lexical),
            len(snapshot.vectors),
        )
    check = "catalog, words and vectors have the counts of the manifest"
    return Finding(check, ok=found == expected, detail="" if found == expected else f"{found}, not {expected}")
