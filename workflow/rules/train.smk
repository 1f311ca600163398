"""Training: the baseline SFT with its checkpoints, and the students."""


rule train_sft:
    input:
        model=base,
        references=lambda wildcards: teacher_file(wildcards, "references.parquet"),
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{checkpoints.FINAL}"),
        trajectory=trajectory(f"{RUN}/trajectory"),
        cost=f"{RUN}/train.cost.json",
    log:
        "logs/train_sft/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_sft/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(SFT_METHODS),
    conda:
        environment(train_gpus)
    threads: config["compute"]["threads"]
    resources:
        gpu=train_gpus,
        cpus_per_task=cores(train_gpus),
        mem_mb=train_mem_mb,
        launch=launch,
        device_batch=training_memory("device_batch", None),
        fsdp=training_memory("fsdp", "auto"),
        gradient_checkpointing=training_memory("gradient_checkpointing", False),
        report_to=config["compute"]["report_to"],
    params:
        flags=lambda wildcards: flags(**training_flags(wildcards), **loss_flags(wildcards)),
        code=digests("train_sft"),
        run=lambda wildcards, output: os.path.dirname(output.cost),
        curves=CURVES,
    shell:
        f"{LEASE} {{resources.launch}} workflow/scripts/train_sft.py"
        " {params.flags} --model {input.model} --references {input.references}"
        " --device-batch {resources.device_batch} --fsdp {resources.fsdp}"
        " --gradient-checkpointing {resources.gradient_checkpointing} --report-to {resources.report_to}"
        " --log-dir {params.curves} --work-root {params.run}/unfinished"
        " --output-root {params.run} --trajectory {output.trajectory} --cost {output.cost} > {log} 2>&1"


rule train_student:
    input:
        model=base,
        mixture=f"{RUN}/mixture.parquet",
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{checkpoints.FINAL}"),
        trajectory=trajectory(f"{RUN}/trajectory"),
        cost=f"{RUN}/train.cost.json",
    log:
        "logs/train_student/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_student/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(STUDENTS),
    conda:
        environment(train_gpus)
    threads: config["compute"]["threads"]
    resources:
        gpu=train_gpus,
        cpus_per_task=cores(train_gpus),
        mem_mb=train_mem_mb,
        launch=launch,
        device_batch=training_memory("device_batch", None),
        fsdp=training_memory("fsdp", "auto"),
        gradient_checkpointing=training_memory("gradient_checkpointing", False),
        report_to=config["compute"]["report_to"],
    params:
        flags=lambda wildcards: flags(**training_flags(wildcards), **loss_flags(wildcards)),
        code=digests("train_student"),
        run=lambda wildcards, output: os.path.dirname(output.cost),
        curves=CURVES,
    shell:
        f"{LEASE} {{resources.launch}} workflow/scripts/train_student.py"
        " {params.flags} --model {input.model} --mixture {input.mixture}"
        " --device-batch {resources.device_batch} --fsdp {resources.fsdp}"
        " --gradient-checkpointing {resources.gradient_checkpointing} --report-to {resources.report_to}"
        " --log-dir {params.curves} --work-root {params.run}/unfinished"
        " --output-root {params.run} --trajectory {output.trajectory} --cost {output.cost} > {log} 2>&1"
