"""Verdicts on the research questions, of a model and over the models, and a model's report: one HTML page."""


rule questions:
    input:
        lambda wildcards: model_cells(wildcards.model),
    output:
        "results/{model}/questions.json",
    log:
        "logs/questions/{model}.log",
    benchmark:
        "logs/benchmarks/questions/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model, suite=json.dumps(suite_entry(wildcards.model), sort_keys=True)
        ),
        code=digests("questions"),
    shell:
        "python workflow/scripts/questions.py {params.flags} --cells {input} --output {output} > {log} 2>&1"


rule questions_all:
    input:
        compared_cells,
    output:
        "results/questions.json",
    log:
        "logs/questions_all.log",
    benchmark:
        "logs/benchmarks/questions_all.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        # All models of a table have the columns of the first.
        flags=flags(suite=json.dumps(suite_entry(config["table"]["models"][0]), sort_keys=True)),
        code=digests("questions"),
    shell:
        "python workflow/scripts/questions.py {params.flags} --cells {input} --output {output} > {log} 2>&1"


rule report:
    input:
        generations=lambda wildcards: report_rows(wildcards, "generations"),
        grades=lambda wildcards: report_rows(wildcards, "grades"),
        questions="results/{model}/questions.json",
        cells="results/{model}/cells/main.parquet",
        figures="results/figures/{model}",
        tables="results/tables/{model}",
        contamination=lambda wildcards: [
            f"data/{task}/{suite_name(wildcards)}/contamination.json"
            for task in suite(wildcards.model).targets
        ],
        dag="docs/dag.svg",
        rulings="docs/method.md",
        template=expand(f"{TEMPLATES}/report.{{ending}}", ending=["html.j2", "css", "js"]),
    output:
        "results/{model}/report.html",
    log:
        "logs/report/{model}.log",
    benchmark:
        "logs/benchmarks/report/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            settings=json.dumps(report_settings(wildcards), sort_keys=True),
            base=f"results/{wildcards.model}/base",
            runs=[f"{label}={folder}" for label, folder in report_runs(wildcards).items()],
            templates=TEMPLATES,
        ),
        code=digests("report"),
    shell:
        "python workflow/scripts/report.py {params.flags} --questions {input.questions} --cells {input.cells}"
        " --figures {input.figures} --tables {input.tables}"
        " --contamination {input.contamination} --dag {input.dag} --rulings {input.rulings}"
        " --output {output} > {log} 2>&1"
