"""The frontier control: TMS against tuned SFT on one plane, and the windows at matched target accuracy."""


rule frontier:
    input:
        base_grades="results/{model}/base/grades.parquet",
        grades=frontier_files("grades.parquet"),
        point_grades=frontier_files("points/grades.parquet"),
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
        "python workflow/scripts/frontier.py {params.flags} --base-grades {input.base_grades}"
        " --output {output} > {log} 2>&1"
