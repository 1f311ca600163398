"""Diagnoses of the runs that there are: Theorem 6.1, the long runs (Table 1), what predicts forgetting (Figure 2)."""


def bound_runs(wildcards):
    """Run and samples for KL of each run of the experiment main: `method/task/seedN` -> path."""
    model = wildcards.model
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}/drift_samples.parquet"
        for method in config["experiments"]["main"]
        for task, seed in runs(model)
    }


def bound_benchmarks(wildcards):
    """Benchmarks that the samples for KL belong to: held-out prompts count as those of their target."""
    return [*suite(wildcards.model).targets, *suite(wildcards.model).retention]


rule bound:
    input:
        samples=lambda wildcards: list(bound_runs(wildcards).values()),
        punkt=lambda wildcards: punkt(bound_benchmarks(wildcards)),
    output:
        "results/{model}/cells/bound.parquet",
    log:
        "logs/bound/{model}.log",
    benchmark:
        "logs/benchmarks/bound/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        processes=config["compute"]["grading_processes"],
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            samples=[f"{label}={path}" for label, path in bound_runs(wildcards).items()],
            graders=[f"{name}={kind(name)}" for name in bound_benchmarks(wildcards)],
        ),
        code=lambda wildcards: digests("bound", graders(bound_benchmarks(wildcards))),
    shell:
        "python workflow/scripts/bound.py {params.flags} --processes {resources.processes}"
        " --output {output} > {log} 2>&1"
