"""A model's verdicts on the research questions, and its report: one HTML page."""

TEMPLATES = "workflow/templates"


def suite_entry(model):
    return config["suites"][config["models"][model]["suite"]]


def question_cells(wildcards):
    """Cells of every experiment that a model has, and of the diagnoses that need none of their own."""
    names = [*settings.experiments(config, wildcards.model), "bound", "relations"]
    # Windows at matched accuracy come with the frontier.
    return [f"results/{wildcards.model}/cells/{name}.parquet" for name in dict.fromkeys(names)]


def report_runs(wildcards):
    """Runs whose rows the page shows: those of the experiment main, `method/task/seedN` -> folder."""
    model = wildcards.model
    return {
        f"{method}/{task}/seed{seed}": f"results/{model}/{method}/{task}/seed{seed}"
        for method in settings.experiments(config, model)["main"]
        for task, seed in runs(model)
    }


def report_rows(wildcards, name):
    folders = [f"results/{wildcards.model}/base", *report_runs(wildcards).values()]
    return [f"{folder}/{name}.parquet" for folder in folders]


def report_settings(wildcards):
    """The settings behind a model's results, as the page prints them."""
    model = wildcards.model
    entry = config["models"][model]
    methods = settings.model_methods(config, model)
    return {
        "model": entry,
        "teacher": config["teachers"][entry["teacher"]],
        "suite": suite_entry(model),
        "experiments": settings.experiments(config, model),
        "methods": {name: config["methods"][name] for name in methods},
        "tasks": {name: config["tasks"][name] for name in settings.benchmarks(config, model)},
        **{name: config[name] for name in ("training", "tms", "harvest", "evaluation", "drift", "diagnose")},
    }


rule questions:
    input:
        question_cells,
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


rule report:
    input:
        generations=lambda wildcards: report_rows(wildcards, "generations"),
        verdicts=lambda wildcards: report_rows(wildcards, "verdicts"),
        questions="results/{model}/questions.json",
        cells="results/{model}/cells/main.parquet",
        figures="results/figures/{model}/index.json",
        tables="results/tables/{model}/index.json",
        cost="results/{model}/cost.csv",
        contamination=lambda wildcards: [
            f"data/{task}/{suite_name(wildcards)}/contamination.json"
            for task in suite(wildcards.model).targets
        ],
        dag="docs/dag.svg",
        rulings="docs/paper.md",
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
        " --figures {input.figures} --tables {input.tables} --cost {input.cost}"
        " --contamination {input.contamination} --dag {input.dag} --rulings {input.rulings}"
        " --output {output} > {log} 2>&1"
