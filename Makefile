PYTHON ?= .venv/bin/python

.PHONY: install test lint format verify bench docs lock

install:
	test -x .venv/bin/python || python3 -m venv .venv
	.venv/bin/python -m pip install -e '.[test,lint]' -c requirements/locked.txt

test:
	$(PYTHON) -m pytest

lint:
	$(PYTHON) -m ruff check
	$(PYTHON) -m ruff format --check
	$(PYTHON) -m mypy
	$(PYTHON) -c "from importlinter.cli import lint_imports_command; lint_imports_command()"

format:
	$(PYTHON) -m ruff check --fix
	$(PYTHON) -m ruff format

verify:
	$(PYTHON) -m leukosim verify

bench:
	for benchmark in benchmarks/*.py; do $(PYTHON) $$benchmark || exit 1; done

docs:
	$(PYTHON) -m leukosim parameters --markdown docs/parameters.md
	$(PYTHON) -m leukosim vocabulary --markdown docs/results.md
	$(PYTHON) -m leukosim odd --markdown docs/odd.md
	$(PYTHON) -m leukosim help --markdown docs/commands.md
	$(PYTHON) -m leukosim help strategy drug --markdown docs/strategies.md
	$(PYTHON) docs/gallery.py

# The versions that tests run with, for every supported Python at once.
lock:
	uv pip compile --universal --python-version 3.11 --extra test --extra lint --extra page --extra browser --extra pdf --extra dask --extra slurm --extra jobqueue --extra parquet --extra cf --extra search --extra calibration --extra sensitivity --no-header --output-file requirements/locked.txt pyproject.toml
