"""Tables and figures from measured cells, of one model or of all models of `table.models`."""


rule draw_tables:
    input:
        cells=scope_cells,
        compare=scope_compare,
        contamination=lambda wildcards: scope_contamination(wildcards).values(),
    output:
        directory("results/tables/{scope}"),
    log:
        "logs/draw_tables/{scope}.log",
    benchmark:
        "logs/benchmarks/draw_tables/{scope}.tsv"
    wildcard_constraints:
        scope=any_of([TOGETHER, *config["models"]]),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=table_flags,
        code=digests("draw_tables"),
    shell:
        "python workflow/scripts/draw_tables.py {params.flags} --compare {input.compare}"
        " --output {output} > {log} 2>&1"


rule draw_figures:
    input:
        cells=scope_cells,
        compare=scope_compare,
    output:
        directory("results/figures/{scope}"),
    log:
        "logs/draw_figures/{scope}.log",
    benchmark:
        "logs/benchmarks/draw_figures/{scope}.tsv"
    wildcard_constraints:
        scope=any_of([TOGETHER, *config["models"]]),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=drawing_flags,
        code=digests("draw_figures"),
    shell:
        "python workflow/scripts/draw_figures.py {params.flags} --compare {input.compare}"
        " --output {output} > {log} 2>&1"
