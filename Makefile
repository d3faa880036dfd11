# make demo   set up, then the whole product on the sample photos
# make test   set up, then every check that CI runs

VENV := .venv
BIN := $(VENV)/bin
export PATH := $(CURDIR)/$(BIN):$(PATH)
PYTHONS := $(or $(PYTHON),python3.13 python3.12 python3.11 python3)

.PHONY: demo test lint unit chromium test-myscale test-hostile test-dbt-v2 test-atlas bench-embed bench-page bench-search setup clean

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

lint: $(VENV)/.ready-dev
	ruff format --check adapters python sample benchmarks docs models notebooks
	ruff check adapters python sample benchmarks docs models notebooks
	mypy adapters/src python/photo_search models
	yamllint --strict .
	dbt --quiet --warn-error parse --no-partial-parse
	sqlfluff lint --disable-progress-bar analyses models tests
	python python/tests/lint_questions.py

unit: $(VENV)/.ready-dev chromium
	pytest

chromium: $(VENV)/.ready-dev
	@python python/tests/get_chromium.py

# ---------- the myscale target, end to end, on the server in MYSCALE_*, or on the stand-in
test-myscale: $(VENV)/.ready-dev
	pytest --numprocesses=0 python/tests/myscale

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

# ---------- benchmarks, which take minutes to hours
bench-embed: $(VENV)/.ready-dev
	python benchmarks/embed.py

bench-page: $(VENV)/.ready-dev
	python benchmarks/page.py
	python benchmarks/map.py

bench-search: $(VENV)/.ready-dev
	python benchmarks/search.py

# ---------- set-up: pip alone, versions from constraints.txt; Python compiles what it imports
PIP_INSTALL := $(BIN)/python -m pip install --quiet --no-compile --constraint constraints.txt

setup: $(VENV)/.ready

# The newest Python that answers and can make an environment; a shim of pyenv may be there and not answer.
IS_SUPPORTED := import ensurepip, sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))

$(BIN)/python:
	@for python in $(PYTHONS); do \
		if $$python -c '$(IS_SUPPORTED)' 2> /dev/null; then exec $$python -m venv $(VENV); fi; \
	done; \
	if command -v uv > /dev/null; then exec uv venv --quiet --seed --python '>=3.11,<3.14' $(VENV); fi; \
	echo "None of $(PYTHONS) is Python 3.11 to 3.13 with venv. Install one (Debian: apt install" \
		"python3 python3-venv; macOS: brew install python@3.13), or uv, which brings its own: https://docs.astral.sh/uv" >&2; \
	exit 1

$(VENV)/.ready: pyproject.toml adapters/pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable adapters --editable .
	touch $@

$(VENV)/.ready-dev: pyproject.toml adapters/pyproject.toml constraints.txt | $(BIN)/python
	$(PIP_INSTALL) --editable adapters --editable '.[dev]'
	touch $(VENV)/.ready $@

clean:
	rm -rf $(VENV) $(DBT_V2) $(ATLAS) target logs data
