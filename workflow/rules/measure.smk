"""Every number of the experiments that compare methods, with its intervals and tests: results/…/cells."""


rule summarise:
    input:
        base_grades="results/{model}/base/grades.parquet",
        grades=measured_runs,
        drifts=lambda wildcards: method_files(wildcards, "drift.csv"),
        costs=lambda wildcards: method_files(wildcards, "cost.csv"),
    output:
        "results/{model}/cells/{experiment}.parquet",
    log:
        "logs/summarise/{model}/{experiment}.log",
    benchmark:
        "logs/benchmarks/summarise/{model}/{experiment}.tsv"
    wildcard_constraints:
        experiment=any_of(MEASURED),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            experiment=wildcards.experiment,
            model=wildcards.model,
            **suite_flags(wildcards.model),
            methods=measured_methods(wildcards),
            references=references(wildcards),
            settings=sweep_settings(wildcards),
            grades=measured_runs(wildcards, labelled=True),
            drifts=method_files(wildcards, "drift.csv", labelled=True),
            costs=method_files(wildcards, "cost.csv", labelled=True),
        ),
        code=digests("summarise"),
    shell:
        "python workflow/scripts/summarise.py {params.flags} --base-grades {input.base_grades}"
        " --output {output} > {log} 2>&1"
