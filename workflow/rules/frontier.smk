"""The frontier control: TMS against tuned SFT on one plane, and the windows at matched target accuracy."""


rule frontier:
    input:
        base_verdicts="results/{model}/base/verdicts.parquet",
        verdicts=frontier_files("verdicts.parquet"),
        point_verdicts=frontier_files("points/verdicts.parquet"),
    output:
        "results/{model}/cells/frontier.parquet",
    log:
        "logs/frontier/{model}.log",
    benchmark:
        "logs/benchmarks/frontier/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=frontier_flags,
        code=digests("frontier"),
    shell:
        "python workflow/scripts/frontier.py {params.flags} --base-verdicts {input.base_verdicts}"
        " --output {output} > {log} 2>&1"
