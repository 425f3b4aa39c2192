# The whole developer manual: `make run` to see it, `make test` before a commit, `make check` for style, types and contracts.

PYTHON ?= python3
BIN := .venv/bin
# What the service needs to run, and what its developers need besides: the demo does not wait for the tests' tools.
RUNS := .venv/.runs
READY := .venv/.ready
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check

# Compiled once, the service starts in half the time, and so does each process of the tests; some machines say no to that.
export PYTHONDONTWRITEBYTECODE :=

.PHONY: run test test-all check check-deploy format bench shots migration wheel clean

run: $(RUNS)  ## the demo, at http://127.0.0.1:8000; `make run PORT=8080` for another port
	PYTHONPATH=src $(BIN)/python -m marstraining demo $(if $(PORT),--port $(PORT))

# What looks at crowds, kills and seconds has the machine for itself; browsers share it with each other.
ALONE := race or faults or timed
APART := browser or $(ALONE)

test: $(READY)  ## unit, action, page and journey tests, on SQLite and PostgreSQL; with CI=true all there are
ifdef CI
	$(BIN)/pytest -n auto -m "not ($(APART))"
	$(BIN)/pytest -n auto -m browser
	$(BIN)/pytest -m "$(ALONE)"
else
	$(BIN)/pytest -n auto -m "not ($(APART) or whole)"
	@echo "Tests of browsers, races, faults, seconds and whole processes were left out: 'make test-all' runs them too."
endif

test-all: $(READY)  ## the same with browser, race, fault and whole-process tests
	CI=true $(MAKE) test

check: $(READY)  ## format, lint, types, contracts
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

check-deploy:  ## deploy files by their own validators: hadolint, docker-compose, systemd-analyze, caddy
	hadolint --ignore DL3066 deploy/Containerfile
	mkdir -p build/deploy/secrets && cp deploy/* build/deploy/ && cd build/deploy/secrets && touch postgres_password database_url secret_key smtp_url telegram_token telegram_webhook_secret
	docker-compose -f build/deploy/compose.yaml config --quiet
	docker-compose -f build/deploy/compose.yaml -f build/deploy/compose.telegram.yaml config --quiet
	caddy validate --adapter caddyfile --config deploy/Caddyfile
	sed -i 's#=/opt/marstraining/bin/[a-z-]*#=/bin/true#' build/deploy/*.service && systemd-analyze verify build/deploy/*.service build/deploy/*.timer
	sh -n deploy/backup.sh

format: $(READY)
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

bench: $(READY)  ## speed as ratios to bare routes and transactions
	$(BIN)/python -m tools.bench

shots: $(READY)  ## pictures of every page of a demo, into build/shots, and those of the README
	$(BIN)/python -m tools.shots

migration: $(READY)  ## draft a migration from the difference between models and the last one; then read it
	$(BIN)/python -m marstraining.core.db.draft_migration

wheel: $(READY)
	$(BIN)/python -m hatchling build --target wheel

clean:
	rm -rf .venv build dist var

$(RUNS): requirements.lock
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(PIP) --require-hashes --requirement requirements.lock
	touch $@

$(READY): requirements-dev.lock pyproject.toml $(RUNS)
	$(PIP) --require-hashes --requirement requirements-dev.lock
	$(PIP) --no-deps --no-build-isolation --editable .
	touch $@
