# Everything runs in .venv, which the first target that needs it makes. PYTHON chooses the interpreter (3.11 to 3.13).
PYTHON ?= python3
BIN := .venv/bin
STAMP := .venv/.installed
# Half of the tests wait for processes of their own: two at a time are worth it even on two cores.
WORKERS ?= 2
PARALLEL = --numprocesses $(WORKERS) --dist worksteal

.DEFAULT_GOAL := help
.PHONY: help setup demo test test-fast bench lint lab clean

help:  ## Show this
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

setup: $(STAMP)  ## Install everything into .venv

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; v = sys.version_info; sys.exit(0 if (3, 11) <= v < (3, 14) else f"Python 3.11 to 3.13 is needed, this is {v[0]}.{v[1]}: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev,redis,serve,tracing]'
	@touch $@

demo: $(STAMP)  ## Import the samples, search them, run a notebook
	$(BIN)/workbench ingest data/samples
	$(BIN)/workbench search "sourdough does not rise" -k 6
	$(BIN)/python -m workbench.notebooks notebooks/02_explore.ipynb --output data/runs

test: $(STAMP) lint  ## Run every check and test (under 15 minutes on two cores)
	$(BIN)/python -m pytest -m "not ray" $(PARALLEL)
	$(BIN)/python -m pytest -m ray

test-fast: $(STAMP)  ## Run the quick tests only (under 3 minutes)
	$(BIN)/python -m pytest -m "not slow and not ray" $(PARALLEL)

bench: $(STAMP)  ## Time the hot functions beside plain references
	OMP_NUM_THREADS=1 $(BIN)/python -m pytest -o python_files='bench_*.py' tests/benchmarks --benchmark-columns=median,iqr,rounds

lint: $(STAMP)  ## Style, types, architecture
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

lab: $(STAMP)  ## Open JupyterLab on the notebooks
	$(BIN)/workbench lab

clean:  ## Remove what was installed and made here; your exports and your store stay
	rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .import_linter_cache data/runs
