# Two commands do everything on a fresh machine, each making .venv itself:
#   make demo    the main job on an embedded server, no key needed (DEMO_SECONDS=20)
#   make test    ruff, pyright strict, pytest with doctests
# Also: make test-docs (notebooks, pages of the site), make test-browser (the displays in Chromium,
# which it installs with apt), make bench (speed against peers), make docs (the site, into
# docs/site), make notebooks (saves their outputs), make readme, make format, make clean
PYTHON ?= python3
DEMO_SECONDS ?= 20
VENV := .venv
BIN := $(VENV)/bin
BROWSER := .venv-browser
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: demo test lint types pytest pytest-nojit test-docs test-browser chromium bench docs notebooks \
	readme format clean

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

# The notebooks from top to bottom, the code on the pages of the site, and the site
test-docs: $(VENV)/.dev docs
	$(BIN)/pytest -n 2 --dist worksteal tests/docs tests/notebooks

# JupyterLab and marimo in Chromium, on this machine alone; pictures are left in browser-artefacts/
test-browser: $(BROWSER)/.done chromium
	$(BROWSER)/bin/basedpyright -p tests/browser
	$(BROWSER)/bin/pytest --timeout 300 -p no:cacheprovider tests/browser

chromium:
	@command -v chromium >/dev/null || { \
		[ "$$(id -u)" = 0 ] || sudo="sudo"; \
		$$sudo apt-get update && $$sudo apt-get install -y chromium; }

bench: $(VENV)/.bench
	$(BIN)/python -m tests.benchmarks

# Pages that open in a browser as they are; for search too: python -m http.server -d docs/site
docs: $(VENV)/.docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build -f docs/mkdocs.yml

# Runs all and saves their outputs; NAMES=01_quickstart for some
notebooks: $(VENV)/.dev
	$(BIN)/python -m tests.notebooks $(NAMES)

# README's table of operators, from their docstrings
readme: $(VENV)/.dev
	$(BIN)/python -m tests.operator_table

format: $(VENV)/.dev
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

clean:
	rm -rf $(VENV) $(BROWSER) browser-artefacts .pytest_cache .ruff_cache .hypothesis dist demo-output docs/site

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

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install -q -e '.[docs]'
	@touch $@ $(VENV)/.run

$(BROWSER)/bin/python: | $(VENV)/bin/python
	$(PYTHON) -m venv $(BROWSER)

$(BROWSER)/.done: pyproject.toml | $(BROWSER)/bin/python
	$(BROWSER)/bin/python -m pip install -q -e '.[browser]'
	@touch $@
