# Everything from a fresh clone: `make demo` shows it, `make test` checks it. Needs Python 3.11 or newer, pip and make.

PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3.14 python3 python; do \
	"$$name" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo "$$name" && break; done)
BIN := .venv/bin
QUIET_PIP := PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_ROOT_USER_ACTION=ignore
INSTALLED := .venv/.installed
LOCK ?= requirements.lock
TRYTON := .venv-tryton/.installed
TRYTON_LOCK ?= requirements-tryton.lock

.DEFAULT_GOAL := help
.PHONY: help demo up test lint bench lock clean check-migrations check-docs test-tryton demo-tryton lock-tryton

help: ## What can be made
	@grep -hE '^[a-z-]+:.*##' Makefile | sed 's/:.*## /\t/' | expand -t 20

# The second way is for a Python without ensurepip (Debian without python3-venv): its own pip fills the environment from outside.
.venv/bin/python:
	@test -n "$(PYTHON)" || { echo "To install Handoff you must have Python 3.11 or newer; name it: make PYTHON=/path/to/python3" >&2; exit 1; }
	@$(PYTHON) -m venv .venv >/dev/null 2>&1 || { \
		$(PYTHON) -m venv --clear --without-pip .venv && \
		$(QUIET_PIP) $(PYTHON) -m pip --python .venv/bin/python install --quiet --quiet pip; }

$(INSTALLED): requirements.lock pyproject.toml requirements.in | .venv/bin/python
	@echo "Installing into .venv (once) ..."
	@$(QUIET_PIP) $(BIN)/python -m pip install --quiet --quiet --require-hashes -r requirements.lock
	@$(QUIET_PIP) $(BIN)/python -m pip install --quiet --quiet --no-deps --no-build-isolation --editable .
	@touch $(INSTALLED)

.venv: $(INSTALLED) ## The environment, from the lock with its hashes

demo: $(INSTALLED) ## The whole story, with real parts, from a deal to an active project
	@$(BIN)/handoff demo

up: $(INSTALLED) ## The stack for development, until Ctrl-C
	@$(BIN)/handoff up

bench: $(INSTALLED) ## Speed and ratios, printed
	@$(BIN)/handoff bench

# Most tests wait for servers, and each process has servers of its own: two take half the time of one.
test: $(INSTALLED) ## Every test
	@$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

lint: $(INSTALLED) ## Style, types and import contracts; says nothing when all is well
	@$(BIN)/ruff check --quiet .
	@$(BIN)/ruff format --check --quiet . || { $(BIN)/ruff format --check . ; exit 1; }
	@$(BIN)/mypy --no-error-summary
	@said=$$($(BIN)/lint-imports --no-logo 2>&1) || { echo "$$said"; exit 1; }

check-migrations: $(INSTALLED) ## The migrations make exactly the tables that the code names
	@$(BIN)/python -m runtime.embedded.borrow $(BIN)/python -m ledger.migrations.check {owner_dsn}

check-docs: $(INSTALLED) ## What the documents show is true
	@if [ -d tests/docs ]; then $(BIN)/python -m pytest --no-header tests/docs; fi

# Names and hashes only: the machine's package sources are used but not written down.
lock: | .venv/bin/python ## Pin the tree of requirements.in and requirements-dev.in again
	@$(BIN)/pip-compile --version >/dev/null 2>&1 || $(QUIET_PIP) $(BIN)/python -m pip install --quiet --quiet pip-tools
	@$(call pin,$(LOCK),requirements.in requirements-dev.in)

lock-tryton: | .venv/bin/python ## Pin the tree of requirements-tryton.in again
	@$(BIN)/pip-compile --version >/dev/null 2>&1 || $(QUIET_PIP) $(BIN)/python -m pip install --quiet --quiet pip-tools
	@$(call pin,$(TRYTON_LOCK),requirements-tryton.in)

define pin
CUSTOM_COMPILE_COMMAND="make $@" $(BIN)/pip-compile --quiet --allow-unsafe --generate-hashes --no-strip-extras \
	--no-emit-index-url --no-emit-trusted-host --no-emit-find-links --no-emit-options --output-file $(1) $(2) && \
sed -i.bak -E '/^(--|# *--)(index-url|extra-index-url|find-links|trusted-host)/d; /^ *#.*(file:|https?:|\/)/d' $(1) && rm $(1).bak
endef

# A real ERP to run against, in an environment of its own because it is a server and no part of us.
.venv-tryton/bin/python: | .venv/bin/python
	@$(PYTHON) -m venv --without-pip .venv-tryton

$(TRYTON): requirements-tryton.lock | .venv-tryton/bin/python
	@echo "Installing Tryton into .venv-tryton (once) ..."
	@$(QUIET_PIP) $(BIN)/python -m pip --python .venv-tryton/bin/python install --quiet --quiet --require-hashes -r requirements-tryton.lock
	@touch $(TRYTON)

test-tryton: $(INSTALLED) $(TRYTON) ## The tests and scenarios that need a real Tryton
	@$(BIN)/python -m pytest tests/tryton --numprocesses 2 --dist loadfile

demo-tryton: $(INSTALLED) $(TRYTON) ## A month of the demo firm's German company into a real ERP
	@$(BIN)/handoff demo --tryton

clean: ## Remove the environment, the state and every cache
	@rm -rf .venv .venv-tryton .handoff build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
