"""From scores to the paper's table: one method beside the base, then all methods of a model, then all models."""

from tms.config.stages import tables


rule aggregate:
    input:
        base_scores="results/{model}/base/scores.json",
        base_grades="results/{model}/base/grades.parquet",
        scores=lambda w: tables.method_runs(config, w.model, w.method, "scores.json").values(),
        grades=lambda w: tables.method_runs(config, w.model, w.method, "grades.parquet").values(),
        drifts=lambda w: tables.method_runs(config, w.model, w.method, "drift.json").values(),
        costs=lambda w: sorted(set(tables.method_costs(config, w.model, w.method).values())),
        contamination=lambda w: paths.contamination_files(config, [w.model]).values(),
        health=lambda w: tables.health_files(config, w.model, w.method).values(),
    output:
        table="results/{model}/{method}/table.csv",
        scores="results/{model}/{method}/scores.csv",
        drift="results/{model}/{method}/drift.csv",
        intervals="results/{model}/{method}/intervals.csv",
        cost="results/{model}/{method}/cost.csv",
        warnings="results/{model}/{method}/warnings.json",
    log:
        "logs/aggregate/{model}/{method}.log",
    benchmark:
        "logs/benchmarks/aggregate/{model}/{method}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: tables.aggregate_flags(config, w.model, w.method),
        code=digests("aggregate"),
    shell:
        f"{JOB} python workflow/scripts/aggregate.py"
        " {params.flags} --base-scores {input.base_scores:q}"
        " --base-grades {input.base_grades:q} --table {output.table:q} --scores {output.scores:q}"
        " --drift {output.drift:q} --intervals {output.intervals:q} --cost {output.cost:q}"
        " --contamination {input.contamination:q} --warnings {output.warnings:q}"
        f" {TELL}"


rule table:
    input:
        tables=lambda w: tables.table_files(config, w.model, "table.csv"),
        intervals=lambda w: tables.table_files(config, w.model, "intervals.csv"),
        costs=lambda w: tables.table_files(config, w.model, "cost.csv"),
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
        flags=lambda w: flags(methods=study.table_methods(config, w.model)),
        code=digests("table"),
    shell:
        f"{JOB} python workflow/scripts/table.py"
        " {params.flags} --tables {input.tables:q} --intervals {input.intervals:q}"
        " --costs {input.costs:q} --output {output.table:q} --cost {output.cost:q} > {log:q} 2>&1"


rule join_tables:
    input:
        tables.model_tables(config).values(),
    output:
        "results/table.csv",
    log:
        "logs/join_tables.log",
    benchmark:
        "logs/benchmarks/join_tables.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=flags(tables=labelled(tables.model_tables(config))),
        code=digests("join_tables"),
    shell:
        f"{JOB} python workflow/scripts/join_tables.py {{params.flags}} --output {{output:q}} > {{log:q}} 2>&1"
