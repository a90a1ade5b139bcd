# The few verbs of this repository. Each does its own set-up: git, make and Python are all one needs.
unexport PYTHONDONTWRITEBYTECODE
export USERS_PATH := $(PATH)
export PATH := $(HOME)/.local/bin:$(PATH)
RUN := uv run --frozen --no-progress

# The distribution's Python is built with profiles; one built from source without them, as pyenv does, takes half as long again.
PROFILED := $(shell /usr/bin/python3 -c 'import sqlite3, sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && echo /usr/bin/python3)
ifneq ($(PROFILED),)
export UV_PYTHON ?= $(PROFILED)
endif

.DEFAULT_GOAL := help
.PHONY: help demo test faults check bench up down setup

help: ## This list
	@grep -E '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## (.*)/\1|\2/' | awk -F'|' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: setup ## One real quarter goes round the loop and comes out as the circular's tables (about two minutes)
	@$(RUN) bihuan demo

test: setup ## Unit, integration, end to end (BIHUAN_WHOLE=1: every story, on every database, in containers, at every width)
	@$(RUN) pytest -n 3 --dist loadfile --no-loadscope-reorder

faults: setup ## Everything killed, cut off, stopped and filled up, hundreds of times over (needs Docker)
	@BIHUAN_FAULT_ROUNDS=$${BIHUAN_FAULT_ROUNDS:-25} $(RUN) pytest -n 2 --dist loadfile --no-loadscope-reorder tests/faults

check: setup ## Style, types and import rules
	@$(RUN) ruff check .
	@$(RUN) ruff format --check .
	@$(RUN) mypy
	@$(RUN) lint-imports --no-cache

bench: setup ## What it costs: every figure with its floor and a peer, in one run
	@$(RUN) python -m bench

up: ## PostgreSQL, Kafka and every process in containers, and a small quarter through them (needs Docker)
	@deploy/up

down: ## Stops what `make up` started; its data stay
	@docker compose down

setup:
	@sh .ci/get-uv
	@uv sync --frozen --all-extras --quiet
	@$(RUN) python console/web/frontend/build.py
