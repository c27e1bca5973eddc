# One command per job; `make help` lists them. Everything lands in .venv, from the hash-locked lists in requirements/.
# A stamp in .venv says what is installed there, so a second call goes straight to its job.

SHELL := /bin/sh
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

# The first Python on the PATH that is new enough; `make PYTHON=/opt/python3.12/bin/python3 …` names another.
PYTHON ?= $(shell for p in python3 python3.11 python3.12 python3.13 python3.14; do \
	$$p -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$p; break; }; done)

VENV := .venv
PY := $(VENV)/bin/python
PIP := $(PY) -m pip --disable-pip-version-check --no-input --quiet
# The lists are complete, so nothing is resolved: what an older pip makes of extras and newer releases does not matter.
FROM_LOCK := --require-hashes --no-deps --only-binary :all:

SAMPLES := $(notdir $(basename $(filter-out %.scripted.json,$(wildcard graphs/*.json))))
CODE := engine server tests docs
PAGES := editor_static/vendor
# In a terminal Ctrl-C is the server's alone, so that it ends in order and make reports no error; elsewhere the server
# takes the shell's place, so that a signal to make reaches it.
SERVER_ALONE := if [ -t 0 ]; then set -m; else exec $(VENV)/bin/weft serve; fi;
# Every branch of these floors is walked by a test.
WHOLE := engine/model/*,engine/compile/*,engine/scheduler/*,engine/journal/*

##@ Use it

.PHONY: run
run: $(VENV)/runtime.stamp ## set everything up, serve the sample graphs and open the link that logs in
	@printf 'In a terminal: . %s, then weft --help\n' $(VENV)/bin/activate; $(SERVER_ALONE) $(VENV)/bin/weft serve --open

.PHONY: setup
setup: $(VENV)/dev.stamp ## set everything up for work on weft

##@ Prove it

.PHONY: test
test: check pytest ## set everything up, then linters, type checkers and all tests (what CI runs)

.PHONY: check
check: $(VENV)/dev.stamp js ## linters, import contracts and type checkers only
	$(PY) -m ruff check $(CODE)
	$(PY) -m ruff format --check $(CODE)
	$(VENV)/bin/lint-imports --no-cache
	$(PY) -m mypy
	$(PY) -m basedpyright

# Whoever runs weft or installs it needs no Node.js; where it is missing, that is said and the rest goes on.
.PHONY: js
js: ## types of the pages' JavaScript, and whether the vendored files are what their lock file gives
	@if ! node -e 'process.exit(parseInt(process.versions.node) < 20 ? 1 : 0)' 2>/dev/null || ! command -v npm >/dev/null; then \
		echo "SKIPPED: Node.js 20 with npm is not installed; the pages' types and vendored files are not checked."; \
	elif ! $(MAKE) --silent $(PAGES)/node_modules/.stamp; then \
		echo "SKIPPED: npm cannot fetch what $(PAGES)/package-lock.json names; the pages' types and vendored files are not checked."; \
	else \
		cd $(PAGES) && npm run --silent check; \
	fi

.PHONY: vendor
vendor: $(PAGES)/node_modules/.stamp ## build the vendored files of the pages from their lock file
	cd $(PAGES) && npm run --silent build

.PHONY: pytest
pytest: $(VENV)/dev.stamp ## tests with branch coverage only (TESTS=tests/model for a part, without the gate)
ifdef TESTS
	$(PY) -m pytest $(TESTS)
else
	$(PY) -m pytest --cov --cov-report= --numprocesses=auto
	$(PY) -m coverage report --include='$(WHOLE)' --fail-under=100
endif

.PHONY: bench
bench: $(VENV)/dev.stamp ## measure the engine's own cost per node, the server's and the editor's (no part of the tests)
	$(PY) -m tests.bench.host
	$(PY) -m tests.bench.lint
	$(PY) -m tests.bench.server $(SERVER)
	$(PY) -m tests.bench.editor

.PHONY: soak
soak: $(VENV)/dev.stamp ## the long trials of the server: crowds, kills, quarrels, whatever its description allows
	$(PY) -m tests.soak.server $(SERVER)

##@ Keep it

.PHONY: format
format: $(VENV)/dev.stamp ## put the source into the one form
	$(PY) -m ruff check --fix $(CODE)
	$(PY) -m ruff format $(CODE)

.PHONY: docs
docs: $(VENV)/dev.stamp ## write docs/reference.md and the editor's types and tables from the code
	$(PY) -m docs.build
	$(PY) -m docs.declarations

.PHONY: pictures
pictures: $(VENV)/runtime.stamp ## draw the samples' pictures of the README into docs/pictures/
	@for graph in $(SAMPLES); do for theme in light dark; do \
		case $$theme in dark) name=$$graph.dark ;; *) name=$$graph ;; esac; \
		$(VENV)/bin/weft export $$graph --to svg --theme $$theme -o docs/pictures/$$name.svg; \
	done; done

.PHONY: wheel
wheel: $(VENV)/dev.stamp ## build the wheel into dist/
	$(PIP) wheel --no-deps --no-build-isolation --wheel-dir dist .

.PHONY: lock
lock: $(VENV)/lock.stamp ## write requirements/*.txt from pyproject.toml (UPGRADE=1 for newer releases)
	$(LOCK) pyproject.toml --group build --output-file requirements/runtime.txt
	$(LOCK) pyproject.toml --group build --group dev --constraint requirements/runtime.txt --output-file requirements/dev.txt
	$(LOCK) --group lock --output-file requirements/lock.txt

# Every file of every release is listed with its hash, so the same lists serve Linux and macOS, x86_64 and arm64.
LOCK = $(VENV)/bin/uv --quiet pip compile --universal --python-version 3.11 --generate-hashes \
	--custom-compile-command 'make lock' $(if $(UPGRADE),--upgrade)

.PHONY: clean
clean: ## take away what was built: .venv, caches, coverage (never runs or their files)
	rm -rf $(VENV) $(PAGES)/node_modules .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache htmlcov build dist
	rm -f .coverage .coverage.*
	find engine server tests docs -name __pycache__ -type d -prune -exec rm -rf {} +

.PHONY: help
help: ## this list
	@awk 'BEGIN { FS = ":.*## " } \
		/^##@/ { printf "\n%s\n", substr($$0, 5) } \
		/^[a-z-]+:.*## / { printf "  make %-8s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# --- setting up ---

$(PY):
	@test -n "$(PYTHON)" || { echo "weft needs Python 3.11 or newer on the PATH; name it: make PYTHON=/path/to/python3" >&2; exit 2; }
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); \
		echo "This Python cannot make a virtual environment; on Debian: apt-get install python3-venv" >&2; exit 2; }

# The project itself is installed in place, so that what is edited is what runs.
$(VENV)/runtime.stamp: requirements/runtime.txt pyproject.toml | $(PY)
	@echo "Setting up: downloading what requirements/runtime.txt names (about a minute, once)"
	$(PIP) install $(FROM_LOCK) --requirement requirements/runtime.txt
	$(PIP) install --no-deps --no-build-isolation --editable .
	@touch $@

$(VENV)/dev.stamp: requirements/dev.txt $(VENV)/runtime.stamp
	$(PIP) install $(FROM_LOCK) --requirement requirements/dev.txt
	@touch $@

# No package runs a script of its own while it is installed.
$(PAGES)/node_modules/.stamp: $(PAGES)/package-lock.json $(PAGES)/package.json
	@cd $(PAGES) && npm ci --silent --ignore-scripts --no-audit --no-fund
	@touch $@

$(VENV)/lock.stamp: requirements/lock.txt $(VENV)/runtime.stamp
	$(PIP) install $(FROM_LOCK) --requirement requirements/lock.txt
	@touch $@
