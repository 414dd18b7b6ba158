"""Running notebooks with parameters, and keeping the ones in the repository clean. The only importer of papermill.

python -m workbench.notebooks notebooks/02_explore.ipynb --output data/runs -p store ../data/store
python -m workbench.notebooks --refresh notebooks/*.ipynb
"""

from workbench.notebooks.cleaning import NO_OUTPUT_TAG, cleaned, faults, refresh
from workbench.notebooks.pages import page
from workbench.notebooks.running import NotebookRun, known_parameters, run_notebook

__all__ = [
    "NO_OUTPUT_TAG",
    "NotebookRun",
    "cleaned",
    "faults",
    "known_parameters",
    "page",
    "refresh",
    "run_notebook",
]
