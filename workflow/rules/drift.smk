"""Held-out Policy-Label Divergence of a run's checkpoints, and the KL between its policy and the base."""


rule drift:
    input:
        model=f"{RUN}/checkpoint-{checkpoints.FINAL}",
        base=base,
        references=lambda wildcards: teacher_file(wildcards, "heldout_references.parquet"),
        own=own_supervision,
        trajectory=lambda wildcards: checkpoint_inputs(
            wildcards.model, wildcards.method, wildcards.task, wildcards.seed, trajectory_points(wildcards)
        ),
        train=train_references,
        prompts=lambda wildcards: [pair.partition("=")[2] for pair in kl_prompts(wildcards)],
    output:
        drift=f"{RUN}/drift.json",
        samples=f"{RUN}/drift_samples.parquet",
        cost=f"{RUN}/drift.cost.json",
    log:
        "logs/drift/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/drift/{model}/{method}/{task}/seed{seed}.tsv"
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
            task=wildcards.task,
            trajectory=checkpoint_folders(
                wildcards.model,
                wildcards.method,
                wildcards.task,
                wildcards.seed,
                trajectory_points(wildcards),
            ),
            train_references=train_references(wildcards) or None,
            train_rows=(
                settings.diagnose(config, wildcards.model, "mismatch")["references"]
                if train_references(wildcards)
                else None
            ),
            heldout_mixture=(
                own_supervision(wildcards)[0].format(**wildcards) if own_supervision(wildcards) else None
            ),
            prompts=kl_prompts(wildcards),
            kl_prompts=config["drift"]["prompts"],
            kl_samples=config["drift"]["samples"],
            max_new_tokens=max(
                config["tasks"][name]["max_new_tokens"]
                for name in [wildcards.task, *suite(wildcards.model).retention]
            ),
            seed=wildcards.seed,
            **engine_flags("models", wildcards.model),
        ),
        code=digests("drift"),
    shell:
        f"{LEASE} python workflow/scripts/drift.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --model {input.model} --base {input.base}"
        " --heldout-references {input.references} --output {output.drift} --samples {output.samples} --cost {output.cost} > {log} 2>&1"
