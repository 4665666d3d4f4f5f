.DEFAULT_GOAL := help
.PHONY: help demo demo-reset test check bench lock clean
BIN := .venv/bin
# The demo and the tests start many processes: without byte code each compiles every library anew.
unexport PYTHONDONTWRITEBYTECODE

help: ## say what there is
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

demo: ## set everything up and run the tool (port 8000) with a sandbox LMS (port 8001)
	@tools/setup runtime
	@$(BIN)/pacemate demo

demo-reset: ## the same, from the start
	@tools/setup runtime
	@$(BIN)/pacemate demo --reset

# One worker more than processors: tests of whole installations mostly wait.
test: ## set up and pass the whole suite
	@tools/setup dev
	@$(BIN)/python -m pytest -n $$(($$(getconf _NPROCESSORS_ONLN) + 1)) --dist loadgroup $(ARGS)

check: ## lint, types, contracts, migrations
	@tools/setup dev
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check --quiet . || { echo "Run: .venv/bin/ruff format ."; exit 1; }
	@$(BIN)/mypy
	@$(BIN)/lint-imports
	@$(BIN)/python -m pytest -q tests/storage/test_migrations.py

bench: ## measure against peers in the same run
	@tools/setup dev
	@$(BIN)/python -m bench $(ARGS)

lock: ## resolve the requirements files anew
	@uv pip compile -q --universal --generate-hashes --no-header --group dev pyproject.toml -o requirements/dev.txt
	@uv pip compile -q --universal --generate-hashes --no-header -c requirements/dev.txt --group build pyproject.toml -o requirements/runtime.txt

clean: ## remove .venv and what the demo stored
	@rm -rf .venv .venv-openedx var
