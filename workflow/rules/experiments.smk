"""Every number of the experiments, with its intervals and tests: results/{model}/cells."""

from tms.config import experiment_groups
from tms.config.stages import experiments, frontier


rule summarise:
    input:
        base_grades="results/{model}/base/grades.parquet",
        grades=lambda w: experiments.summarise_files(config, **w).values(),
        drifts=lambda w: experiments.compared_files(config, **w, name="drift.csv").values(),
        intervals=lambda w: experiments.measured_files(config, **w).values(),
        updates=lambda w: experiments.update_files(config, **w).values(),
        health=lambda w: experiments.health_files(config, **w).values(),
        costs=lambda w: experiments.compared_files(config, **w, name="cost.csv").values(),
    output:
        "results/{model}/cells/{experiment}.parquet",
    log:
        "logs/summarise/{model}/{experiment}.log",
    benchmark:
        "logs/benchmarks/summarise/{model}/{experiment}.tsv"
    wildcard_constraints:
        experiment=any_of([*experiment_groups.SUMMARISED, experiments.PAIR]),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: experiments.summarise_flags(config, **w),
        code=digests("summarise"),
    shell:
        f"{JOB} python workflow/scripts/summarise.py"
        " {params.flags} --base-grades {input.base_grades:q} --output {output:q} > {log:q} 2>&1"


rule frontier:
    input:
        base_grades="results/{model}/base/grades.parquet",
        grades=lambda w: frontier.grade_files(config, w.model).values(),
        point_grades=lambda w: frontier.point_files(config, w.model).values(),
        updates=lambda w: frontier.update_files(config, w.model).values(),
        costs=lambda w: frontier.cost_files(config, w.model).values(),
    output:
        "results/{model}/cells/frontier.parquet",
    log:
        "logs/frontier/{model}.log",
    benchmark:
        "logs/benchmarks/frontier/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: frontier.frontier_flags(config, w.model),
        code=digests("frontier"),
    shell:
        f"{JOB} python workflow/scripts/frontier.py"
        " {params.flags} --base-grades {input.base_grades:q} --output {output:q} > {log:q} 2>&1"


rule diversity:
    input:
        samples=lambda w: experiments.diversity_files(config, w.model, "diversity/grades.parquet").values(),
        generations=lambda w: experiments.diversity_files(
            config, w.model, "diversity/generations.parquet"
        ).values(),
        greedy=lambda w: experiments.diversity_files(config, w.model, "grades.parquet").values(),
    output:
        "results/{model}/cells/diversity.parquet",
    log:
        "logs/diversity/{model}.log",
    benchmark:
        "logs/benchmarks/diversity/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        **hardware.grading(config),
    params:
        flags=lambda w: experiments.diversity_flags(config, w.model),
        code=digests("diversity"),
    shell:
        f"{JOB} python workflow/scripts/diversity.py"
        " {params.flags} --processes {resources.processes} --lost-rows {resources.lost_rows} --output {output:q}"
        f" {TELL}"


rule theorem61:
    input:
        samples=lambda w: experiments.bound_files(config, w.model).values(),
        punkt=lambda w: tasks.punkt(config, experiments.bound_benchmarks(config, w.model)),
    output:
        "results/{model}/cells/theorem61.parquet",
    log:
        "logs/theorem61/{model}.log",
    benchmark:
        "logs/benchmarks/theorem61/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        **hardware.grading(config),
    params:
        flags=lambda w: experiments.theorem61_flags(config, w.model),
        code=lambda w: digests(
            "theorem61", tasks.grader_modules(config, experiments.bound_benchmarks(config, w.model))
        ),
    shell:
        f"{JOB} python workflow/scripts/theorem61.py"
        " {params.flags} --processes {resources.processes} --lost-rows {resources.lost_rows} --output {output:q}"
        f" {TELL}"


rule mismatch:
    input:
        lambda w: experiments.mismatch_files(config, w.model),
        base="results/{model}/base/grades.parquet",
    output:
        "results/{model}/cells/mismatch.parquet",
    log:
        "logs/mismatch/{model}.log",
    benchmark:
        "logs/benchmarks/mismatch/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: experiments.mismatch_flags(config, w.model),
        code=digests("mismatch"),
    shell:
        f"{JOB} python workflow/scripts/mismatch.py"
        " {params.flags} --base-grades {input.base:q} --output {output:q} > {log:q} 2>&1"


rule correlations:
    input:
        lambda w: paths.cell_files(w.model, experiments.summarised(config, w.model)),
    output:
        "results/{model}/cells/correlations.parquet",
    log:
        "logs/correlations/{model}.log",
    benchmark:
        "logs/benchmarks/correlations/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: experiments.correlations_flags(config, w.model),
        code=digests("correlations"),
    shell:
        f"{JOB} python workflow/scripts/correlations.py {{params.flags}} --output {{output:q}} > {{log:q}} 2>&1"


rule training_curves:
    input:
        lambda w: experiments.curve_files(config, w.model).values(),
    output:
        "results/{model}/cells/training_curves.parquet",
    log:
        "logs/training_curves/{model}.log",
    benchmark:
        "logs/benchmarks/training_curves/{model}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: experiments.training_curves_flags(config, w.model),
        code=digests("training_curves"),
    shell:
        f"{JOB} python workflow/scripts/training_curves.py {{params.flags}} --output {{output:q}} > {{log:q}} 2>&1"
