"""From scores to the paper's table: one method beside the base, then all methods of a model."""


rule aggregate:
    input:
        base_scores="results/{model}/base/scores.json",
        base_grades="results/{model}/base/grades.parquet",
        scores=of_runs("scores.json"),
        grades=of_runs("grades.parquet"),
        drifts=of_runs("drift.json"),
        costs=lambda wildcards: sorted(set(method_costs(wildcards.model, wildcards.method).values())),
        contamination=lambda wildcards: [
            f"data/{task}/{suite_name(wildcards)}/contamination.json"
            for task in suite(wildcards.model).targets
        ],
    output:
        table="results/{model}/{method}/table.csv",
        scores="results/{model}/{method}/scores.csv",
        drift="results/{model}/{method}/drift.csv",
        intervals="results/{model}/{method}/intervals.csv",
        cost="results/{model}/{method}/cost.csv",
    log:
        "logs/aggregate/{model}/{method}.log",
    benchmark:
        "logs/benchmarks/aggregate/{model}/{method}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            method=wildcards.method,
            **suite_flags(wildcards.model),
            runs=of_runs("scores.json", labelled=True)(wildcards),
            grades=of_runs("grades.parquet", labelled=True)(wildcards),
            drifts=of_runs("drift.json", labelled=True)(wildcards),
            costs=[
                f"{label}={path}" for label, path in method_costs(wildcards.model, wildcards.method).items()
            ],
        ),
        code=digests("aggregate"),
    shell:
        "python workflow/scripts/aggregate.py {params.flags} --base-scores {input.base_scores}"
        " --base-grades {input.base_grades} --table {output.table} --scores {output.scores}"
        " --drift {output.drift} --intervals {output.intervals} --cost {output.cost}"
        " --contamination {input.contamination} > {log} 2>&1"


rule table:
    input:
        tables=of_methods("table.csv"),
        scores=of_methods("scores.csv"),
        costs=of_methods("cost.csv"),
    output:
        table="results/{model}/table.csv",
        cost="results/{model}/cost.csv",
    log:
        "logs/table/{model}.log",
    benchmark:
        "logs/benchmarks/table/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            methods=settings.table_methods(config),
        ),
        code=digests("table"),
    shell:
        "python workflow/scripts/table.py {params.flags} --tables {input.tables} --scores {input.scores}"
        " --costs {input.costs} --output {output.table} --cost {output.cost} > {log} 2>&1"


rule join_tables:
    input:
        [f"results/{model}/table.csv" for model in config["table"]["models"]],
    output:
        "results/table.csv",
    log:
        "logs/join_tables.log",
    benchmark:
        "logs/benchmarks/join_tables.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=flags(tables=[f"{model}=results/{model}/table.csv" for model in config["table"]["models"]]),
        code=digests("join_tables"),
    shell:
        "python workflow/scripts/join_tables.py {params.flags} --output {output} > {log} 2>&1"
