# make demo   set up, then the whole product on the sample photos
# make test   set up, then every check that needs no server and no container

SHELL := bash
# `make … DBT=1.12` takes that version of dbt-core rather than the one that constraints.txt pins for this Python.
DBT ?=
$(if $(filter-out 1.11 1.12,$(DBT)),$(error DBT must be 1.11 or 1.12. Got: $(DBT)))
VENV := .venv$(DBT:%=-dbt-%)
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
# Set-up leaves it to Python to compile what it imports. Containers often forbid that, and then every start takes twice as long.
export PYTHONDONTWRITEBYTECODE :=
PYTHONS := $(or $(PYTHON),python3.14 python3.13 python3.12 python3.11 python3)

.PHONY: demo test lint lint-python lint-sql lint-ci unit chromium site test-fast test-newest test-myscale test-clickhouse test-package test-container test-hostile test-dbt-v2 test-atlas bench-embed bench-page bench-search setup clean

# ---------- the main job
demo: $(VENV)/.ready
	photo-search embed --sample
	photo-search load
	dbt build --quiet
	@echo; echo "The photos most like one photo, and how often each was downloaded:"
	@dbt --quiet run-operation photo_conversions --args '{"photo_id": "H2YYHXTXg_1", "top_k": 5}'
	@echo; echo "The most downloaded of them, and what people had searched for:"
	@dbt --quiet run-operation popular_keywords --args '{"photo_id": "H2YYHXTXg_1"}'
	@echo; photo-search gallery

# ---------- every check
test: lint unit

# two at a time, because mypy takes as long as all the others
lint: $(VENV)/.ready-dev
	@$(MAKE) --jobs=2 lint-python lint-sql lint-ci

lint-python:
	ruff format --check adapters packages python sample benchmarks docs models notebooks
	ruff check adapters packages python sample benchmarks docs models notebooks
	mypy adapters/src python/photo_search models

lint-sql:
	yamllint --strict .
	dbt --quiet --warn-error parse --no-partial-parse
	sqlfluff lint --disable-progress-bar analyses models tests
	python python/tests/lint_questions.py

lint-ci:
	check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	check-jsonschema --builtin-schema vendor.compose-spec compose.yaml
	zizmor --offline --quiet .github
	hadolint Dockerfile

unit: $(VENV)/.ready-dev chromium
	pytest

chromium: $(VENV)/.ready-dev
	@python python/tests/get_chromium.py

# ---------- the checks that a Python or a release of dbt may fail, in a few minutes
FAST := adapters/tests/test_python_models.py python/tests/ask python/tests/network python/tests/load \
	$(addprefix python/tests/ingest/,dataset thumbnails embedding) \
	python/tests/end_to_end/test_small_collections.py::test_the_first_steps_work

test-fast: $(VENV)/.ready-dev
	pytest $(FAST)

# ---------- everything with the newest releases, not those of constraints.txt
test-newest:
	$(MAKE) test VENV=.venv-newest CONSTRAINTS=/dev/null

# ---------- the documentation of what `make demo` built, in site/index.html
site: $(VENV)/.ready data/gallery/index.html
	dbt --quiet docs generate
	python docs/make_site.py target site

data/gallery/index.html:
	$(MAKE) demo

# ---------- the myscale target, end to end, on the server in MYSCALE_*, or on the stand-in
test-myscale: $(VENV)/.ready-dev
	pytest --numprocesses=0 python/tests/myscale

# ---------- the clickhouse target, end to end, on the server in CLICKHOUSE_*, or on chDB behind HTTP
test-clickhouse: $(VENV)/.ready-dev
	pytest --numprocesses=0 python/tests/myscale/test_clickhouse.py

# ---------- the container, which needs Docker: the search page answers in it
TEST_COMPOSE := docker compose --project-name photo_search_test --profile page

test-container:
	$(TEST_COMPOSE) up --build --detach --wait --wait-timeout 900 || ($(TEST_COMPOSE) logs; exit 1)
	$(TEST_COMPOSE) down --volumes

# ---------- 200 awkward collections in every step (`make test` tries a few)
SEEDS ?= 200
test-hostile: $(VENV)/.ready-dev
	HOSTILE_SEEDS=$(SEEDS) pytest --numprocesses=2 --dist=load python/tests/hostile

# ---------- dbt v2 parses the project, in an environment of its own: 95 MB to download, 300 MB on disk
DBT_V2 := .venv-dbt-v2

test-dbt-v2: $(VENV)/.ready-dev $(DBT_V2)/.ready
	pytest --numprocesses=0 python/tests/test_dbt_v2.py

# The newest release with a wheel on PyPI. Later ones fetch their wheel from another host during the installation.
$(DBT_V2)/.ready:
	python -m venv $(DBT_V2)
	$(DBT_V2)/bin/python -m pip install --quiet --no-compile --only-binary dbt dbt==2.0.0rc196
	touch $@

