"""From scores to the paper's table: one method beside the base, then all methods of a model."""


def runs(model):
    """The runs behind a method's table: (target task, seed)."""
    return [(task, seed) for task in suite(model)["targets"] for seed in config["models"][model]["seeds"]]


def of_runs(name, labelled=False):
    """Input function: a file of each run; `labelled` puts `task/seedN=` before it, for a flag."""

    def files(wildcards):
        found = []
        for task, seed in runs(wildcards.model):
            path = f"results/{wildcards.model}/{wildcards.method}/{task}/seed{seed}/{name}"
            found.append(f"{task}/seed{seed}={path}" if labelled else path)
        return found

    return files


rule aggregate:
    input:
        base_scores="results/{model}/base/scores.json",
        base_verdicts="results/{model}/base/verdicts.parquet",
        scores=of_runs("scores.json"),
        verdicts=of_runs("verdicts.parquet"),
        drifts=of_runs("drift.json"),
    output:
        table="results/{model}/{method}/table.csv",
        scores="results/{model}/{method}/scores.csv",
        drift="results/{model}/{method}/drift.csv",
        intervals="results/{model}/{method}/intervals.csv",
    log:
        "logs/aggregate/{model}/{method}.log",
    benchmark:
        "logs/benchmarks/aggregate/{model}/{method}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            method=wildcards.method,
            targets=suite(wildcards.model)["targets"],
            retention=suite(wildcards.model)["retention"],
            runs=of_runs("scores.json", labelled=True)(wildcards),
            verdicts=of_runs("verdicts.parquet", labelled=True)(wildcards),
            drifts=of_runs("drift.json", labelled=True)(wildcards),
        ),
        code=digests("aggregate"),
    shell:
        "python workflow/scripts/aggregate.py {params.flags} --base-scores {input.base_scores}"
        " --base-verdicts {input.base_verdicts} --table {output.table} --scores {output.scores}"
        " --drift {output.drift} --intervals {output.intervals} > {log} 2>&1"


def cost_files(wildcards):
    """Label and cost file of everything that each method depends on: `method/stage/task/seedN` -> path."""
    found = {}
    for method in config["methods"]:
        for task, seed in runs(wildcards.model):
            run = f"results/{wildcards.model}/{method}/{task}/seed{seed}"
            teacher = config["models"][wildcards.model]["teacher"]
            found[f"{method}/teacher/{task}/seed{seed}"] = f"data/{task}/{teacher}/samples.cost.json"
            if method in SFT_METHODS:
                found[f"{method}/sft/{task}/seed{seed}"] = f"{run}/train.cost.json"
                continue
            tms = settings.section(config, "tms", wildcards.model, method)
            harvest = settings.section(config, "harvest", wildcards.model, method)
            trajectory = f"results/{wildcards.model}/{tms['trajectory']}/{task}/seed{seed}"
            if settings.supervision(config, wildcards.model, method).points != (checkpoints.BASE,):
                found[f"{method}/sft/{task}/seed{seed}"] = f"{trajectory}/train.cost.json"
            for part in range(1, harvest["parts"] + 1):
                name = f"harvest{part}" if harvest["parts"] > 1 else "harvest"
                found[f"{method}/{name}/{task}/seed{seed}"] = (
                    f"{run}/harvest/part-{part}of{harvest['parts']}.cost.json"
                )
            found[f"{method}/student/{task}/seed{seed}"] = f"{run}/train.cost.json"
    return found


rule table:
    input:
        tables=lambda wildcards: [f"results/{wildcards.model}/{name}/table.csv" for name in config["methods"]],
        scores=lambda wildcards: [
            f"results/{wildcards.model}/{name}/scores.csv" for name in config["methods"]
        ],
        costs=lambda wildcards: sorted(set(cost_files(wildcards).values())),
    output:
        table="results/{model}/table.csv",
        cost="results/{model}/cost.csv",
    log:
        "logs/table/{model}.log",
    benchmark:
        "logs/benchmarks/table/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            methods=list(config["methods"]),
            costs=[f"{label}={path}" for label, path in cost_files(wildcards).items()],
        ),
        code=digests("table"),
    shell:
        "python workflow/scripts/table.py {params.flags} --tables {input.tables} --scores {input.scores}"
        " --output {output.table} --cost {output.cost} > {log} 2>&1"
