"""Published generations: made whole from the record, switched to in one step, read by any number of processes."""

from workbench.snapshot.manifest import Manifest, PartFile
from workbench.snapshot.profile import StoreProfile, read_profile, remove_profile, write_profile
from workbench.snapshot.publish import VectorSpace, current_manifest, publish
from workbench.snapshot.reader import Columns, Snapshot, Tail, open_snapshot
from workbench.snapshot.tail import JournalTail
from workbench.snapshot.verify import Finding, verify

__all__ = [
    "Columns",
    "Finding",
    "JournalTail",
    "Manifest",
    "PartFile",
    "Snapshot",
    "StoreProfile",
    "Tail",
    "VectorSpace",
    "current_manifest",
    "open_snapshot",
    "publish",
    "read_profile",
    "remove_profile",
    "verify",
    "write_profile",
]
