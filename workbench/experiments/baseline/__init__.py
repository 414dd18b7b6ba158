"""Baselines, paired comparisons and trends: whether the code has become slower, and since when.

with open_snapshot(store) as snapshot:
    found = measure(Plan(), material_of(store, snapshot, seed=7), [Side("before", OLD), Side("after")])
for change in compare_sides(found).changes:
    print(change.workload, change.ratio, change.verdict)
"""

from workbench.experiments.baseline.baseline import (
    baseline_run,
    material_for,
    measure_baseline,
    plan_of,
    samples_of,
    with_reference,
)
from workbench.experiments.baseline.change_points import ChangePoint, change_points
from workbench.experiments.baseline.comparison import (
    REGRESSIONS,
    THRESHOLD,
    Change,
    Comparison,
    compare_baselines,
    compare_sides,
    comparison_run,
)
from workbench.experiments.baseline.intervals import FASTER, SAME, SLOWER, UNSURE, Ratio, apart, paired
from workbench.experiments.baseline.lines import baseline_lines, comparison_lines, self_test_lines, trend_lines
from workbench.experiments.baseline.material import Material, material_of
from workbench.experiments.baseline.measuring import measure
from workbench.experiments.baseline.plan import CLOCKS, WORKLOADS, Block, Measurement, Plan, Samples, Side
from workbench.experiments.baseline.self_test import SelfTest, run_self_test, self_test_run
from workbench.experiments.baseline.trend import BETTER, WORSE, Point, Series, as_plain, trends
from workbench.experiments.baseline.workers import check_code

__all__ = [
    "BETTER",
    "CLOCKS",
    "FASTER",
    "REGRESSIONS",
    "SAME",
    "SLOWER",
    "THRESHOLD",
    "UNSURE",
    "WORKLOADS",
    "WORSE",
    "Block",
    "Change",
    "ChangePoint",
    "Comparison",
    "Material",
    "Measurement",
    "Plan",
    "Point",
    "Ratio",
    "Samples",
    "SelfTest",
    "Series",
    "Side",
    "apart",
    "as_plain",
    "baseline_lines",
    "baseline_run",
    "change_points",
    "check_code",
    "compare_baselines",
    "compare_sides",
    "comparison_lines",
    "comparison_run",
    "material_for",
    "material_of",
    "measure",
    "measure_baseline",
    "paired",
    "plan_of",
    "run_self_test",
    "samples_of",
    "self_test_lines",
    "self_test_run",
    "trend_lines",
    "trends",
    "with_reference",
]
