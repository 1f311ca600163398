"""Diagnoses of the runs that there are: Theorem 6.1, the long runs (Table 1), what predicts forgetting (Figure 2)."""


rule theorem61:
    input:
        samples=lambda wildcards: list(bound_runs(wildcards).values()),
        punkt=lambda wildcards: punkt(bound_benchmarks(wildcards)),
    output:
        "results/{model}/cells/bound.parquet",
    log:
        "logs/theorem61/{model}.log",
    benchmark:
        "logs/benchmarks/theorem61/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        processes=config["compute"]["grading_processes"],
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            samples=labelled(bound_runs(wildcards)),
            graders=[f"{name}={kind(name)}" for name in bound_benchmarks(wildcards)],
        ),
        code=lambda wildcards: digests("theorem61", graders(bound_benchmarks(wildcards))),
    shell:
        "python workflow/scripts/theorem61.py {params.flags} --processes {resources.processes}"
        " --output {output} > {log} 2>&1"


rule mismatch:
    input:
        lambda wildcards: [
            path for name in LONG_RUN_FILES.values() for path in long_runs(wildcards, name).values()
        ],
        base="results/{model}/base/grades.parquet",
    output:
        "results/{model}/cells/mismatch.parquet",
    log:
        "logs/mismatch/{model}.log",
    benchmark:
        "logs/benchmarks/mismatch/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            retention=suite(wildcards.model).retention,
            **{flag: labelled(long_runs(wildcards, name)) for flag, name in LONG_RUN_FILES.items()},
        ),
        code=digests("mismatch"),
    shell:
        "python workflow/scripts/mismatch.py {params.flags} --base-grades {input.base}"
        " --output {output} > {log} 2>&1"


rule correlations:
    input:
        lambda wildcards: [
            f"results/{wildcards.model}/cells/{name}.parquet" for name in summarised(wildcards.model)
        ],
    output:
        "results/{model}/cells/relations.parquet",
    log:
        "logs/correlations/{model}.log",
    benchmark:
        "logs/benchmarks/correlations/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            kinds=[
                f"{method}={config['methods'][method]['kind']}"
                for method in summarised_methods(wildcards.model)
            ],
            recipes=labelled(recipes(config, wildcards.model, summarised_methods(wildcards.model))),
            cells=[
                f"results/{wildcards.model}/cells/{name}.parquet" for name in summarised(wildcards.model)
            ],
        ),
        code=digests("correlations"),
    shell:
        "python workflow/scripts/correlations.py {params.flags} --output {output} > {log} 2>&1"
