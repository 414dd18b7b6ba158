"""Pictures of a store, as Plotly figures that look alike.

Each function takes a `Workbench`, or the frame of messages (or artifacts) that one gave and somebody cut down:

    from workbench.display import plots

    plots.messages_over_time(memory)
    plots.messages_over_time(memory.messages(role="user"))

What has no time is left out of a picture of time, and the picture says how much that is. Times are UTC.
"""

from workbench.display.plots.contents import artifacts_and_languages, conversation_lengths
from workbench.display.plots.hits import hits_in_time
from workbench.display.plots.quality import gains_over_bm25, quality_by_category, recall_curves
from workbench.display.plots.times import hours_of_the_week, messages_over_time

__all__ = [
    "artifacts_and_languages",
    "conversation_lengths",
    "gains_over_bm25",
    "hits_in_time",
    "hours_of_the_week",
    "messages_over_time",
    "quality_by_category",
    "recall_curves",
]
