"""Every number of the experiments that compare methods, with its intervals and tests: results/…/cells."""


rule measure:
    input:
        base_verdicts="results/{model}/base/verdicts.parquet",
        verdicts=measured_runs,
        drifts=lambda wildcards: method_files(wildcards, "drift.csv"),
        costs=lambda wildcards: method_files(wildcards, "cost.csv"),
    output:
        "results/{model}/cells/{experiment}.parquet",
    log:
        "logs/measure/{model}/{experiment}.log",
    benchmark:
        "logs/benchmarks/measure/{model}/{experiment}.tsv"
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
            verdicts=measured_runs(wildcards, labelled=True),
            drifts=method_files(wildcards, "drift.csv", labelled=True),
            costs=method_files(wildcards, "cost.csv", labelled=True),
        ),
        code=digests("measure"),
    shell:
        "python workflow/scripts/measure.py {params.flags} --base-verdicts {input.base_verdicts}"
        " --output {output} > {log} 2>&1"
