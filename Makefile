# Decklog: `make run` sets everything up and starts it, `make test` sets everything up and tests it.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
ARGS   ?=
# Test processes, each with servers of its own. Files go out in their order: the long ones come first, the short last.
PROCS  ?= 2

.DEFAULT_GOAL := help
.PHONY: help run test check format bench faults fuzz load lock clean

help: ## List what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Decklog needs Python 3.11 or newer; try: make PYTHON=python3.11 …"; exit 1; }
	@echo "setting up $(VENV) (once)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

run: $(READY) ## Start everything: servers, APIs, workers, the studio (ARGS="--read-port 9002 …")
	@exec $(BIN)/decklog up $(ARGS)

test: $(READY) ## Run all tests, on real servers (PROCS=1 ARGS="-x tests/unit")
	@$(BIN)/python -m pytest --numprocesses $(PROCS) --dist loadfile --no-loadscope-reorder $(ARGS)

check: $(READY) ## Lint, format, types, import rules, dependencies
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/python -m pip check
	@$(BIN)/python -m pytest -q -p no:cacheprovider tests/unit/deploy/test_supply.py

format: $(READY) ## Format the code
	@$(BIN)/ruff check --fix --quiet .
	@$(BIN)/ruff format .

bench: $(READY) ## Measure against the yardsticks (ARGS="append http")
	@$(BIN)/python -m tests.bench $(ARGS)

faults: $(READY) ## Break everything under a log for minutes, and check it (ARGS="--minutes 10")
	@$(BIN)/python -m tests.faults $(ARGS)

fuzz: $(READY) ## Ask both APIs for whatever their documents allow (EXAMPLES=200)
	@DECKLOG_FUZZ_EXAMPLES=$(or $(EXAMPLES),100) $(BIN)/python -m pytest -q --timeout 3600 \
		tests/integration/operations/test_contract_fuzz.py $(ARGS)

load: $(READY) ## Have people work on a service of its own (ARGS="--users 200 --seconds 30")
	@$(BIN)/python -m tests.load $(ARGS)

lock: ## Resolve the lock anew (needs uv)
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --all-extras \
		--only-binary :all: --upgrade pyproject.toml -o requirements.lock

clean: ## Remove the environment and caches, not the data
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis *.egg-info
