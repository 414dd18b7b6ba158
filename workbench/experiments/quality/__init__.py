"""How good the answers are: labelled sets in scratch stores, searched in several ways, judged and compared.

report = measure_quality(QualityOptions(sets=["samples"], embedders=["static"], work=...))
"""

from workbench.experiments.quality.keeping import to_run
from workbench.experiments.quality.measuring import QualityOptions, measure_quality

__all__ = ["QualityOptions", "measure_quality", "to_run"]
