# Everything stands on two files: .venv/.locked (the locked packages) and .venv/.project (the project itself,
# installed in place). Each is redone only when what it rests on has changed.
SHELL := /bin/sh
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
JOBS ?= 3
PIP_QUIET := --quiet --disable-pip-version-check

.DEFAULT_GOAL := help
.PHONY: help install demo test guide lint format bench bench-large ruptures soak drill shell lock clean

help: ## list what one can do
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-12s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

install: $(VENV)/.project ## create .venv with the locked packages and .venv/bin/coordination

demo: install ## load the demo territory and serve it on http://127.0.0.1:8000 (PORT= to change)
	@$(BIN)/coordination demo --port $(PORT)

# The processes of a run, and the commands that they start, read what one of them compiled, wherever that is not done.
test: install ## the whole suite, on an embedded PostgreSQL of its own (JOBS=3 processes)
	@PYTHONDONTWRITEBYTECODE= $(BIN)/python -m pytest -n $(JOBS) --dist worksteal

guide: install ## take the pictures of the user guide (docs/guide/images, never committed) with the browser tests
	@COORDINATION_SCREENSHOTS=$(CURDIR)/docs/guide/images COORDINATION_REQUIRE_BROWSER=1 \
		$(BIN)/python -m pytest -p no:randomly tests/browser/test_every_page.py

lint: install ## style, formatting, types, and the arrows between packages
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: install ## put imports and layout right
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: install ## speed of pages and of the scan, as ratios (minutes)
	@$(BIN)/python -m bench

bench-large: install ## the same ratios at a million journeys (long)
	@$(BIN)/python -m bench.large

ruptures: install ## what the rules find of known breaks, on five invented territories (the table of docs/ruptures.md)
	@$(BIN)/python -m bench.breaks

soak: install ## kills, races and long runs, with what each of them met (JOBS=3 processes)
	@$(BIN)/python -m pytest -m soak -p no:randomly -n $(JOBS) --dist worksteal -rP

drill: install ## back up this installation, restore it on a server set aside, verify, print the times
	@folder=$$(mktemp -d) && trap 'rm -rf "$$folder"' EXIT && \
	$(BIN)/coordination backup "$$folder/backup" && echo && \
	$(BIN)/coordination restore --drill "$$folder/backup"

shell: install ## a Python prompt inside the application
	@$(BIN)/flask --app wsgi shell

lock: $(VENV)/bin/python ## resolve requirements.lock again, keeping its versions (UPGRADE=1 for the newest)
	@$(BIN)/python -m pip install $(PIP_QUIET) uv
	$(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header \
		$(if $(UPGRADE),--upgrade) pyproject.toml --group dev --group build --output-file requirements.lock

clean: ## remove .venv and caches (never instance/, where the data is)
	rm -rf $(VENV) build *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# python3 where it is recent enough, else the newest of its younger siblings.
$(VENV)/bin/python:
	@for python in $(PYTHON) python3 python3.14 python3.13 python3.12 python3.11; do \
		if $$python -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then \
			echo "Creating $(VENV) with $$($$python --version)"; \
			rm -rf $(VENV); \
			$$python -m venv $(VENV) && exit 0; \
			echo "$$python cannot create a virtual environment: is its venv module installed?" >&2; \
			rm -rf $(VENV); exit 1; \
		fi; \
	done; \
	echo "Python 3.11 or newer is needed and none was found (PYTHON=/path/to/python3 names one)." >&2; \
	exit 1

# An environment made again (its interpreter went away) is filled again, whatever its stamp says.
ifneq ($(shell test -x $(BIN)/python && echo there),there)
.PHONY: $(VENV)/.locked
endif

$(VENV)/.locked: requirements.lock | $(VENV)/bin/python
	@echo "Installing the locked packages"
	@$(BIN)/python -m pip install $(PIP_QUIET) --require-hashes --only-binary :all: -r requirements.lock
	@touch $@

$(VENV)/.project: $(VENV)/.locked pyproject.toml
	@$(BIN)/python -m pip install $(PIP_QUIET) --no-deps --no-build-isolation --editable .
	@touch $@
