# Two commands matter: `make play` and `make test`. Both set up what they need in .venv first.
PYTHON ?= python3
VENV := .venv
ifeq ($(OS),Windows_NT)
BIN := $(VENV)/Scripts
else
BIN := $(VENV)/bin
endif
# EXTRA=forge adds what training needs: PyTorch, in the version that the recipes were run with.
EXTRA ?=
TORCH := torch==2.13.0

.PHONY: play test lint format bench bundle lock clean

play: $(VENV)/.runtime
	$(BIN)/parkbench

test: $(VENV)/.dev lint
	$(BIN)/python -m pytest -n logical --maxprocesses 4

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(VENV)/.dev
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: $(VENV)/.runtime
	$(BIN)/parkbench bench

# What a workshop carries on a stick, for this platform: dist/parkbench-…; compiles llama.cpp once (minutes).
bundle: $(VENV)/.runtime
	$(BIN)/python docs/workshop/bundle.py

# The lock files name no index and no host; torch is in neither.
lock: $(VENV)/.dev
	$(BIN)/python -m pip install -q uv
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		pyproject.toml -o requirements.lock
	$(BIN)/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-header \
		--extra dev pyproject.toml -o requirements-dev.lock

# A file that stands there means that this environment has what the lock file names.
$(VENV)/bin/python $(VENV)/Scripts/python.exe:
	$(PYTHON) -c "import sys; sys.exit('parkbench needs Python 3.11 or newer') if sys.version_info < (3, 11) else 0"
	$(PYTHON) -m venv $(VENV)

$(VENV)/.runtime: requirements.lock pyproject.toml | $(BIN)/python$(if $(filter Windows_NT,$(OS)),.exe)
	$(BIN)/python -m pip install --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --no-deps -e .
	@touch $@

$(VENV)/.dev: requirements-dev.lock pyproject.toml | $(BIN)/python$(if $(filter Windows_NT,$(OS)),.exe)
	$(BIN)/python -m pip install --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --no-deps -e .
ifeq ($(EXTRA),forge)
	$(BIN)/python -m pip install $(TORCH)
endif
	@touch $@

clean:
	rm -rf $(VENV) build dist .mypy_cache .pytest_cache .ruff_cache
