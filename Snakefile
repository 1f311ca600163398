"""Trajectory-Mixed Supervision: from prompts to the paper's tables. See README.md."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/resources.smk"
include: "workflow/rules/pretrain.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/teacher.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/mixture.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/drift.smk"
include: "workflow/rules/tables.smk"
include: "workflow/rules/experiments.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/table.csv",
