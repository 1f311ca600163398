"""Training: SFT with its checkpoints, the students, the on-policy methods on SFT's prompts; and averages of weights."""

from tms.config.stages import train

# A run's checkpoints before its end, which may go after their last use. One folder, since a rule's outputs cannot
# depend on its wildcards, and models and methods differ in what they save.
TRAJECTORY = directory(f"{RUN}/trajectory")
if config["compute"]["keep_checkpoints"] != "all":
    TRAJECTORY = temp(TRAJECTORY)


rule train_sft:
    input:
        model=lambda w: config["models"][w.model]["base"],
        rows=lambda w: paths.teacher_file(config, w.model, w.task, "references.parquet"),
        heldout=lambda w: train.heldout(config, w.model, w.method, w.task),
        general=lambda w: general.answers(config, w.model, w.method),
        images=lambda w: train.images(config, w.model, w.method, w.task),
        tests=lambda w: ancient([*train.evaluated_prompts(config, w.model).values()]),
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{FINAL}"),
        trajectory=TRAJECTORY,
        cost=f"{RUN}/train.cost.json",
        updates=f"{RUN}/updates.json",
        health=f"{RUN}/health.json",
    log:
        "logs/train_sft/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_sft/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.trajectories(config)),
    conda:
        lambda w: hardware.environment(TRAIN["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **TRAIN,
        tests=lambda w: train.evaluated_prompts_flags(config, w.model),
    params:
        program="train_sft",
        rows="references",
        flags=lambda w: train.row_flags(config, **w),
        code=lambda w: digests("train_sft", train.loss_modules(config, w.model, w.method)),
        run=lambda w, output: os.path.dirname(output.cost),
        curves=paths.CURVES,
    shell:
        f"{JOB} {LEASE} {{resources.launch}} workflow/scripts/{{params.program:q}}.py"
        " {params.flags} --model {input.model:q} --{params.rows:q} {input.rows:q}"
        " --device-batch {resources.device_batch} --fsdp {resources.fsdp}"
        " --gradient-checkpointing {resources.gradient_checkpointing} --report-to {resources.report_to}"
        " --log-dir {params.curves:q} --work-root {params.run:q}/unfinished"
        " --output-root {params.run:q} --trajectory {output.trajectory:q} --cost {output.cost:q}"
        " --updates {output.updates:q} --health {output.health:q} --masked-targets {resources.masked_targets}"
        " {resources.tests}"
        f" {TELL}"


use rule train_sft as train_student with:
    input:
        model=lambda w: config["models"][w.model]["base"],
        rows=f"{RUN}/mixture.parquet",
        general=lambda w: general.answers(config, w.model, w.method),
        images=lambda w: train.images(config, w.model, w.method, w.task),
        tests=lambda w: ancient([*train.evaluated_prompts(config, w.model).values()]),
    log:
        "logs/train_student/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_student/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.students(config)),
    params:
        program="train_student",
        rows="mixture",
        code=lambda w: digests("train_student", train.loss_modules(config, w.model, w.method)),


rule train_on_policy:
    input:
        model=lambda w: config["models"][w.model]["base"],
        references=lambda w: paths.teacher_file(config, w.model, w.task, "references.parquet"),
        teacher=lambda w: train.distilled_model(config, w.model, w.method),
        punkt=lambda w: tasks.punkt(config, [w.task]),
        images=lambda w: train.images(config, w.model, w.method, w.task),
        tests=lambda w: ancient([*train.evaluated_prompts(config, w.model).values()]),
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{FINAL}"),
        trajectory=TRAJECTORY,
        cost=f"{RUN}/train.cost.json",
        updates=f"{RUN}/updates.json",
        curve=f"{RUN}/curve.parquet",
    log:
        "logs/train_on_policy/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_on_policy/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.on_policy(config)),
    conda:
        lambda w: hardware.environment(TRAIN["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **TRAIN_ON_POLICY,
        tests=lambda w: train.evaluated_prompts_flags(config, w.model),
    params:
        flags=lambda w: train.on_policy_flags(config, **w),
        code=lambda w: digests("train_on_policy", train.on_policy_modules(config, w.method, w.task)),
        run=lambda w, output: os.path.dirname(output.cost),
        curves=paths.CURVES,
    shell:
        f"{JOB} {LEASE} {{resources.launch}} workflow/scripts/train_on_policy.py"
        " {params.flags} --model {input.model:q} --references {input.references:q}"
        " --device-batch {resources.device_batch} --fsdp {resources.fsdp}"
        " --gradient-checkpointing {resources.gradient_checkpointing} --report-to {resources.report_to}"
        " {resources.monitor} --grading-processes {resources.processes}"
        " --lost-rows {resources.lost_rows}"
        " --log-dir {params.curves:q} --work-root {params.run:q}/unfinished"
        " --output-root {params.run:q} --trajectory {output.trajectory:q} --cost {output.cost:q}"
        " --curve {output.curve:q} --updates {output.updates:q} {resources.tests}"
        f" {TELL}"


rule average:
    input:
        model=lambda w: config["models"][w.model]["base"],
        trained=lambda w: train.averaged_folders(config, **w),
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{FINAL}"),
        cost=f"{RUN}/train.cost.json",
        updates=f"{RUN}/updates.json",
    log:
        "logs/average/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/average/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(study.averages(config)),
    conda:
        "../../envs/laptop.yaml"
    threads: config["compute"]["threads"]
    resources:
        mem_mb=lambda w: hardware.averaging_mem_mb(config, w.model, w.method, w.task),
    params:
        flags=lambda w: train.average_flags(config, **w),
        code=digests("average"),
    shell:
        f"{JOB} python workflow/scripts/average.py"
        " {params.flags} --model {input.model:q} --output {output.checkpoint:q}"
        " --updates {output.updates:q} --cost {output.cost:q} > {log:q} 2>&1"
