# Two commands do everything on a fresh machine, each making .venv itself:
#   make demo    the main job on an embedded server, no key needed (DEMO_SECONDS=20)
#   make test    ruff, pyright strict, pytest with doctests
# Also: make bench (speed against peers), make readme, make format, make clean
PYTHON ?= python3
DEMO_SECONDS ?= 20
VENV := .venv
BIN := $(VENV)/bin
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint types pytest pytest-nojit bench readme format clean

demo: $(VENV)/.run
	$(BIN)/tickflow-rx demo --seconds $(DEMO_SECONDS)

# (basedpyright uses one core; the uncompiled tests take the other meanwhile)
test: lint
	@$(MAKE) -j 2 types pytest-nojit
	@$(MAKE) pytest

lint: $(VENV)/.dev
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: $(VENV)/.dev
	$(BIN)/basedpyright

pytest: $(VENV)/.dev
	$(BIN)/pytest -n 2 --dist worksteal

# The kernels again as plain Python on small data: what numba compiles is what Python says.
# (The law kit's own tests use operators without kernels.)
pytest-nojit: $(VENV)/.dev
	NUMBA_DISABLE_JIT=1 TICKOPS_SMALL=1 $(BIN)/pytest -q -n 2 --dist worksteal tests/tickops \
		--ignore tests/tickops/testing -m "not real_data"

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks

# README's table of operators, from their docstrings
readme: $(VENV)/.dev
	$(BIN)/python -m tests.operator_table

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .hypothesis dist demo-output

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "tickflow-rx needs Python 3.11 or newer; $(PYTHON) is $$($(PYTHON) --version). Say which: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

$(VENV)/.run: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e .
	@touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e '.[dev]'
	@touch $@ $(VENV)/.run

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e '.[bench]'
	@touch $@ $(VENV)/.run
