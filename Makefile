# The only commands. Each says what it needs; nothing else has to be installed first.
PYTHON ?= python3
PORT ?= 8000
DATA ?= .data
BIN := .venv/bin
NAME ?= bus
PYTEST := .venv/bin/python -m pytest --durations=10
# Three processes that take about as long as each other: the last one is all that is not named.
FIRST := tests/notifications tests/shared
SECOND := tests/registration tests/reporting

.PHONY: run test check bench chaos setup lock

# Everything on this machine, with demo data: http://127.0.0.1:8000/
run: setup
	$(BIN)/python run.py --port $(PORT) --data $(DATA)

# What CI runs: the checks, then the tests on real PostgreSQL and Redis.
test: setup
	@$(PYTEST) $(FIRST) > .pytest-first.log 2>&1 & first=$$!; \
	$(PYTEST) $(SECOND) > .pytest-second.log 2>&1 & second=$$!; \
	$(MAKE) --no-print-directory check; checks=$$?; \
	$(PYTEST) $(FIRST:%=--ignore=%) $(SECOND:%=--ignore=%); rest=$$?; \
	wait $$first; first=$$?; wait $$second; second=$$?; \
	cat .pytest-first.log .pytest-second.log; exit $$((checks + rest + first + second))

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m pytest -q tests/test_boundaries.py -k migrations # alembic check, on PostgreSQL

# One figure, e.g. `make bench NAME=bus`; the last line is JSON.
bench: setup
	$(BIN)/python -m bench.$(NAME)

# One fault run, e.g. `make chaos NAME=bus`; the last line is JSON.
chaos: setup
	$(BIN)/python -m bench.chaos_$(subst -,_,$(NAME))

setup: .venv/.installed

.venv/.installed: requirements.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Sejawat needs Python 3.11 or newer: make PYTHON=python3.12 ...")'
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --require-hashes -r requirements.lock
	touch $@

# After a change of dependencies in pyproject.toml. Hashes, and no index addresses.
lock: setup
	$(BIN)/python -m pip install --quiet uv
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml --group dev -o requirements.lock
	$(BIN)/uv pip compile -q --universal --generate-hashes --no-annotate --no-header --python-version 3.11 pyproject.toml -c requirements.lock -o requirements-services.lock
