# Every target sets up what it needs; `make repro` on a fresh clone is enough.
#   make setup PYTHON=python3.12        another interpreter (3.11 or newer)
#   make setup TORCH_INDEX=URL          torch wheels for your GPU (or without one) from that index
#   make plan IN=classification         the other pipeline: as well with review, check, table, repro

PYTHON ?= python3
TORCH_INDEX ?=
NAME ?= sample
BASE ?= main
IN ?= .
COVERAGE_FLOOR ?= 98

VENV := .venv
READY := $(VENV)/.ready
export PATH := $(CURDIR)/$(VENV)/bin:$(PATH)

.PHONY: help setup repro classify plan review check table test test-fast coverage lint bench format profile lock

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 18

setup: $(READY) ## makes .venv with the pinned packages; nothing to do when nothing changed

# pyproject.toml is no dependency: what it changes for the installed package, the lock changes too.
$(READY): requirements.lock
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "error: $(PYTHON) is older than 3.11: make setup PYTHON=python3.12" >&2; exit 1; }
	@echo "setting up $(VENV) (a few minutes, once)"
	@$(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --require-virtualenv \
	  $(if $(TORCH_INDEX),--extra-index-url $(TORCH_INDEX)) -r requirements.lock
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

# Those that are about one pipeline, in its folder; the code is here, whatever is installed.
UNDERSTUDY := cd "$(IN)" && PYTHONPATH="$(CURDIR)" python -m understudy.tools

repro: check ## runs every stage whose inputs changed, then writes the result table into README.md
	@$(UNDERSTUDY) repro
	@$(UNDERSTUDY) table

classify: ## the same of the second pipeline, in classification/
	@$(MAKE) --no-print-directory repro IN=classification

plan: $(READY) ## what `make repro` would do, and what its calls would cost; sends nothing
	@$(UNDERSTUDY) plan

review: export REVIEW_BASE = $(BASE)
review: $(READY) ## what changed against BASE=main, as Markdown for a pull request
	@$(UNDERSTUDY) review -- "$$REVIEW_BASE"

check: $(READY) ## reads every section of params.yaml before anything runs
	@$(UNDERSTUDY) check

table: $(READY) ## writes the result table into README.md
	@$(UNDERSTUDY) table

test: $(READY) ## the tests; no internet, no GPU needed
	@pytest -n 2 --dist loadfile --no-loadscope-reorder

test-fast: $(READY) ## the tests without whole pipelines and browsers, in two minutes
	@pytest -n 2 --dist loadfile -m "not slow and not browser and not gpu"

coverage: $(READY) ## the tests, and which lines they run; fails below COVERAGE_FLOOR=98 percent
	@coverage erase
	@coverage run -m pytest -n 2 --dist loadfile --no-loadscope-reorder
	@coverage combine --quiet
	@coverage report --skip-covered --sort=cover --fail-under=$(COVERAGE_FLOOR)

lint: $(READY) ## style and types
	@ruff format --check --quiet . || { echo "error: make format" >&2; exit 1; }
	@ruff check --quiet .
	@mypy

bench: $(READY) ## measures client, students, scoring and report, into docs/benchmarks.md (two hours)
	@python -m tests.benchmarks.teacher
	@python -m tests.benchmarks.training
	@python -m tests.benchmarks.decoding
	@python -m tests.benchmarks.labels "$$(mktemp -d)"
	@python -m tests.benchmarks.memory
	@python -m tests.benchmarks.bulk
	@python -m tests.benchmarks.scoring
	@python -m tests.benchmarks.imports
	@python -m tests.benchmarks.logged 5000
	@python -m tests.benchmarks.calibration
	@python -m tests.benchmarks.promises
	@python -m tests.benchmarks.serving
	@python -m tests.benchmarks.report
	@python -m tests.benchmarks.retraining

format: $(READY) ## formats the code
	@ruff format --quiet . && ruff check --fix --quiet .

profile: ## puts profiles/NAME.yaml in place as params.yaml (NAME=sample, seeds, logs or paper)
	@test -f profiles/$(NAME).yaml || \
	  { echo "error: no profile '$(NAME)'; there are: $$(cd profiles && echo *.yaml | sed 's/\.yaml//g')" >&2; exit 1; }
	@known=no; for file in profiles/*.yaml; do cmp -s $$file params.yaml && known=yes; done; \
	  if [ -f params.yaml ] && [ $$known = no ]; then \
	    cp params.yaml params.yaml.before && echo "your params.yaml is kept as params.yaml.before"; fi
	@cp profiles/$(NAME).yaml params.yaml && echo "params.yaml is now profiles/$(NAME).yaml"

lock: ## pins the newest packages that fit, in a new environment
	@rm -rf $(VENV)-lock && $(PYTHON) -m venv $(VENV)-lock
	@$(VENV)-lock/bin/pip install --quiet 'torch==2.13.0' && \
	  $(VENV)-lock/bin/pip install --quiet --upgrade 'pip>=25.1' && \
	  $(VENV)-lock/bin/pip install --quiet --group dev \
	    $$($(PYTHON) -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["dependencies"])')
	@{ sed -n '/^#/p' requirements.lock; $(VENV)-lock/bin/pip freeze | sed 's/+cpu$$//'; } > requirements.lock.new
	@mv requirements.lock.new requirements.lock && rm -rf $(VENV)-lock
