"""The student's training rows: the plan joined with what was harvested."""


def harvest_parts(wildcards, suffix="parquet"):
    parts = harvest_settings(wildcards)["parts"]
    return [
        f"{RUN}/harvest/part-{part}of{parts}.{suffix}".format(**wildcards) for part in range(1, parts + 1)
    ]


def kept_by_grader(wildcards):
    """The task's kind where only completions that the grader accepts are trained on, else None."""
    return kind(wildcards.task) if harvest_settings(wildcards)["keep"] == "correct" else None


rule build_mixture:
    input:
        plan=f"{RUN}/plan.parquet",
        references=lambda wildcards: teacher_file(wildcards, "references.parquet"),
        heldout=lambda wildcards: teacher_file(wildcards, "heldout_references.parquet"),
        harvest=harvest_parts,
    output:
        mixture=f"{RUN}/mixture.parquet",
        heldout=f"{RUN}/heldout_mixture.parquet",
    log:
        "logs/build_mixture/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/build_mixture/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(STUDENTS),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            keep=harvest_settings(wildcards)["keep"], grader=kept_by_grader(wildcards)
        ),
        code=lambda wildcards: digests(
            "build_mixture", graders([wildcards.task]) if kept_by_grader(wildcards) else ()
        ),
    shell:
        "python workflow/scripts/build_mixture.py {params.flags} --processes {config[compute][grading_processes]}"
        " --plan {input.plan}"
        " --references {input.references} --heldout-references {input.heldout} --harvest {input.harvest}"
        " --output {output.mixture} --heldout-output {output.heldout} > {log} 2>&1"
