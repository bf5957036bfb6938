# Everything runs in .venv, which these rules create and keep current; nothing is activated by hand.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
# A peer, compared in tests and benchmarks, that needs NumPy below 2.
PYDVL := .venv-pydvl
PIP := $(BIN)/pip --disable-pip-version-check --quiet install --constraint constraints.txt
WORKERS ?= 2
# Two test workers share two cores: one BLAS thread each is faster than a contest between them.
ONE_THREAD := OMP_NUM_THREADS=1 OPENBLAS_NUM_THREADS=1
# A forced kernel or cache size makes NumPy slower, and figures would not compare between machines.
PLAIN_BLAS := env -u OPENBLAS_CORETYPE -u OPENBLAS_L2_SIZE

.DEFAULT_GOAL := help
.PHONY: help demo test test-slow peers check docs docs-test package study format bench clean

help: ## Show what can be made
	@grep -E '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 14

demo: $(VENV)/.runtime ## Price two real hospital consortia, from data to decision (figures in demo-output/)
	$(BIN)/python examples/demo.py

test: $(VENV)/.test ## Run the fast tests, the README and every docstring example
	$(ONE_THREAD) $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) -q

test-slow: $(VENV)/.test peers ## Run every test, thousands of random cases included, and measure branch coverage
	$(ONE_THREAD) $(BIN)/python -m pytest -n $(WORKERS) -q --ignore=tests/peers --cov --cov-report=term --cov-fail-under=95

peers: $(VENV)/.peers $(PYDVL)/.installed ## Run the cases of Gambit, pyDVL and shapiq against our engines
	$(ONE_THREAD) $(BIN)/python -m pytest tests/peers -q

check: $(VENV)/.check ## Lint, format, types, import contracts, dependencies, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/deptry .
	$(BIN)/codespell
	$(BIN)/validate-pyproject pyproject.toml
	$(BIN)/sp-repo-review --format=json . > /dev/null

package: $(VENV)/.check ## Build wheel and source archive, and try them in an empty environment
	rm -rf dist build/trial
	$(BIN)/python -m build --quiet
	$(BIN)/twine check dist/*
	$(BIN)/check-wheel-contents --toplevel fairgames,symbolic dist/*.whl
	$(PYTHON) -m venv build/trial
	build/trial/bin/pip --disable-pip-version-check --quiet install --constraint constraints.txt dist/*.whl
	$(BIN)/python -c 'import re; print(re.search(r"```python\n(.*?)```", open("README.md").read(), re.S)[1])' > build/trial/readme.py
	cd build/trial && bin/python readme.py && bin/fairgames init spec.toml && bin/fairgames solve spec.toml > solved.txt && head -n 4 solved.txt

docs: $(VENV)/.docs docs/_static/mathjax/tex-svg.js ## Build the documentation site in docs/_build/html, running every example
	PATH="$(CURDIR)/$(BIN):$$PATH" $(ONE_THREAD) $(BIN)/python -m sphinx -n -W --keep-going -q -b html docs docs/_build/html
	@echo "Open docs/_build/html/index.html"

docs-test: $(VENV)/.docs $(VENV)/.browser $(VENV)/.chromium docs/_build/axe/axe.min.js ## Open every page of the built site in a real browser
	$(ONE_THREAD) $(BIN)/python -m pytest -q -n $(WORKERS) -c docs/pytest.ini docs/test_site.py docs/test_explorer.py

study: $(VENV)/.test ## Run the long studies again, whose small results the documentation reads
	@for script in private_learning measured_coverage schools; do $(ONE_THREAD) $(BIN)/python examples/studies/$$script.py || exit 1; done

format: $(VENV)/.check ## Format the code and fix what can be fixed safely
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.bench $(VENV)/.browser $(VENV)/.chromium $(PYDVL)/.installed ## Measure every speed claim beside its peer, for the table of the documentation
	@for script in benchmarks/bench_*.py; do \
		echo; echo "== $$script"; $(PLAIN_BLAS) $(ONE_THREAD) $(BIN)/python $$script || exit 1; \
	done

clean: ## Remove the environment and everything generated
	rm -rf $(VENV) $(PYDVL) build dist demo-output benchmarks/results docs/_build docs/auto_examples docs/reference/generated .pytest_cache .mypy_cache .ruff_cache .hypothesis .coverage

$(VENV)/.python:
	@command -v $(PYTHON) >/dev/null || { echo "No '$(PYTHON)' on this machine: install Python 3.11 or newer, or run 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "$$($(PYTHON) --version) is too old: fairgames needs Python 3.11 or newer. Run 'make PYTHON=/path/to/python3.11'."; exit 1; }
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -qq -y python3-venv; \
		else echo "This Python cannot make virtual environments. On Debian and Ubuntu: sudo apt-get install python3-venv"; exit 1; fi; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip --disable-pip-version-check --quiet install --upgrade "pip>=25.1"
	@touch $@

$(VENV)/.runtime: $(VENV)/.python pyproject.toml constraints.txt
	$(PIP) --editable .
	@touch $@

$(VENV)/.test $(VENV)/.check $(VENV)/.bench $(VENV)/.docs $(VENV)/.browser $(VENV)/.peers: $(VENV)/.%: $(VENV)/.runtime
	$(PIP) --group $*
	@touch $@

$(PYDVL)/.installed: benchmarks/pydvl-requirements.txt $(VENV)/.python
	$(PYTHON) -m venv $(PYDVL)
	$(PYDVL)/bin/python -m pip --disable-pip-version-check --quiet install --upgrade "pip>=25.1"
	$(PYDVL)/bin/pip --disable-pip-version-check --quiet install --requirement $< && touch $@ || { \
		rm -rf $(PYDVL); echo "pyDVL is not to be had here (it needs NumPy below 2, so Python 3.12 at most): its rows are left out."; }


# Mathematics is drawn by a copy beside the pages, so that the site is read without a network.
docs/_static/mathjax/tex-svg.js: $(VENV)/.npm
	@mkdir -p docs/_build/npm $(@D)
	npm install --silent --no-save --no-package-lock --prefix docs/_build/npm/mathjax mathjax@3
	cp docs/_build/npm/mathjax/node_modules/mathjax/es5/tex-svg.js $@

docs/_build/axe/axe.min.js: $(VENV)/.npm
	@mkdir -p docs/_build/npm $(@D)
	npm install --silent --no-save --no-package-lock --prefix docs/_build/npm/axe axe-core@4
	cp docs/_build/npm/axe/node_modules/axe-core/axe.min.js $@

$(VENV)/.npm: $(VENV)/.python
	@command -v npm >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -qq -y npm >/dev/null; \
		else echo "The documentation needs npm once, to fetch MathJax and axe. On Debian and Ubuntu: sudo apt-get install npm"; exit 1; fi; }
	@touch $@

$(VENV)/.chromium: $(VENV)/.python
	@command -v chromium-headless-shell >/dev/null || command -v chromium >/dev/null || { \
		if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then apt-get update -qq && apt-get install -qq -y chromium-headless-shell >/dev/null; \
		else echo "The browser test needs Chromium. On Debian and Ubuntu: sudo apt-get install chromium-headless-shell"; exit 1; fi; }
	@touch $@
