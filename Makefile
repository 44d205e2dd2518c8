# Two commands: `make demo` (the terminal on the bundled demo) and `make test`. Each sets up what it needs.
PYTHON ?= python3.11
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo ask test setup lock format lint types contracts unit slow reference pictures transcripts intents clean help

help:            ## Say what there is
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/'

setup: $(READY)  ## Make the virtual environment from the lock file (TORCH=cuda: PyTorch with CUDA)

lock: $(READY)   ## Write the lock file anew from pyproject.toml
	$(BIN)/python scripts/install.py --lock

$(READY): requirements.lock pyproject.toml scripts/install.py
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python scripts/install.py
	touch $@

demo: $(READY)   ## Open the terminal UI on the bundled demo (indexes it the first time)
	$(BIN)/shoal demo

ask: $(READY)    ## Ask the demo without a screen: make ask Q="What is new since the launch?"
	@$(BIN)/shoal demo --ask "$(Q)"

test: $(READY) lint types contracts unit ## Format, lint, types, import contracts, tests

format: $(READY)
	$(BIN)/ruff format . && $(BIN)/ruff check --fix .

lint: $(READY)
	$(BIN)/ruff format --check . && $(BIN)/ruff check .

types: $(READY)
	$(BIN)/mypy

contracts: $(READY)
	$(BIN)/lint-imports

unit: $(READY)
	$(BIN)/pytest -q -n auto --dist loadfile

slow: $(READY)   ## The tests that take minutes, with more examples
	SHOAL_EXAMPLES=200 $(BIN)/pytest -q -m slow

reference: $(READY) ## Write the pages of docs/reference that the code knows
	$(BIN)/python -m docs.generate

pictures: $(READY) ## Make the pictures of the docs from the program itself
	$(BIN)/python -m docs.pictures.make

intents: $(READY) ## Train the built-in lead's classifier anew and ship its weights
	$(BIN)/python scripts/train_intents.py

transcripts: $(READY) ## Write docs/evaluation/investigations: the demo asked by the built-in roles
	$(BIN)/python -m docs.transcripts

clean:
	rm -rf $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .import_linter_cache
