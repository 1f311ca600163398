"""The gate before any training: rows that an evaluation set holds too are removed, or the run stops."""


rule decontaminate:
    input:
        train="data/{task}/train.parquet",
        heldout="data/{task}/heldout.parquet",
        tests=lambda wildcards: [pair.partition("=")[2] for pair in test_files(wildcards)],
    output:
        train="data/{task}/{suite}/train.parquet",
        heldout="data/{task}/{suite}/heldout.parquet",
        report="data/{task}/{suite}/overlap.json",
    log:
        "logs/decontaminate/{task}/{suite}.log",
    benchmark:
        "logs/benchmarks/decontaminate/{task}/{suite}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            task=wildcards.task, keep=kept_pairs(wildcards), benchmarks=test_files(wildcards)
        ),
        code=digests("decontaminate"),
    shell:
        "python workflow/scripts/decontaminate.py {params.flags} --train {input.train} --heldout {input.heldout}"
        " --output {output.train} --heldout-output {output.heldout} --report {output.report} > {log} 2>&1"


rule contamination_gate:
    input:
        "data/{task}/{suite}/overlap.json",
    output:
        report="data/{task}/{suite}/contamination.json",
        table="data/{task}/{suite}/contamination.csv",
    log:
        "logs/contamination_gate/{task}/{suite}.log",
    benchmark:
        "logs/benchmarks/contamination_gate/{task}/{suite}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            max_share=config["contamination"]["max_share"],
            accept=reasons(wildcards, "accepted"),
            keep=reasons(wildcards, "kept"),
        ),
        code=digests("contamination_gate"),
    shell:
        "python workflow/scripts/contamination_gate.py {params.flags} --report {input}"
        " --output {output.report} --table {output.table} > {log} 2>&1"