# ---------- embedding-atlas opens what export-atlas writes, in an environment of its own: 500 MB on disk
ATLAS := .venv-atlas

test-atlas: $(VENV)/.ready-dev $(ATLAS)/.ready chromium
	pytest --numprocesses=0 python/tests/draw/test_atlas.py

# The newest release that draws without a GPU. What it needs to compute vectors and places, such as torch, is left out.
$(ATLAS)/.ready:
	python -m venv $(ATLAS)
	$(ATLAS)/bin/python -m pip install --quiet --no-compile --no-deps embedding-atlas==0.22.0
	$(ATLAS)/bin/python -m pip install --quiet --no-compile --constraint constraints.txt \
		click cryptography duckdb==2.0.1 fastapi==0.165.0 inquirer==3.4.1 narwhals pandas platformdirs pyarrow uvicorn websockets==17.4
	touch $@

# ---------- the package vector_search on every engine, on the server in CLICKHOUSE_* too, or on chDB behind HTTP, and
# in a project of a stranger, with an environment of its own: 120 MB on disk
PACKAGE := .venv-package

test-package: $(VENV)/.ready-dev $(PACKAGE)/.ready
	pytest --numprocesses=0 packages/vector_search/integration_tests

$(PACKAGE)/.ready: constraints.txt
	python -m venv $(PACKAGE)
	$(PACKAGE)/bin/python -m pip install --quiet --no-compile --constraint constraints.txt dbt-core dbt-clickhouse
	touch $@

# ---------- benchmarks, which take minutes to hours
bench-embed: $(VENV)/.ready-dev
	python benchmarks/embed.py

bench-page: $(VENV)/.ready-dev
	python benchmarks/page.py
	python benchmarks/map.py

bench-search: $(VENV)/.ready-dev
	python benchmarks/search.py

# ---------- set-up: pip alone, versions from constraints.txt; Python compiles what it imports
# Of all that pip says, this shows errors, packages of 10 MB or more, and the last step. Its warnings are about the machine.
pip_install = { set -o pipefail; $(BIN)/python -m pip install --no-compile --progress-bar off $(1) \
	2> >(grep -v '^WARNING' >&2) | { grep --line-buffered -oE \
	'^ *(Downloading|Using cached) .*\([0-9]{2,}.* MB\)|^Installing collected packages' || true; }; }
CONSTRAINTS := constraints.txt
CONSTRAINED := --constraint $(CONSTRAINTS)
CPU_TORCH := https://download.pytorch.org/whl/cpu
DBT_1_12 := $(shell sed -n 's/^dbt-core==\(1\.12[.0-9]*\);.*/\1/p' constraints.txt)

setup: $(VENV)/.ready

# The newest Python that answers and can make an environment; a shim of pyenv may be there and not answer.
IS_SUPPORTED := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 15))

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if $$python -c '$(IS_SUPPORTED)' 2> /dev/null; then exec $$python -m venv $(VENV); fi; \
	done; \
	if command -v uv > /dev/null; then exec uv venv --quiet --seed --python '>=3.11,<3.15' $(VENV); fi; \
	echo "None of $(PYTHONS) is Python 3.11 to 3.14 with venv. Install one (Debian: apt install" \
		"python3 python3-venv; macOS: brew install python@3.13), or uv, which brings its own: https://docs.astral.sh/uv" >&2; \
	exit 1

$(VENV)/.ready: REQUIREMENTS := --editable .
$(VENV)/.ready-dev: REQUIREMENTS := --editable '.[dev]'

$(VENV)/.ready $(VENV)/.ready-dev: pyproject.toml adapters/pyproject.toml constraints.txt | $(BIN)/python
	@echo "Setting up $(VENV) with $$($(BIN)/python --version)."
	@$(TAKE_CPU_TORCH)
	@$(call pip_install,$(CONSTRAINED) --editable adapters $(REQUIREMENTS))
	@$(TAKE_DBT_$(DBT))
	@dbt --quiet deps
	@touch $(VENV)/.ready $@

# PyPI's torch for Linux brings CUDA, 2.4 GB more. Without an NVIDIA card, PyTorch's own CPU build does the same work.
TAKE_CPU_TORCH = if [ "$$(uname)" = Linux ] && ! command -v nvidia-smi > /dev/null; then \
	$(call pip_install,$(CONSTRAINED) --no-deps --retries 0 --index-url $(CPU_TORCH) torch) 2> /dev/null || \
	echo "PyTorch's CPU builds are out of reach, so PyPI's comes with CUDA."; fi

# dbt-core 1.12 without the parser of dbt v2, which is used only when asked for: to install it, pip builds a source
# package that downloads from another host.
TAKE_DBT_1.11 = $(call pip_install,$(CONSTRAINED) dbt-core~=1.11.0)
TAKE_DBT_1.12 = $(call pip_install,$(CONSTRAINED) metricflow python-dotenv) && \
	$(call pip_install,--no-deps dbt-core==$(DBT_1_12))

clean:
	rm -rf .venv .venv-* target logs data site
