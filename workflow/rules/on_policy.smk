"""On-policy training: GRPO, REINFORCE and TRAPO on SFT's prompts, scored by the task's grader."""


rule train_on_policy:
    input:
        model=base,
        references=lambda wildcards: teacher_file(wildcards, "references.parquet"),
        punkt=lambda wildcards: punkt([wildcards.task]),
    output:
        checkpoint=directory(f"{RUN}/checkpoint-{checkpoints.FINAL}"),
        trajectory=trajectory(f"{RUN}/trajectory"),
        cost=f"{RUN}/train.cost.json",
        curve=f"{RUN}/curve.parquet",
    log:
        "logs/train_on_policy/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/train_on_policy/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(ON_POLICY),
    conda:
        environment(train_gpus)
    threads: config["compute"]["threads"]
    resources:
        gpu=train_gpus,
        cpus_per_task=on_policy_cores,
        mem_mb=on_policy_mem_mb,
        launch=launch,
        device_batch=training_memory("device_batch", None),
        fsdp=training_memory("fsdp", "auto"),
        gradient_checkpointing=training_memory("gradient_checkpointing", False),
        report_to=config["compute"]["report_to"],
        watch=watch_flags,
        processes=config["compute"]["grading_processes"],
    params:
        flags=lambda wildcards: flags(**on_policy_flags(wildcards)),
        code=lambda wildcards: digests(
            "train_on_policy", (f"tms.on_policy.{algorithm(wildcards)}", *graders([wildcards.task]))
        ),
        run=lambda wildcards, output: os.path.dirname(output.cost),
        curves=CURVES,
    shell:
        f"{LEASE} {{resources.launch}} workflow/scripts/train_on_policy.py"
        " {params.flags} --model {input.model} --references {input.references}"
        " --device-batch {resources.device_batch} --fsdp {resources.fsdp}"
        " --gradient-checkpointing {resources.gradient_checkpointing} --report-to {resources.report_to}"
        " {resources.watch} --grading-processes {resources.processes}"
        " --log-dir {params.curves} --work-root {params.run}/unfinished"
        " --output-root {params.run} --trajectory {output.trajectory} --cost {output.cost}"
        " --curve {output.curve} > {log} 2>&1"
