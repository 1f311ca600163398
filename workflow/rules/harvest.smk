"""The plan of what each visit trains on, and the completions that it names."""


rule plan_mixture:
    input:
        references=lambda wildcards: teacher_file(wildcards, "references.parquet"),
        heldout=lambda wildcards: teacher_file(wildcards, "heldout_references.parquet"),
    output:
        f"{RUN}/plan.parquet",
    log:
        "logs/plan_mixture/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/plan_mixture/{model}/{method}/{task}/seed{seed}.tsv"
    wildcard_constraints:
        method=any_of(STUDENTS),
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda wildcards: flags(
            alpha=supervision_of(wildcards).alpha,
            points=list(supervision_of(wildcards).points),
            weights=list(supervision_of(wildcards).weights),
            **{name: training_flags(wildcards)[name] for name in ("epochs", "effective_batch", "max_steps")},
            samples=harvest_settings(wildcards)["samples"],
            prompts_share=harvest_settings(wildcards)["prompts"],
            seed=wildcards.seed,
        ),
        code=digests("plan_mixture"),
    shell:
        "python workflow/scripts/plan_mixture.py {params.flags} --references {input.references}"
        " --heldout-references {input.heldout} --output {output} > {log} 2>&1"


rule harvest:
    input:
        plan=f"{RUN}/plan.parquet",
        train=lambda wildcards: teacher_file(wildcards, "references.parquet"),
        heldout=lambda wildcards: teacher_file(wildcards, "heldout_references.parquet"),
        checkpoints=lambda wildcards: checkpoint_inputs(
            wildcards.model,
            trajectory_of(wildcards),
            wildcards.task,
            wildcards.seed,
            supervision_of(wildcards).points,
        ),
    output:
        completions=f"{RUN}/harvest/part-{{part}}of{{parts}}.parquet",
        cost=f"{RUN}/harvest/part-{{part}}of{{parts}}.cost.json",
    log:
        "logs/harvest/{model}/{method}/{task}/seed{seed}/part-{part}of{parts}.log",
    benchmark:
        "logs/benchmarks/harvest/{model}/{method}/{task}/seed{seed}/part-{part}of{parts}.tsv"
    wildcard_constraints:
        method=any_of(STUDENTS),
    # Before more is trained, where checkpoints may go afterwards: else they pile up.
    priority: 1 if config["compute"]["keep_checkpoints"] == "needed" else 0
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
            part=wildcards.part,
            parts=wildcards.parts,
            mode=harvest_settings(wildcards)["mode"],
            samples=harvest_settings(wildcards)["samples"],
            temperature=harvest_settings(wildcards)["temperature"],
            top_p=harvest_settings(wildcards)["top_p"],
            max_new_tokens=config["tasks"][wildcards.task]["max_new_tokens"],
            seed=wildcards.seed,
            checkpoints=checkpoint_folders(
                wildcards.model,
                trajectory_of(wildcards),
                wildcards.task,
                wildcards.seed,
                supervision_of(wildcards).points,
            ),
            **engine_flags("models", wildcards.model),
        ),
        code=digests("harvest"),
    shell:
        f"{LEASE} python workflow/scripts/harvest.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --plan {input.plan}"
        " --references train={input.train} heldout={input.heldout}"
        " --output {output.completions} --cost {output.cost} > {log} 2>&1"
