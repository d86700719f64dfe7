# `make` lists the targets. What needs more than a line stands in tools/.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
MAKEFLAGS += --no-print-directory

export PYTHON
BIN := .venv/bin
UV ?= uv
LOCK := $(UV) pip compile --quiet --universal --python-version 3.11 --generate-hashes \
	--no-header --no-annotate --no-emit-find-links --no-emit-index-url
CHECKS := check-format check-lint check-types check-imports check-own check-sql check-migrations check-docs check-spelling \
	check-commits check-files check-audit

.PHONY: help
help: ## List the targets.
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  %-16s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

## Use

.PHONY: setup
setup: ## Make .venv with everything for development, once (PYTHON=python3.12 chooses the interpreter).
	@sh tools/setup.sh dev

.PHONY: runtime
runtime: ## Make .venv with what serving needs, once.
	@sh tools/setup.sh runtime

.PHONY: run
run: runtime ## Serve the API; the first call makes .venv and the database, too.
	@exec $(BIN)/angidi serve

.PHONY: seed
seed: runtime ## Put the sample data into the database; a second time changes nothing.
	@$(BIN)/angidi seed

.PHONY: db-shell
db-shell: runtime ## Open psql on the database.
	@$(BIN)/angidi db shell

## Migrations

.PHONY: migrate-up
migrate-up: runtime ## Apply the pending migrations.
	@$(BIN)/angidi migrate up

.PHONY: migrate-down
migrate-down: runtime ## Undo the last migration, or the last N=3.
	@$(BIN)/angidi migrate down $(or $(N),1)

.PHONY: migrate-create
migrate-create: runtime ## Make an empty pair of migration files, NAME=add_reviews; else it asks for the name.
	@name=$$NAME; [ -n "$$name" ] || { printf 'Name of the migration: '; read -r name; }; \
	$(BIN)/angidi migrate create "$$name"

.PHONY: migrate-version
migrate-version: runtime ## Print the version of the schema.
	@$(BIN)/angidi migrate version

## Development

.PHONY: test
test: setup ## Run the tests, with coverage; ARGS='tests/users -k login' runs some of them, without.
	@$(BIN)/python tools/suite.py $(ARGS)

.PHONY: test-all
test-all: setup ## Run the whole suite: `make test` and `make test-rest`.
	@$(BIN)/python tools/suite.py --all

.PHONY: test-rest
test-rest: setup ## Run what `make test` leaves out: long properties, interop, clones, PostgreSQL 15 where it is.
	@$(BIN)/python tools/suite.py --rest

.PHONY: check
check: setup ## Run every check-…: format, lint, types, imports, SQL, docs, spelling, commits, files, audit.
	@$(MAKE) --keep-going $(CHECKS)

.PHONY: interop
interop: setup ## Take turns with golang-migrate at length, with processes and kills (needs Go, or the tool on PATH).
	@MIGRATE_INTEROP=1 $(BIN)/python tools/suite.py --quiet -m "" tests/migrate/test_interop.py tests/migrate/test_crash.py \
		tests/migrate/test_large.py

.PHONY: read-your-writes
read-your-writes: setup ## Write and read at once, 10,000 times, on two workers under load: each read shows the write.
	@READ_YOUR_WRITES=10000 $(BIN)/python tools/suite.py --quiet -m "" -rP tests/e2e/test_read_your_writes.py

.PHONY: faults
faults: setup ## Run races, kills, outages and overload at length: buyers at once twenty times, a minute of each (ROUNDS=20).
	@FAULT_ROUNDS=$(or $(ROUNDS),20) BANK_SECONDS=60 OVERLOAD_SECONDS=60 OUTAGES=18,330 $(BIN)/python tools/suite.py --quiet -m "" -rP tests/faults \
		tests/security/test_canaries.py

.PHONY: attacks
attacks: setup ## Attack a server by schemathesis and sqlmap (EXAMPLES=100: more requests; SQLMAP=all: every parameter).
	@EXAMPLES=$(EXAMPLES) SQLMAP=$(SQLMAP) sh tools/attacks.sh

