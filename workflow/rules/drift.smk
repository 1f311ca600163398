"""Held-out Policy-Label Divergence of a run's checkpoints, and the KL between its policy and the base."""

from tms.config.stages import drift


rule drift:
    input:
        model=f"{RUN}/checkpoint-{FINAL}",
        base=lambda w: config["models"][w.model]["base"],
        references=lambda w: paths.teacher_file(config, w.model, w.task, "heldout_references.parquet"),
        mixture=lambda w: drift.heldout_mixture(config, **w),
        trajectory=lambda w: drift.checkpoint_inputs(config, **w),
        train=lambda w: drift.train_references(config, w.model, w.method, w.task),
        prompts=lambda w: drift.kl_prompts(config, w.model, w.task).values(),
        answers=lambda w: drift.answered(config, w.model).values(),
        general=lambda w: drift.general_files(config, w.model),
        images=lambda w: drift.images(config, w.model, w.method, w.task),
        simulator=lambda w: drift.simulator(config, w.model, w.task),
    output:
        drift=f"{RUN}/drift.json",
        samples=f"{RUN}/drift_samples.parquet",
        cost=f"{RUN}/drift.cost.json",
    log:
        "logs/drift/{model}/{method}/{task}/seed{seed}.log",
    benchmark:
        "logs/benchmarks/drift/{model}/{method}/{task}/seed{seed}.tsv"
    # Only tables wait for it, so other jobs go first, but where its end lets checkpoints go.
    priority: 0 if config["compute"]["keep_checkpoints"] == "needed" else -1
    conda:
        lambda w: hardware.environment(MEASURE["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **MEASURE,
    params:
        flags=lambda w: drift.drift_flags(config, **w),
        code=digests("drift"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/drift.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel} --model {input.model:q} --base {input.base:q}"
        " --heldout-references {input.references:q} --output {output.drift:q} --samples {output.samples:q} --cost {output.cost:q} > {log:q} 2>&1"
