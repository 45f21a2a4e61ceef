# The same recipes for people and for CI. `make demo` and `make test` set up all they need.
PYTHON ?= python3
BIN := .venv/bin
PIP := $(BIN)/python -m pip --disable-pip-version-check -q
PYTEST := $(BIN)/python -m pytest -n 2 --dist worksteal

.PHONY: demo demo-train demo-evaluate ablation-demo test test-slow check bench wheel clean

demo: .venv/.demo  ## build the quick-start corpus and say where the report is
	$(BIN)/curate build quickstart
	@echo "The report: build/quickstart/README.md, audit.json, ledger.parquet"

demo-train: .venv/.demo-train  ## the same, then a small model of it, in a few minutes
	$(BIN)/curate build quickstart
	$(BIN)/curate train --corpus build/quickstart --recipe gpt-bert-proxy --out runs/first --resume

demo-evaluate: demo-train  ## the same, then the model's score on pairs in the words of its own corpus
	$(BIN)/curate evaluate runs/first --corpus build/quickstart

ablation-demo: .venv/.demo-train  ## does a change of data help? nine small models and a report, in a few minutes
	$(BIN)/curate ablate corpora_manifests/ablations/demo.yaml --out ablations/demo

test: .venv/.dev  ## all tests but the slow ones
	$(PYTEST) -m "not slow and not benchmark"

test-slow: .venv/.dev .venv-hf4/.ready  ## only the slow ones
	$(PYTEST) -m slow

check: .venv/.dev  ## lint, format, types, layers, spelling, fast tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(PYTEST) tests/unit tests/contract -m "not slow and not shared and not benchmark" -q

bench: .venv/.dev .venv-bench/.peers  ## against peers, in one run (needs the real data, and an hour)
	.venv-bench/bin/python -m tests.benchmark.bench_build --sizes 5M,20M,100M --curate $(CURDIR)/$(BIN)/curate
	$(BIN)/python -m tests.benchmark.bench_train
	@if [ -n "$$CURATE_BLIMP" ]; then $(BIN)/python -m tests.benchmark.bench_evaluate; else \
	echo "evaluation is not measured: set CURATE_BLIMP, CURATE_ZORRO, CURATE_OFFICIAL_EVALUATION (tests/benchmark/README.md)"; fi
	$(BIN)/python -m pytest tests/benchmark -m benchmark --benchmark-only --benchmark-columns=min,median,rounds -q -p no:cacheprovider

wheel: .venv/.dev  ## build the wheel and try it in an environment of its own
	rm -rf build/wheel build/wheel-venv
	$(BIN)/python -m build --wheel --outdir build/wheel . > /dev/null
	$(PYTHON) -m venv build/wheel-venv
	build/wheel-venv/bin/python -m pip --disable-pip-version-check -q install -c constraints.txt "$$(ls build/wheel/*.whl)[demo,evaluate]"
	cd build && wheel-venv/bin/curate build quickstart --locked --force --out wheel-quickstart
	test "$$(cat build/wheel-quickstart/text/*.train | wc -w)" -eq 400000
	cd build && wheel-venv/bin/curate train --corpus wheel-quickstart --recipe gpt-bert-proxy --max-words 30000 --force --out wheel-run
	test -f build/wheel-run/model/modeling_curate.py
	cd build && wheel-venv/bin/curate evaluate wheel-run --limit 4 --force --out wheel-evaluation
	test -f build/wheel-evaluation/main/mntp/results.json

.venv/bin/python:
	$(PYTHON) -m venv .venv

.venv/.demo: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[demo]"
	@touch $@

.venv/.demo-train: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[demo,evaluate]"
	@touch $@

.venv/.dev: .venv/bin/python pyproject.toml constraints.txt
	$(PIP) install -c constraints.txt -e ".[dev]"
	@touch $@ .venv/.demo .venv/.demo-train

.venv-hf4/.ready:  # transformers 4.51.3, which the BabyLM evaluation pins: exports must load there too
	$(PYTHON) -m venv .venv-hf4
	.venv-hf4/bin/python -m pip --disable-pip-version-check -q install torch==2.13.0
	.venv-hf4/bin/python -m pip --disable-pip-version-check -q install transformers==4.51.3 'huggingface_hub<1' safetensors numpy
	@touch $@

.venv-bench/.peers: tests/benchmark/requirements-peers.txt
	$(PYTHON) -m venv .venv-bench
	.venv-bench/bin/python -m pip --disable-pip-version-check -q install -r $<
	@touch $@

clean:
	rm -rf build dist .curate-cache .benchmarks .pytest_cache .mypy_cache .ruff_cache .import_linter_cache
