"""Pictures of a store, as Plotly figures that look alike.

Each function takes a `Workbench`, or the frame of messages (or artifacts) that one gave and somebody cut down:

    from workbench.display import plots

    plots.messages_over_time(memory)
    plots.messages_over_time(memory.messages(role="user"))

What has no time is left out of a picture of time, and the picture says how much that is. Times are UTC.
"""

from workbench.display.plots.contents import artifacts_and_languages, conversation_lengths
from workbench.display.plots.hits import hits_in_time
from workbench.display.plots.load import (
    load_ecdf,
    load_histogram,
    load_over_time,
    load_resources,
    load_stages,
    load_sweep,
)
from workbench.display.plots.peers import peers_compared
from workbench.display.plots.quality import gains_over_bm25, quality_by_category, recall_curves
from workbench.display.plots.statements import statement_costs
from workbench.display.plots.stress import (
    stress_anomalies,
    stress_churn,
    stress_clients,
    stress_files,
    stress_latency,
    stress_memory,
)
from workbench.display.plots.times import hours_of_the_week, messages_over_time
from workbench.display.plots.trends import block_noise, effect_sizes, trend
from workbench.display.plots.tuning import tuning_front, tuning_stages
from workbench.display.plots.tuning_parameters import tuning_curve, tuning_effects, tuning_surface
from workbench.display.plots.tuning_runs import tuning_progress, tuning_runs

__all__ = [
    "artifacts_and_languages",
    "block_noise",
    "conversation_lengths",
    "effect_sizes",
    "gains_over_bm25",
    "hits_in_time",
    "hours_of_the_week",
    "load_ecdf",
    "load_histogram",
    "load_over_time",
    "load_resources",
    "load_stages",
    "load_sweep",
    "messages_over_time",
    "peers_compared",
    "quality_by_category",
    "recall_curves",
    "statement_costs",
    "stress_anomalies",
    "stress_churn",
    "stress_clients",
    "stress_files",
    "stress_latency",
    "stress_memory",
    "trend",
    "tuning_curve",
    "tuning_effects",
    "tuning_front",
    "tuning_progress",
    "tuning_runs",
    "tuning_stages",
    "tuning_surface",
]
