# `make run` and `make test` do all the set-up; they need Python 3.11 or newer and nothing else.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.PHONY: run test test-hosted test-e2b check audit format bench clean

run: $(VENV)/.run
	@$(BIN)/codeflow serve --open

test: $(VENV)/.test
	@$(BIN)/python -m pytest -n 2 --dist loadfile --no-loadscope-reorder --durations=25 $(PYTEST_ARGS)

test-hosted: $(VENV)/.test
	@$(BIN)/python -m pytest tests/supabase/hosted.py $(PYTEST_ARGS)

test-e2b: $(VENV)/.test
	@test -n "$$E2B_API_KEY" || { echo "Set E2B_API_KEY, and build the template first: codeflow template"; exit 1; }
	@$(BIN)/python -m pytest tests/workspace $(PYTEST_ARGS)

check: $(VENV)/.test
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/pyright
	@$(BIN)/lint-imports

audit: $(VENV)/.audit
	@$(BIN)/python .ci/audit.py

format: $(VENV)/.test
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(VENV)/.test
	@$(BIN)/python -m benchmarks

clean:
	rm -rf $(VENV) .pytest_cache .ruff_cache .import_linter_cache *.egg-info

$(BIN)/python:
	@command -v $(PYTHON) >/dev/null || { echo "Python was not found. Install Python 3.11 or newer, or say where it is: make PYTHON=/path/to/python3 $(MAKECMDGOALS)"; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version.split()[0]; sys.exit(0 if sys.version_info >= (3, 11) else f"CodeFlow needs Python 3.11 or newer, and this is {v}. Say where a newer one is: make PYTHON=/path/to/python3 $(MAKECMDGOALS)")'
	@echo "Making a virtual environment in $(VENV) …"
	@$(PYTHON) -m venv $(VENV) || { rm -rf $(VENV); echo "Python's venv module is missing. On Debian and Ubuntu: apt install python3-venv"; exit 1; }

$(VENV)/.run: pyproject.toml requirements.txt | $(BIN)/python
	@echo "Installing CodeFlow's Python packages (about 170 MB the first time) …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -c requirements.txt -e . || { echo "The Python packages could not be installed: see pip's message above. CodeFlow needs the Python package registry the first time."; exit 1; }
	@touch $@

$(VENV)/.test: pyproject.toml requirements.txt | $(BIN)/python
	@echo "Installing CodeFlow's Python packages, with those for its tests …"
	@$(BIN)/python -m pip install --disable-pip-version-check --progress-bar on -q -c requirements.txt -e '.[test]' || { echo "The Python packages could not be installed: see pip's message above. CodeFlow needs the Python package registry the first time."; exit 1; }
	@touch $@ $(VENV)/.run

$(VENV)/.audit: pyproject.toml requirements.txt | $(BIN)/python
	@$(BIN)/python -m pip install --disable-pip-version-check -q -c requirements.txt -e '.[audit]' || { echo "pip-audit could not be installed: see pip's message above."; exit 1; }
	@touch $@
