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


rule answer:
    input:
        cells=lambda w: page.answer_cells(config, w.model),
        costs=lambda w: page.answer_costs(config, w.model, "main").values(),
        run_costs=lambda w: page.answer_run_costs(config, w.model, "main").values(),
        warnings=lambda w: page.answer_warnings(config, w.model, "main").values(),
    output:
        answer="results/{model}/answer.json",
        summary="results/{model}/summary.md",
        choose=page.choice_file("{model}"),
    log:
        "logs/answer/{model}.log",
    benchmark:
        "logs/benchmarks/answer/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: page.answer_flags(config, w.model, "main"),
        code=digests("answer"),
    shell:
        f"{JOB} python workflow/scripts/answer.py"
        " {params.flags} --cells {input.cells:q} --output {output.answer:q} --summary {output.summary:q}"
        " > {log:q} 2>&1"


use rule answer as answer_pair with:
    input:
        cells=f"results/{{model}}/cells/{experiments.PAIR}.parquet",
        costs=lambda w: page.answer_costs(config, w.model, experiments.PAIR).values(),
        warnings=lambda w: page.answer_warnings(config, w.model, experiments.PAIR).values(),
    output:
        answer="results/{model}/tms/answer.json",
        summary="results/{model}/tms/summary.md",
    log:
        "logs/answer_pair/{model}.log",
    benchmark:
        "logs/benchmarks/answer_pair/{model}.tsv"
    params:
        flags=lambda w: page.answer_flags(config, w.model, experiments.PAIR),
        code=digests("answer"),


rule report:
    input:
        generations=lambda w: page.reported_rows(config, w.model, "generations.parquet"),
        likelihoods=lambda w: page.reported_likelihoods(config, w.model),
        grades=lambda w: page.reported_rows(config, w.model, "grades.parquet"),
        answer="results/{model}/answer.json",
        choose=page.choice_file("{model}"),
        questions="results/{model}/questions.json",
        cells="results/{model}/cells/main.parquet",
        figures="results/figures/{model}",
        tables="results/tables/{model}",
        contamination=lambda w: paths.contamination_files(config, [w.model]).values(),
        warnings=lambda w: page.warning_files(config, w.model),
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
        " {params.flags} --answer {input.answer:q} --choose {input.choose:q} --questions {input.questions:q}"
        " --cells {input.cells:q} --figures {input.figures:q} --tables {input.tables:q}"
        " --contamination {input.contamination:q} --warnings {input.warnings:q} --rulings {input.rulings:q}"
        " --output {output:q} > {log:q} 2>&1"
