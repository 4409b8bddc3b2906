# Two commands: `make run` and `make test`. Everything else is for people who stay.
SHELL := /bin/bash
# The system's Python, if it will do: distributions optimise theirs by profile, which is a tenth of the time of Python
# code; one that pyenv compiled is not.
PYTHON ?= $(shell /usr/bin/python3 -c 'import ensurepip, sys; assert (3, 11) <= sys.version_info < (3, 14)' \
	2>/dev/null && echo /usr/bin/python3 || echo python3)
MISSING ?= skip
VENV := .venv
BIN := $(VENV)/bin
export UV_COMPILE_BYTECODE := 1
export UV_PROJECT_ENVIRONMENT := $(VENV)
export UV_PYTHON_DOWNLOADS := never
export DBT_SEND_ANONYMOUS_USAGE_STATS := false
unexport PYTHONDONTWRITEBYTECODE

.DEFAULT_GOAL := help
.PHONY: help setup run dev coverage test test-local test-cluster corpus faults questions lab lint lint-types lint-sql lint-style format bench cluster-up cluster-run cluster-down cluster-status clean

help: ## List the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | column -t -s "$$(printf '\t')"

setup: $(VENV)/.ready ## Install everything the project needs into .venv

$(VENV)/.ready: pyproject.toml uv.lock
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@test -x $(BIN)/uv || $(BIN)/python -m pip install --quiet --disable-pip-version-check uv
	$(BIN)/uv sync --locked --inexact --quiet
	@touch $@

run: setup ## Sample data through the whole lakehouse, and ten questions answered
	@$(BIN)/asklake demo

dev: setup ## Dagit, daemon, sensors, API and chat page on this machine
	@$(BIN)/asklake dev

# Side by side, the longest first.
lint: setup ## Style, types, SQL, architecture
	@$(MAKE) --no-print-directory -j 2 lint-types lint-sql lint-style

lint-types:
	$(BIN)/pyright

lint-sql:
	$(BIN)/sqlfluff lint --disable-progress-bar dbt_project

lint-style:
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/shellcheck -x docker/native/cluster.sh docker/native/kustomize.sh docker/native/*/*.sh docker/*.sh docker/*/*.sh .ci/run

format: setup ## Put the style right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/sqlfluff fix --disable-progress-bar dbt_project

# The units of planning run beside the linters, not among the other tests: together they fill both cores. Planning runs
# and keeps nothing, so its units alone can tell how much of it is tested; that it is less than before is a failure.
PLANNING_UNITS := tests/nlq/core tests/nlq/english tests/nlq/planning
coverage: setup ## The units of planning, which must run 95 % of its lines
	$(BIN)/python -m slipcover --source nlq/core,nlq/english,nlq/planning --skip-covered --fail-under 95 \
		-m pytest -q $(PLANNING_UNITS)

# Tests that share what takes minutes to make are done by one of two processes. The tests of the cluster share one set of
# servers, for which they often wait, so a third process does them beside the others; what it says is shown when it ends.
# Plan 8 GB of memory for all of them; `make coverage test-local test-cluster` has them one after the other.
# MISSING=fail makes a test fail that this machine lacks something for, such as a browser or the servers of the cluster;
# without it, the test is skipped with the reason. Servers that are being installed are waited for
# before the time of a test begins.
test: setup ## Lint and every test
	@$(MAKE) --no-print-directory -j 2 lint-types coverage lint-sql lint-style
	@$(MAKE) --no-print-directory -j 2 test-local test-cluster

test-local: setup
	$(BIN)/python -m pytest -n 2 -m "not cluster" --missing $(MISSING) $(addprefix --ignore=,$(PLANNING_UNITS))

test-cluster: setup
	@docker/native/cluster.sh installed >/dev/null 2>&1 || true
	@log=$$(mktemp); $(BIN)/python -m pytest -m cluster --missing $(MISSING) >"$$log" 2>&1; code=$$?; \
	cat "$$log"; rm "$$log"; exit $$code

corpus: setup ## Public collections of files, in CORPUS=folder, through the load path (python -m tests.corpus --help)
	$(BIN)/python -m tests.corpus $(CORPUS)

faults: setup ## Kills of processes and servers at random points, a full disk, S3 errors, many writers at once
	$(BIN)/python -m pytest -s tests/faults --kills 32

questions: setup ## The question sets: right, asked back, refused, silently wrong, by kind
	$(BIN)/python -m tests.questions

lab: setup ## Foreign questions over foreign databases, in FOLDER=folder (tests/questions/lab/README.md says how to bring them)
	@test -n "$(FOLDER)" || { echo "make lab FOLDER=...: where tests.questions.lab.bring put the databases" >&2; exit 2; }
	$(BIN)/python -m tests.questions.lab $(FOLDER)

bench: setup ## Each benchmark beside its peer or its limit; writes bench/results.json
	$(BIN)/python -m bench

cluster-up: ## Install and start the servers of the cluster profile
	@docker/native/cluster.sh up

cluster-run: setup ## The sample data and questions of `make run`, on the servers of the cluster profile
	@eval "$$(docker/native/cluster.sh env)" && $(BIN)/asklake demo

cluster-down: ## Stop them; their data stays
	@docker/native/cluster.sh down

cluster-status: ## What of them runs, where, how large
	@docker/native/cluster.sh status

clean: ## Remove the data and the environment
	@if [ -d .asklake/cluster ]; then docker/native/cluster.sh wipe; fi
	rm -rf .asklake $(VENV) dbt_project/target
