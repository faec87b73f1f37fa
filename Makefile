# `make demo` and `make test` need nothing but Python >= 3.11, git and make; `make help` lists the rest.
SHELL := /bin/bash
.DEFAULT_GOAL := help

UV := .tools/bin/uv
BIN := .venv/bin
PYPROJECTS := pyproject.toml $(wildcard */pyproject.toml examples/*/pyproject.toml)
export PATH := $(CURDIR)/.venv/bin:$(CURDIR)/.tools/bin:$(PATH)
# The machine's own certificates count too: behind a company's proxy no others do.
export UV_SYSTEM_CERTS := 1
# Without compiled modules every start of the runner would be measured and tested at half its speed.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: help setup demo test test-thorough check format bench build index docs clean

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 18

$(UV): tools/bootstrap.sh
	tools/bootstrap.sh
	@touch $@

.venv/.ready: $(UV) $(PYPROJECTS)
	$(UV) sync --all-packages --group dev --compile-bytecode
	@touch $@

setup: .venv/.ready ## set up everything for working here

demo: .venv/.ready ## set up, then deploy, replace and stop a model on the filesystem
	@$(BIN)/python examples/demo.py

# The engine's tests, the cluster's and each other file's run one after the other, in as many processes as JOBS says.
JOBS := 2
PYTEST := $(BIN)/python -m pytest --numprocesses=$(JOBS) --dist=loadscope

test: .venv/.ready ## run the tests
	$(PYTEST)

test-thorough: .venv/.ready ## run the tests with thousands of random examples and the slow ones in full
	BOSUN_THOROUGH=1 BOSUN_CONFORMANCE=thorough $(PYTEST)

check: .venv/.ready ## lint, check formatting and types
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: .venv/.ready ## format the code
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.ready ## measure speed and memory against baselines of the same run
	$(BIN)/python benchmarks/run.py

build: .venv/.ready ## build the wheels and source distributions into dist/
	for distribution in bosun-core bosun-fs bosun-docker bosun-k8s bosun-test; do $(UV) build --package $$distribution --out-dir dist || exit 1; done

index: .venv/.ready ## serve a package index with our distributions and all that they need, at 127.0.0.1:8765
	$(BIN)/python tools/local_index.py --port 8765

docs: .venv/.ready ## regenerate the generated pages of docs/
	$(BIN)/python tools/generate_docs.py

clean: ## remove what the targets above made
	rm -rf .venv .tools dist .mypy_cache .ruff_cache .pytest_cache .hypothesis

include testbed/testbed.mk
