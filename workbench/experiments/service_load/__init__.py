"""The service under what goes wrong: overload, publications, a Redis that dies, kill -9; and how soon it is there."""

from workbench.experiments.service_load.measurement import ServicePlan, measure_service
from workbench.experiments.service_load.report import lines
from workbench.experiments.service_load.targets import SERVICE_TARGETS

__all__ = ["SERVICE_TARGETS", "ServicePlan", "lines", "measure_service"]
