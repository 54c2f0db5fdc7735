# Each target does all its own set-up on a fresh machine.
PYTHON := .venv/bin/python
PG_URL ?= postgresql://postgres@127.0.0.1:5432/postgres

.PHONY: setup demo test test-core check bench lock

setup:            ## the virtual environment and the browser libraries
	@tools/bootstrap

demo: setup       ## five plans, a simulated year of 安吉, the pages at http://127.0.0.1:8000/
	@WUFEI_DEMO=1 .venv/bin/wufei demo

test: setup       ## all tests on SQLite, and again on PostgreSQL where a server answers
	@tools/test

test-core: setup  ## the rules of the field alone, in seconds
	@$(PYTHON) -m pytest tests/core

check: setup      ## what a change must pass: lint, format, types, layers, migrations
	@.venv/bin/ruff check src tests benchmarks
	@.venv/bin/ruff format --check src tests benchmarks
	@.venv/bin/lint-imports
	@.venv/bin/mypy
	@.venv/bin/wufei django makemigrations --check --dry-run

bench: setup      ## speed of ledger, documents and whole lives against the machine's own ceiling, as JSON lines
	@$(PYTHON) -m benchmarks

lock: setup       ## requirements.lock anew from pyproject.toml
	@uv pip compile --quiet --universal --generate-hashes --no-emit-index-url --no-emit-find-links --no-header \
		--extra test pyproject.toml -o requirements.lock
