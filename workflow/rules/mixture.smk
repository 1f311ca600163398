"""Algorithm 1: the plan of what each visit trains on, the completions that it names, and the student's rows."""

from tms.config.stages import mixture


rule plan_mixture:
    input:
        references=lambda w: paths.teacher_file(config, w.model, w.task, "references.parquet"),
        heldout=lambda w: paths.teacher_file(config, w.model, w.task, "heldout_references.parquet"),
    output:
        f"{RUN}/plan.parquet",
    log:
        "logs/plan_mixture/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/plan_mixture/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.students(config)),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: mixture.plan_flags(config, **w),
        code=digests("plan_mixture"),
    shell:
        f"{JOB} python workflow/scripts/plan_mixture.py"
        " {params.flags} --references {input.references:q}"
        " --heldout-references {input.heldout:q} --output {output:q} > {log:q} 2>&1"


rule harvest:
    input:
        plan=f"{RUN}/plan.parquet",
        train=lambda w: paths.teacher_file(config, w.model, w.task, "references.parquet"),
        heldout=lambda w: paths.teacher_file(config, w.model, w.task, "heldout_references.parquet"),
        checkpoints=lambda w: mixture.harvested_folders(config, w.model, w.method, w.task, w.seed),
        images=lambda w: mixture.images(config, w.task),
        simulator=lambda w: simulator_folder(config, [w.task]),
    output:
        completions=f"{RUN}/harvest/part-{{part}}of{{parts}}.parquet",
        cost=f"{RUN}/harvest/part-{{part}}of{{parts}}.cost.json",
    log:
        "logs/harvest/{model}/{method}/{task}/seed{seed}/part-{part}of{parts}.log",
    benchmark:
        "logs/benchmarks/harvest/{model}/{method}/{task}/seed{seed}/part-{part}of{parts}.tsv"
    wildcard_constraints:
        method=any_of(study.students(config)),
    # Before more is trained, where checkpoints may go afterwards: else they pile up.
    priority: 1 if config["compute"]["keep_checkpoints"] == "needed" else 0
    conda:
        lambda w: hardware.environment(GENERATE["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **GENERATE,
    params:
        flags=lambda w: mixture.harvest_flags(config, **w),
        code=digests("harvest"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/harvest.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --plan {input.plan:q}"
        " --references train={input.train:q} heldout={input.heldout:q}"
        " --output {output.completions:q} --cost {output.cost:q} > {log:q} 2>&1"


rule build_mixture:
    input:
        plan=f"{RUN}/plan.parquet",
        references=lambda w: paths.teacher_file(config, w.model, w.task, "references.parquet"),
        heldout=lambda w: paths.teacher_file(config, w.model, w.task, "heldout_references.parquet"),
        harvest=lambda w: mixture.harvest_files(config, **w),
        punkt=lambda w: tasks.punkt(config, mixture.graded_tasks(config, w.model, w.method, w.task)),
    output:
        mixture=f"{RUN}/mixture.parquet",
        heldout=f"{RUN}/heldout_mixture.parquet",
    log:
        "logs/build_mixture/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/build_mixture/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.students(config)),
    conda:
        "../../envs/laptop.yaml"
    resources:
        **hardware.grading(config),
    params:
        flags=lambda w: mixture.build_flags(config, w.model, w.method, w.task),
        code=lambda w: digests(
            "build_mixture",
            tasks.grader_modules(config, mixture.graded_tasks(config, w.model, w.method, w.task)),
        ),
    shell:
        f"{JOB} python workflow/scripts/build_mixture.py"
        " {params.flags} --processes {resources.processes} --lost-rows {resources.lost_rows}"
        " --plan {input.plan:q}"
        " --references {input.references:q} --heldout-references {input.heldout:q} --harvest {input.harvest:q}"
        " --output {output.mixture:q} --heldout-output {output.heldout:q}"
        f" {TELL}"
