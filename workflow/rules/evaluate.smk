"""Evaluation: completions of the benchmarks of a model's suite or the likelihood of their choices, what a judge
says of some, then the grades.

One job generates all benchmarks of a trained model (one engine start), so its output is one file with a
`benchmark` column: a rule's outputs cannot depend on which model it serves, and suites differ. Diversity
(Table 2) samples many answers to the prompts of a run's target.
"""

from tms.config.stages import evaluate

RUNS = paths.evaluated_runs(config)


rule generate:
    input:
        model=lambda w: evaluate.evaluated_folder(config, w.model, w.run),
        examples=lambda w: paths.test_files(evaluate.generated(config, w.model)).values(),
        simulator=lambda w: simulator_folder(config, evaluate.generated(config, w.model)),
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
        lambda w: hardware.environment(GENERATE["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **GENERATE,
    params:
        flags=lambda w: evaluate.generate_flags(config, w.model, w.run),
        code=digests("generate"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/generate.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel}"
        " --output {output.completions:q} --cost {output.cost:q} > {log:q} 2>&1"


rule likelihoods:
    input:
        model=lambda w: evaluate.evaluated_folder(config, w.model, w.run),
        examples=lambda w: paths.test_files(evaluate.by_likelihood(config, w.model)).values(),
    output:
        likelihoods="results/{model}/{run}/likelihoods.parquet",
        cost="results/{model}/{run}/likelihoods.cost.json",
    log:
        "logs/likelihoods/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/likelihoods/{model}/{run}.tsv"
    wildcard_constraints:
        run=RUNS,
    conda:
        lambda w: hardware.environment(PASS["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **PASS,
    params:
        flags=lambda w: evaluate.likelihoods_flags(config, w.model, w.run),
        code=digests("likelihoods"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/likelihoods.py"
        " {params.flags} --output {output.likelihoods:q} --cost {output.cost:q} > {log:q} 2>&1"


rule judge:
    input:
        model=lambda w: config["judges"][w.judge]["model"],
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
        lambda w: hardware.environment(JUDGE["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **JUDGE,
    params:
        flags=lambda w: evaluate.judge_flags(config, w.model, w.judge),
        code=lambda w: digests("judge", (f"tms.judges.{config['judges'][w.judge]['kind']}",)),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/judge.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --model {input.model:q}"
        " --generations {input.generations:q} --output {output.judgements:q} --cost {output.cost:q} > {log:q} 2>&1"


rule grade:
    input:
        generations="results/{model}/{run}/generations.parquet",
        likelihoods=lambda w: evaluate.likelihoods(config, w.model, w.run),
        judgements=lambda w: evaluate.judgements(config, w.model, w.run),
        punkt=lambda w: tasks.punkt(config, evaluate.generated(config, w.model)),
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
        **hardware.grading(config),
    params:
        flags=lambda w: evaluate.grade_flags(config, w.model, w.run),
        code=lambda w: digests("grade", tasks.grader_modules(config, evaluate.generated(config, w.model))),
    shell:
        f"{JOB} python workflow/scripts/grade.py"
        " {params.flags} --processes {resources.processes} --lost-rows {resources.lost_rows}"
        " --generations {input.generations:q} --grades {output.grades:q} --scores {output.scores:q}"
        f" {TELL}"


use rule generate as generate_samples with:
    input:
        model=lambda w: evaluate.evaluated_folder(config, w.model, w.run),
        examples=lambda w: paths.test_files(evaluate.sampled_tasks(config, w.model, w.run)).values(),
        simulator=lambda w: simulator_folder(config, evaluate.sampled_tasks(config, w.model, w.run)),
    output:
        completions="results/{model}/{run}/diversity/generations.parquet",
        cost="results/{model}/{run}/diversity/generations.cost.json",
    log:
        "logs/generate_samples/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/generate_samples/{model}/{run}.tsv"
    params:
        flags=lambda w: evaluate.sample_flags(config, w.model, w.run),
        code=digests("generate"),


use rule grade as grade_samples with:
    input:
        generations="results/{model}/{run}/diversity/generations.parquet",
        punkt=lambda w: tasks.punkt(config, evaluate.sampled_tasks(config, w.model, w.run)),
    output:
        grades="results/{model}/{run}/diversity/grades.parquet",
        scores="results/{model}/{run}/diversity/scores.json",
    log:
        "logs/grade_samples/{model}/{run}.log",
    benchmark:
        "logs/benchmarks/grade_samples/{model}/{run}.tsv"
    params:
        flags=lambda w: evaluate.sample_grade_flags(config, w.model, w.run),
        code=lambda w: digests(
            "grade", tasks.grader_modules(config, evaluate.sampled_tasks(config, w.model, w.run))
        ),
