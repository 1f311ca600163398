"""Trajectory-Mixed Supervision: from prompts to the paper's tables. See README.md."""

from snakemake.utils import min_version

min_version("9.27")


configfile: "config/config.yaml"


include: "workflow/rules/common.smk"
include: "workflow/rules/inputs.smk"
include: "workflow/rules/devices.smk"
include: "workflow/rules/benchmarks.smk"
include: "workflow/rules/cost_inputs.smk"
include: "workflow/rules/data.smk"
include: "workflow/rules/contamination.smk"
include: "workflow/rules/teacher.smk"
include: "workflow/rules/train_inputs.smk"
include: "workflow/rules/train.smk"
include: "workflow/rules/on_policy_inputs.smk"
include: "workflow/rules/on_policy.smk"
include: "workflow/rules/harvest.smk"
include: "workflow/rules/mixture.smk"
include: "workflow/rules/evaluate.smk"
include: "workflow/rules/drift.smk"
include: "workflow/rules/table.smk"
include: "workflow/rules/measure_inputs.smk"
include: "workflow/rules/measure.smk"
include: "workflow/rules/diversity_inputs.smk"
include: "workflow/rules/diversity.smk"
include: "workflow/rules/diagnose_inputs.smk"
include: "workflow/rules/diagnose.smk"
include: "workflow/rules/curves_inputs.smk"
include: "workflow/rules/curves.smk"
include: "workflow/rules/compare_inputs.smk"
include: "workflow/rules/compare.smk"
include: "workflow/rules/figures_inputs.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/frontier_inputs.smk"
include: "workflow/rules/frontier.smk"
include: "workflow/rules/report_inputs.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/table.csv",
