"""The service and the import under stress: six scenarios, each bounded in time and size, each with criteria.

report = run_stress(StressPlan(Path("data/store"), scenarios=("leak", "churn")), print)
RunHistory(Path("data/runs")).save(to_run(report))
"""

from workbench.experiments.stress.plan import SCENARIOS, Say, ScenarioResult, StressPlan
from workbench.experiments.stress.report import lines
from workbench.experiments.stress.stress import KIND, StressReport, run_stress, to_run

__all__ = ["KIND", "SCENARIOS", "Say", "ScenarioResult", "StressPlan", "StressReport", "lines", "run_stress", "to_run"]
