# Two commands matter to a newcomer: `make demo` and `make test`. Both do their own set-up.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
# What tests evaluate IAM policies with.
SIMULATOR := tools/iam/node_modules/.package-lock.json
# Without their bytecode, all the processes that tests and builds start would compile their libraries again.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test kill-test load-test check format lock benchmark benchmark-build clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-10s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

setup: $(STAMP) $(SIMULATOR) ## Create the virtual environment (once, and again when the lock file changes)

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or newer is needed; this is " + sys.version.split()[0] + ". Try: make PYTHON=python3.12 $(MAKECMDGOALS)")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@awk '/^[^ ]/ { is_uv = /^uv==/ } is_uv' requirements.lock > $(VENV)/uv.txt
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --only-binary :all: --no-deps -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes --only-binary :all: -r requirements.lock
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --offline --no-deps --no-build-isolation --editable .
	@$(BIN)/cfn-lint --list-rules > /dev/null  # Compiles it: builds run it where it may write nothing.
	@touch $@

$(SIMULATOR): tools/iam/package-lock.json | $(STAMP)
	@$(BIN)/npm ci --silent --ignore-scripts --prefix tools/iam
	@touch $@

demo: $(STAMP) ## Promote a merge through four accounts on the embedded cloud (YES=1 answers the approval)
	@$(BIN)/orchestrator demo $(if $(YES),--yes)

# A file's tests share what is expensive to set up, so one worker runs them all; `tests/scheduling.py` says in which order.
# Four workers for two cores: a good part of the time something else is waited for.
test: setup ## Run all tests; those whose tool chain is missing are skipped by name
	@$(BIN)/pytest -n 4 --dist loadfile --no-loadscope-reorder $(TEST_OPTIONS)

kill-test: setup ## Kill Lambdas in the middle of steps, fifty times in a row
	@$(BIN)/pytest tests/end_to_end/test_kills.py -s --kill-points 50

load-test: setup ## Merge 100 units at once, and one unit 20 times in a row
	@$(BIN)/pytest tests/end_to_end/test_load.py -s --load-units 100 --load-merges 20

check: setup ## Lint, types and import contracts: what CI runs besides the tests
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy --num-workers 2
	@$(BIN)/lint-imports --no-cache

format: setup ## Format the code
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

lock: ## Resolve the dependencies anew into requirements.lock
	@$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --all-extras --group dev --group build --generate-hashes \
		--no-header --upgrade --output-file requirements.lock pyproject.toml

benchmark: setup ## Measure the figures that docs/figures.md quotes
	@$(BIN)/python -m benchmarks

benchmark-build: setup ## Measure builds against `sam build`, which is installed into a scratch folder
	@$(BIN)/python -m benchmarks.build

clean: ## Remove what the other targets made
	@rm -rf $(VENV) tools/iam/node_modules .orchestrator .mypy_cache .ruff_cache .pytest_cache .hypothesis
