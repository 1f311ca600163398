"""Curves of the on-policy runs as cells, for the figure of their training."""


rule curves:
    input:
        lambda wildcards: list(curve_files(wildcards).values()),
    output:
        "results/{model}/cells/training.parquet",
    log:
        "logs/curves/{model}.log",
    benchmark:
        "logs/benchmarks/curves/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(model=wildcards.model, curves=labelled(curve_files(wildcards))),
        code=digests("curves"),
    shell:
        "python workflow/scripts/curves.py {params.flags} --output {output} > {log} 2>&1"
