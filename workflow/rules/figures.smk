"""Tables and figures from cells, and the paper's numbers beside ours: of one model, or of all of `table.models`."""

from tms.config.stages import figures


rule compare:
    input:
        cells=figures.compared_cells(config, figures.TOGETHER),
        contamination=figures.compared_contamination(config, figures.TOGETHER),
        paper=figures.PAPER_TABLES,
    output:
        "results/compare.csv",
    log:
        "logs/compare.log",
    benchmark:
        "logs/benchmarks/compare.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=figures.compare_flags(config, figures.TOGETHER),
        code=digests("compare"),
    shell:
        f"{JOB} python workflow/scripts/compare.py {{params.flags}} --output {{output:q}} > {{log:q}} 2>&1"


use rule compare as compare_model with:
    input:
        cells=lambda w: figures.compared_cells(config, w.model),
        contamination=lambda w: figures.compared_contamination(config, w.model),
        paper=figures.PAPER_TABLES,
    output:
        "results/{model}/compare.csv",
    log:
        "logs/compare/{model}.log",
    benchmark:
        "logs/benchmarks/compare/{model}.tsv"
    params:
        flags=lambda w: figures.compare_flags(config, w.model),
        code=digests("compare"),


rule draw_tables:
    input:
        cells=lambda w: figures.scope_cells(config, w.scope),
        compare=lambda w: figures.comparison_file(w.scope),
        contamination=lambda w: figures.contamination(config, w.scope).values(),
    output:
        directory("results/tables/{scope}"),
    log:
        "logs/draw_tables/{scope}.log",
    benchmark:
        "logs/benchmarks/draw_tables/{scope}.tsv"
    wildcard_constraints:
        scope=any_of([figures.TOGETHER, *config["models"]]),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: figures.table_flags(config, w.scope),
        code=digests("draw_tables"),
    shell:
        f"{JOB} python workflow/scripts/draw_tables.py"
        " {params.flags} --compare {input.compare:q}"
        " --output {output:q} > {log:q} 2>&1"


rule draw_figures:
    input:
        cells=lambda w: figures.scope_cells(config, w.scope),
        compare=lambda w: figures.comparison_file(w.scope),
    output:
        directory("results/figures/{scope}"),
    log:
        "logs/draw_figures/{scope}.log",
    benchmark:
        "logs/benchmarks/draw_figures/{scope}.tsv"
    wildcard_constraints:
        scope=any_of([figures.TOGETHER, *config["models"]]),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: figures.figure_flags(config, w.scope),
        code=digests("draw_figures"),
    shell:
        f"{JOB} python workflow/scripts/draw_figures.py"
        " {params.flags} --compare {input.compare:q}"
        " --output {output:q} > {log:q} 2>&1"


rule pilots:
    input:
        "results/tables/{model}",
    output:
        "results/{model}/pilots.csv",
    log:
        "logs/pilots/{model}.log",
    benchmark:
        "logs/benchmarks/pilots/{model}.tsv"
    wildcard_constraints:
        model=any_of(figures.pilot_models(config)),
    conda:
        "../../envs/laptop.yaml"
    params:
        code=digests("pilots"),
    shell:
        f"{JOB} python workflow/scripts/pilots.py --tables {{input:q}} --output {{output:q}} > {{log:q}} 2>&1"