.PHONY: bench
bench: setup ## Measure everything beside its limits and its peers into docs/benchmarks (ARGS=--list; BASELINE=<commit>).
	@$(BIN)/python -m benchmarks $(ARGS)

.PHONY: bench-plans
bench-plans: setup ## Explain every request on a million products, against its budget; write docs/database/plans.json.
	@$(BIN)/python -m benchmarks.plans $(ARGS)

.PHONY: bench-migrations
bench-migrations: setup ## Migrate a live shop of the former service; print the longest wait for each file (ARGS=--products 200000).
	@$(BIN)/python -m benchmarks.migrations_online $(ARGS)

.PHONY: fmt
fmt: setup ## Format the code and mend what ruff can.
	@$(BIN)/ruff check --quiet --fix .; $(BIN)/ruff format .

.PHONY: docs
docs: setup ## Write everything that is generated: docs/reference, SCHEMA.md and INDEXES.md, .env.example.
	@$(BIN)/python -m tools.schema
	@$(BIN)/python -m tools.reference

.PHONY: lock
lock: ## Write the locks in requirements/ anew, with the newest versions (needs uv).
	@$(LOCK) --upgrade pyproject.toml requirements/build.in --group dev --output-file requirements/dev.txt
	@$(LOCK) pyproject.toml requirements/build.in --constraint requirements/dev.txt --output-file requirements/runtime.txt
	@$(LOCK) --upgrade requirements/attacks.in --output-file requirements/attacks.txt

.PHONY: clean
clean: ## Delete .venv and what tools left behind; the database in .angidi/ and .env stay.
	@rm -rf .venv .ruff_cache .import_linter_cache .hypothesis .pytest_cache .coverage .coverage.* htmlcov dist
	@find src tests tools -type d -name __pycache__ -prune -exec rm -rf {} +

## Single checks

.PHONY: check-format
check-format: setup ## The code is formatted.
	@$(BIN)/ruff format --quiet --check .

.PHONY: check-lint
check-lint: setup ## ruff finds nothing.
	@$(BIN)/ruff check --quiet .

.PHONY: check-types
check-types: setup ## basedpyright, strict, finds nothing.
	@$(BIN)/basedpyright

.PHONY: check-imports
check-imports: setup ## Imports go down only (the contracts in pyproject.toml).
	@$(BIN)/lint-imports --no-logo

.PHONY: check-own
check-own: setup ## The project's own lint rules hold (tools/lints.py).
	@$(BIN)/python -m tools.lints

.PHONY: check-sql
check-sql: setup ## squawk finds nothing in the migrations.
	@$(BIN)/squawk src/angidi/migrations/*.sql

.PHONY: check-migrations
check-migrations: setup ## The migrations block nothing, and each goes up, down and up again on a scratch database.
	@home=$$(mktemp -d) && trap 'rm -rf "$$home"' EXIT && export ANGIDI_HOME="$$home" && \
	$(BIN)/angidi migrate lint && $(BIN)/angidi migrate verify

.PHONY: check-docs
check-docs: setup ## What is generated is up to date, and links lead somewhere.
	@$(BIN)/python -m tools.reference --check
	@$(BIN)/python -m tools.links

.PHONY: check-spelling
check-spelling: setup ## codespell finds nothing.
	@$(BIN)/codespell

.PHONY: check-commits
check-commits: setup ## Commit messages have a subject of at most 72 characters and a body (tools/commits.py).
	@$(BIN)/python -m tools.commits

.PHONY: check-files
check-files: setup ## Workflows and compose.yaml fit their schemas; zizmor finds nothing in the workflows.
	@$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	@$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	@$(BIN)/zizmor --quiet --offline --no-progress .github/workflows

.PHONY: check-audit
check-audit: setup ## No locked package has a known weakness (AUDIT=strict fails without a network).
	@sh tools/audit.sh
