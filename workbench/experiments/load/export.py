"""Latencies of a load in the files that HdrHistogram's tools read."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
from hdrh.log import HistogramLogWriter

from workbench.errors import StoreError, UsageError
from workbench.experiments.load.histogram import histogram_of
from workbench.experiments.load.job import LoadSamples

_MICROSECONDS = 1_000.0  # in a millisecond, which is what the files are read in


def export(samples: LoadSamples, path: Path) -> None:
    """Write latencies, from when requests were due: percentiles (`.hgrm`), or a histogram for each second (`.hlog`).

    Raises:
        UsageError: Another kind of file.
        StoreError: It cannot be written.
    """
    forms = {".hgrm": _percentiles, ".hlog": _log}
    if path.suffix not in forms:
        raise UsageError(f"{path.name} cannot be written", "", f"give a name that ends in {' or '.join(forms)}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(forms[path.suffix](samples))
    except OSError as error:
        raise StoreError(f"{path} cannot be written", str(error), "give another file") from error


def _percentiles(samples: LoadSamples) -> bytes:
    out = io.BytesIO()
    histogram_of(samples.done - samples.scheduled).output_percentile_distribution(out, _MICROSECONDS)
    return out.getvalue()


def _log(samples: LoadSamples) -> bytes:
    out = io.StringIO()
    writer = HistogramLogWriter(out)
    writer.output_log_format_version()
    writer.output_legend()
    latency, second = samples.done - samples.scheduled, np.floor(samples.done)
    for begin in np.unique(second).tolist():
        histogram = histogram_of(latency[second == begin])
        histogram.set_start_time_stamp(begin * 1_000.0)
        histogram.set_end_time_stamp((begin + 1.0) * 1_000.0)
        writer.output_interval_histogram(histogram, max_value_unit_ratio=_MICROSECONDS)
    return out.getvalue().encode()
