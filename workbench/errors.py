"""Every error that Workbench raises on purpose.

    WorkbenchError
    ├── UsageError                 the call itself is wrong
    │   └── QueryError             a search that cannot be understood
    ├── SourceError                an export that cannot be read
    │   ├── UnknownFormatError     no known export format has this structure
    │   ├── ArchiveError           a damaged, encrypted or unsafe archive
    │   └── EmptyExportError       readable, but without a single conversation
    ├── StoreError                 the record or its snapshots
    │   ├── StoreMissingError      nothing has been published there yet
    │   ├── StoreLockedError       another process is writing
    │   ├── StoreVersionError      written by a newer Workbench
    │   └── SnapshotError          a generation is damaged or incomplete
    ├── NotFoundError              no such conversation or message
    ├── EmbeddingError             a model cannot be loaded or does not fit
    ├── ParallelError              Ray cannot be started, reached or used
    ├── ServiceError               the service cannot go on
    │   └── OverloadedError        more is asked than can be answered in time
    ├── NotebookError              a notebook failed while it was being run
    └── PipelineError              a pipeline did not come to its end
        └── PipelineBusyError      another run holds what it needs

A message states the fact, then why, then what to do next. Errors cross process boundaries (Ray pickles them), so a
subclass adds no constructor arguments of its own.
"""

from __future__ import annotations


class WorkbenchError(Exception):
    """Base of all errors a caller may want to catch.

    `what` is the fact, `why` the reason (may be empty), `todo` the next step for the person reading (may be empty).
    """

    exit_code = 1

    def __init__(self, what: str, why: str = "", todo: str = "") -> None:
        super().__init__(what, why, todo)
        self.what = what
        self.why = why
        self.todo = todo

    def __str__(self) -> str:
        parts = [part for part in (self.what, self.why, self.todo) if part]
        return " ".join([_ended(parts[0]), *(_ended(_begun(part)) for part in parts[1:])]) if parts else ""


def _begun(text: str) -> str:
    """`text` with a capital, unless it begins with a name or a command."""
    return text[0].upper() + text[1:] if text.split(" ", 1)[0].rstrip(",:").isalpha() else text


def _ended(text: str) -> str:
    return text if text[-1:] in ".!?:^" else text + "."


class UsageError(WorkbenchError):
    """The call cannot mean anything: an unknown name, a value out of range."""

    exit_code = 2


class QueryError(UsageError):
    """A search that cannot be understood."""


class SourceError(WorkbenchError):
    """An export that cannot be read."""


class UnknownFormatError(SourceError):
    """No known export format has this structure."""


class ArchiveError(SourceError):
    """A damaged, encrypted or unsafe archive."""


class EmptyExportError(SourceError):
    """A readable export that holds not a single conversation."""


class StoreError(WorkbenchError):
    """Something is wrong with the record or its snapshots."""


class StoreMissingError(StoreError):
    """Nothing has been published at that place yet."""


class StoreLockedError(StoreError):
    """Another process is writing to the store."""


class StoreVersionError(StoreError):
    """The store was written by a newer Workbench."""


class SnapshotError(StoreError):
    """A published generation is damaged or incomplete."""


class NotFoundError(WorkbenchError):
    """No conversation or message has that id."""


class EmbeddingError(WorkbenchError):
    """A model cannot be loaded, or its vectors do not fit the store."""


class ParallelError(WorkbenchError):
    """Ray cannot be started, reached or used."""


class ServiceError(WorkbenchError):
    """The service cannot go on."""


class OverloadedError(ServiceError):
    """More is asked than can be answered in time. After `retry_after` seconds it may be tried again."""

    retry_after: int = 1


class NotebookError(WorkbenchError):
    """A notebook failed while it was being run."""


class PipelineError(WorkbenchError):
    """A pipeline did not come to its end."""


class PipelineBusyError(PipelineError):
    """Another run holds what this one needs. The exit status says: try again later (EX_TEMPFAIL of sysexits.h)."""

    exit_code = 75
