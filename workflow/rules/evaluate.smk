"""Evaluation: completions of every benchmark of a model's suite, what a judge says of some, then the grades.

One job generates all benchmarks of a trained model (one engine start), so its output is one file with a
`benchmark` column: a rule's outputs cannot depend on which model it serves, and suites differ.
"""


rule generate:
    input:
        model=evaluated_folders,
        examples=lambda wildcards: [
            f"data/{name}/test.parquet" for name in settings.benchmarks(config, wildcards.model)
        ],
    output:
        completions="results/{model}/{run}/generations.parquet",
        cost="results/{model}/{run}/generations.cost.json",
    log:
        "logs/generate/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/generate/{model}/{run}.tsv"
    wildcard_constraints:
        run=RUNS,
    conda:
        environment(generate_gpus)
    threads: config["compute"]["threads"]
    resources:
        gpu=generate_gpus,
        cpus_per_task=cores(generate_gpus),
        mem_mb=mem_mb("models", generate_gpus),
        tensor_parallel=tensor_parallel(generate_gpus),
    params:
        flags=lambda wildcards: flags(
            **evaluated(wildcards),
            **config["evaluation"],
            benchmarks=[
                f"{name}=data/{name}/test.parquet" for name in settings.benchmarks(config, wildcards.model)
            ],
            limits=benchmark_settings(wildcards.model, "limit"),
            max_new_tokens=benchmark_settings(wildcards.model, "max_new_tokens"),
            **engine_flags("models", wildcards.model),
        ),
        code=digests("generate"),
    shell:
        f"{LEASE} python workflow/scripts/generate.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel}"
        " --output {output.completions} --cost {output.cost} > {log} 2>&1"


rule judge:
    input:
        model=lambda wildcards: config["judges"][wildcards.judge]["model"],
        generations="results/{model}/{run}/generations.parquet",
    output:
        judgements="results/{model}/{run}/judgements/{judge}.parquet",
        cost="results/{model}/{run}/judgements/{judge}.cost.json",
    log:
        "logs/judge/{model}/{run}/{judge}.log",
    benchmark:
        "logs/benchmarks/judge/{model}/{run}/{judge}.tsv"
    wildcard_constraints:
        run=RUNS,
    conda:
        environment(judge_gpus)
    threads: config["compute"]["threads"]
    resources:
        gpu=judge_gpus,
        cpus_per_task=cores(judge_gpus),
        mem_mb=mem_mb("judges", judge_gpus),
        tensor_parallel=tensor_parallel(judge_gpus),
    params:
        flags=lambda wildcards: flags(
            judge=config["judges"][wildcards.judge]["kind"],
            benchmarks=judged(wildcards.model)[wildcards.judge],
            temperature=0.0,
            max_new_tokens=config["judges"][wildcards.judge]["max_new_tokens"],
            **engine_flags("judges", wildcards.judge),
        ),
        code=lambda wildcards: digests("judge", (f"tms.judges.{config['judges'][wildcards.judge]['kind']}",)),
    shell:
        f"{LEASE} python workflow/scripts/judge.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --model {input.model}"
        " --generations {input.generations} --output {output.judgements} --cost {output.cost} > {log} 2>&1"


rule grade:
    input:
        generations="results/{model}/{run}/generations.parquet",
        judgements=judgements,
        punkt=lambda wildcards: punkt(settings.benchmarks(config, wildcards.model)),
    output:
        grades="results/{model}/{run}/grades.parquet",
        scores="results/{model}/{run}/scores.json",
    log:
        "logs/grade/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/grade/{model}/{run}.tsv"
    wildcard_constraints:
        run=RUNS,
    conda:
        "../../envs/laptop.yaml"
    resources:
        processes=config["compute"]["grading_processes"],
    params:
        flags=lambda wildcards: flags(
            graders=[f"{name}={kind(name)}" for name in settings.benchmarks(config, wildcards.model)],
            judged=[name for names in judged(wildcards.model).values() for name in names] or None,
            judgements=judgements(wildcards) or None,
        ),
        code=lambda wildcards: digests("grade", graders(settings.benchmarks(config, wildcards.model))),
    shell:
        "python workflow/scripts/grade.py {params.flags} --processes {resources.processes}"
        " --generations {input.generations} --grades {output.grades} --scores {output.scores} > {log} 2>&1"
