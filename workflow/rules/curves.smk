"""Curves of the on-policy runs as cells, for the figure of their training."""


rule training_curves:
    input:
        lambda wildcards: list(curve_files(wildcards).values()),
    output:
        "results/{model}/cells/training.parquet",
    log:
        "logs/training_curves/{model}.log",
    benchmark:
        "logs/benchmarks/training_curves/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(model=wildcards.model, curves=labelled(curve_files(wildcards))),
        code=digests("training_curves"),
    shell:
        "python workflow/scripts/training_curves.py {params.flags} --output {output} > {log} 2>&1"
