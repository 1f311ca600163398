"""Verdicts on the research questions, of a model and over the models, and a model's report: one HTML page."""

from tms.config.stages import report as page


rule questions:
    input:
        lambda w: figures.model_cells(config, w.model),
    output:
        "results/{model}/questions.json",
    log:
        "logs/questions/{model}.log",
    benchmark:
        "logs/benchmarks/questions/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: page.questions_flags(config, w.model),
        code=digests("questions"),
    shell:
        f"{JOB} python workflow/scripts/questions.py"
        " {params.flags} --cells {input:q} --output {output:q} > {log:q} 2>&1"


rule questions_all:
    input:
        page.main_cells(config),
    output:
        "results/questions.json",
    log:
        "logs/questions_all.log",
    benchmark:
        "logs/benchmarks/questions_all.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=page.questions_flags(config),
        code=digests("questions"),
    shell:
        f"{JOB} python workflow/scripts/questions.py"
        " {params.flags} --cells {input:q} --output {output:q} > {log:q} 2>&1"


rule report:
    input:
        generations=lambda w: page.reported_rows(config, w.model, "generations.parquet"),
        likelihoods=lambda w: page.reported_likelihoods(config, w.model),
        grades=lambda w: page.reported_rows(config, w.model, "grades.parquet"),
        questions="results/{model}/questions.json",
        cells="results/{model}/cells/main.parquet",
        figures="results/figures/{model}",
        tables="results/tables/{model}",
        contamination=lambda w: paths.contamination_files(config, [w.model]).values(),
        warnings=lambda w: page.warning_files(config, w.model),
        dag="docs/dag.svg",
        rulings="docs/method.md",
        template=expand(f"{paths.TEMPLATES}/report.{{ending}}", ending=["html.j2", "css", "js"]),
    output:
        "results/{model}/report.html",
    log:
        "logs/report/{model}.log",
    benchmark:
        "logs/benchmarks/report/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: page.report_flags(config, w.model),
        code=digests("report"),
    shell:
        f"{JOB} python workflow/scripts/report.py"
        " {params.flags} --questions {input.questions:q} --cells {input.cells:q}"
        " --figures {input.figures:q} --tables {input.tables:q}"
        " --contamination {input.contamination:q} --warnings {input.warnings:q} --dag {input.dag:q} --rulings {input.rulings:q}"
        " --output {output:q} > {log:q} 2>&1"
