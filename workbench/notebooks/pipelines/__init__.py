"""Pipelines: notebooks with parameters, one after the other, with a ledger. A run that was stopped goes on at its step.

    workbench run pipelines/nightly.yaml

docs/pipelines.md describes the file, the folders of the runs, and how to have it done every night.
"""

from workbench.notebooks.pipelines.definition import BUILT_IN, Condition, Keep, Pipeline, Step
from workbench.notebooks.pipelines.folders import find_run, pipelines_in, runs_of
from workbench.notebooks.pipelines.ledger import RunRecord, StepRecord, read_ledger
from workbench.notebooks.pipelines.planning import RunOptions, RunPlan, plan_run
from workbench.notebooks.pipelines.reading import read_pipeline
from workbench.notebooks.pipelines.retention import Swept, sweep
from workbench.notebooks.pipelines.running import run_pipeline

__all__ = [
    "BUILT_IN",
    "Condition",
    "Keep",
    "Pipeline",
    "RunOptions",
    "RunPlan",
    "RunRecord",
    "Step",
    "StepRecord",
    "Swept",
    "find_run",
    "pipelines_in",
    "plan_run",
    "read_ledger",
    "read_pipeline",
    "run_pipeline",
    "runs_of",
    "sweep",
]
