"""Reading exports in batches: cut here, parsed and turned into rows wherever the executor runs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial

from workbench import sources
from workbench.errors import SourceError
from workbench.ingest.masking import FoundSecrets, apply_policy
from workbench.ingest.report import FileReport
from workbench.model import ImportIssue
from workbench.record import Rows, to_rows
from workbench.sources import ExportFile, Record

# A batch is the unit of transport, of work and of commit: large enough that its overhead vanishes, small enough that
# a worker holds little and a killed import repeats little.
BATCH_BYTES = 4 * 1024 * 1024
PARSE_BYTES_PER_SECOND = 10e6  # of one core, rows included; decides only whether Ray is worth starting


@dataclass(frozen=True, slots=True)
class RawBatch:
    """Records of one file, by its number in the list of files."""

    file: int
    source: str
    records: tuple[Record, ...]
    parser_revision: int

    @property
    def bytes(self) -> int:
        """Size of the records."""
        return sum(len(record.data) for record in self.records)


@dataclass(frozen=True, slots=True)
class ParsedBatch:
    """What became of a RawBatch."""

    file: int
    bytes: int
    rows: Rows
    issues: tuple[ImportIssue, ...]
    secrets: tuple[FoundSecrets, ...] = ()


def raw_batches(files: Sequence[ExportFile], reports: Sequence[FileReport], parser_revision: int) -> Iterator[RawBatch]:
    """The records of all files, in batches of about BATCH_BYTES; what cannot be cut is noted in the file's report."""
    for number, file in enumerate(files):
        gathered: list[Record] = []
        size = 0
        for record in _records(file, reports[number]):
            gathered.append(record)
            size += len(record.data)
            if size >= BATCH_BYTES:
                yield RawBatch(number, file.source, tuple(gathered), parser_revision)
                gathered, size = [], 0
        if gathered:
            yield RawBatch(number, file.source, tuple(gathered), parser_revision)


def _records(file: ExportFile, report: FileReport) -> Iterator[Record]:
    try:
        for found in sources.split(file):
            if isinstance(found, ImportIssue):
                report.issues.append(found)
            else:
                yield found
    except SourceError as error:  # damaged further in: what came before it is kept
        report.error = str(error)


def make_parser(secrets: str) -> Callable[[RawBatch], ParsedBatch]:
    """A worker that parses batches; `secrets` is the policy on them."""
    return partial(parse_batch, secrets=secrets)


def parse_batch(batch: RawBatch, secrets: str) -> ParsedBatch:
    """Parse the records of a batch and turn them into rows."""
    parsed = [sources.parse(batch.source, record) for record in batch.records]
    conversations = [conversation for one in parsed for conversation in one.conversations]
    issues = tuple(issue for one in parsed for issue in one.issues)
    stored, found = apply_policy(conversations, secrets)
    rows = to_rows(stored, parser_revision=batch.parser_revision)
    return ParsedBatch(batch.file, batch.bytes, rows, issues, tuple(found))
