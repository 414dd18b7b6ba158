"""Search tuned on one's own messages: parameters tried, compared with what is in use, and applied.

result = tune(memory.engine, TuningPlan(space=default_space(memory.snapshot)))
run = to_run(result)
apply_run(memory.store, run)
"""

from workbench.experiments.tuning.applying import apply_run, reset
from workbench.experiments.tuning.parameters import default_space
from workbench.experiments.tuning.plan import Objective, TuningPlan
from workbench.experiments.tuning.result import Effort, Finalist, JudgedSet, Trial, TuningResult, to_run
from workbench.experiments.tuning.search import tune

__all__ = [
    "Effort",
    "Finalist",
    "JudgedSet",
    "Objective",
    "Trial",
    "TuningPlan",
    "TuningResult",
    "apply_run",
    "default_space",
    "reset",
    "to_run",
    "tune",
]
