"""Diversity of sampled answers (Table 2, failure mode B): samples, their grades, Pass@K, votes, entropy."""


use rule generate as generate_samples with:
    input:
        model=evaluated_folders,
        examples=lambda wildcards: [f"data/{task}/test.parquet" for task in sampled_tasks(wildcards)],
    output:
        completions="results/{model}/{run}/diversity/generations.parquet",
        cost="results/{model}/{run}/diversity/generations.cost.json",
    log:
        "logs/generate_samples/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/generate_samples/{model}/{run}.tsv"
    params:
        flags=lambda wildcards: flags(
            **evaluated(wildcards),
            temperature=1.0,
            top_p=1.0,
            seed=config["evaluation"]["seed"],
            samples=settings.diagnose(config, wildcards.model, "diversity")["samples"],
            benchmarks=sampled_settings(wildcards, lambda task: f"data/{task}/test.parquet"),
            limits=sampled_settings(wildcards, lambda task: sampled_prompts(wildcards.model, task)),
            max_new_tokens=sampled_settings(wildcards, lambda task: config["tasks"][task]["max_new_tokens"]),
            **engine_flags("models", wildcards.model),
        ),
        code=digests("generate"),


use rule grade as grade_samples with:
    input:
        generations="results/{model}/{run}/diversity/generations.parquet",
        punkt=lambda wildcards: punkt(sampled_tasks(wildcards)),
    output:
        grades="results/{model}/{run}/diversity/grades.parquet",
        scores="results/{model}/{run}/diversity/scores.json",
    log:
        "logs/grade_samples/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/grade_samples/{model}/{run}.tsv"
    params:
        flags=lambda wildcards: flags(graders=sampled_settings(wildcards, kind)),
        code=lambda wildcards: digests("grade", graders(sampled_tasks(wildcards))),


rule diversity:
    input:
        samples=diversity_files("diversity/grades.parquet"),
        generations=diversity_files("diversity/generations.parquet"),
        greedy=diversity_files("grades.parquet"),
    output:
        "results/{model}/cells/diversity.parquet",
    log:
        "logs/diversity/{model}.log",
    benchmark:
        "logs/benchmarks/diversity/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        processes=config["compute"]["grading_processes"],
    params:
        flags=lambda wildcards: flags(
            model=wildcards.model,
            k=settings.diagnose(config, wildcards.model, "diversity")["k"],
            kinds=[f"{task}={kind(task)}" for task in suite(wildcards.model).targets],
            samples=diversity_files("diversity/grades.parquet", labelled=True)(wildcards),
            generations=diversity_files("diversity/generations.parquet", labelled=True)(wildcards),
            greedy=diversity_files("grades.parquet", labelled=True)(wildcards),
        ),
        code=digests("diversity"),
    shell:
        "python workflow/scripts/diversity.py {params.flags} --processes {resources.processes}"
        " --output {output} > {log} 2>&1"
