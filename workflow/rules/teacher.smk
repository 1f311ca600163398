"""The teacher's answers, sampled and verified, and those of several tasks joined for one run; the base's to general
prompts."""

from tms.config.stages import general, teacher


rule teacher:
    input:
        model=lambda w: teacher.model(config, w.teacher),
        train="data/{task}/{suite}/train.parquet",
        heldout="data/{task}/{suite}/heldout.parquet",
        # It has to have said yes; another limit or reason changes no row.
        gate=ancient("data/{task}/{suite}/contamination.json"),
        images=lambda w: teacher.images(config, w.task, w.teacher),
        simulator=lambda w: teacher.simulator(config, w.task, w.teacher),
    output:
        samples="data/{task}/{suite}/{teacher}/samples.parquet",
        cost="data/{task}/{suite}/{teacher}/samples.cost.json",
    log:
        "logs/teacher/{task}/{suite}/{teacher}.log",
    benchmark:
        "logs/benchmarks/teacher/{task}/{suite}/{teacher}.tsv"
    conda:
        lambda w: hardware.environment(TEACH["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **TEACH,
    params:
        flags=lambda w: teacher.sample_flags(config, **w),
        code=digests("teacher"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/teacher.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel}"
        " --examples train={input.train:q} heldout={input.heldout:q}"
        " --output {output.samples:q} --cost {output.cost:q} > {log:q} 2>&1"


rule filter_teacher:
    input:
        samples="data/{task}/{suite}/{teacher}/samples.parquet",
        punkt=lambda w: tasks.punkt(config, [w.task]),
    output:
        references="data/{task}/{suite}/{teacher}/references.parquet",
        heldout="data/{task}/{suite}/{teacher}/heldout_references.parquet",
        rejects="data/{task}/{suite}/{teacher}/rejects.parquet",
        summary="data/{task}/{suite}/{teacher}/filter.json",
    log:
        "logs/filter_teacher/{task}/{suite}/{teacher}.log",
    benchmark:
        "logs/benchmarks/filter_teacher/{task}/{suite}/{teacher}.tsv"
    wildcard_constraints:
        task=OWN_TASKS,
    conda:
        "../../envs/laptop.yaml"
    resources:
        **hardware.grading(config),
    params:
        flags=lambda w: teacher.filter_flags(config, w.task, w.teacher),
        code=lambda w: digests(
            "filter_teacher", (f"tms.graders.{teacher.filter_grader(config, w.task, w.teacher)}",)
        ),
    shell:
        f"{JOB} python workflow/scripts/filter_teacher.py"
        " {params.flags} --processes {resources.processes} --lost-rows {resources.lost_rows}"
        " --samples {input.samples:q}"
        " --references {output.references:q} --heldout-references {output.heldout:q}"
        " --rejects {output.rejects:q} --summary {output.summary:q}"
        f" {TELL}"


# The rows of a joint target: references, and the held-out prompts on which KL is measured.
rule join_tasks:
    input:
        lambda w: teacher.joined_files(**w).values(),
    output:
        "data/{target}/{suite}/{rows}.parquet",
    log:
        "logs/join_tasks/{target}/{suite}/{rows}.log",
    benchmark:
        "logs/benchmarks/join_tasks/{target}/{suite}/{rows}.tsv"
    wildcard_constraints:
        target=any_of(joint_targets(config)),
        rows=f"heldout|({any_of(config['teachers'])})/(heldout_)?references",
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: teacher.join_flags(**w),
        code=digests("join_tasks"),
    shell:
        f"{JOB} python workflow/scripts/join_tasks.py {{params.flags}} --output {{output:q}} > {{log:q}} 2>&1"


# Once for a model, for all methods that replay; the prompts are training text, and pass the gate as such.
rule answer_general:
    input:
        model=lambda w: config["models"][w.model]["base"],
        examples=lambda w: f"{general.prompts_folder(config, w.model, w.task)}/train.parquet",
        gate=lambda w: ancient(f"{general.prompts_folder(config, w.model, w.task)}/contamination.json"),
        images=lambda w: general.images(config, w.task),
    output:
        answers="results/{model}/general/{task}.parquet",
        cost="results/{model}/general/{task}.cost.json",
    log:
        "logs/answer_general/{model}/{task}.log",
    benchmark:
        "logs/benchmarks/answer_general/{model}/{task}.tsv"
    wildcard_constraints:
        task=OWN_TASKS,
    conda:
        lambda w: hardware.environment(GENERATE["gpu"](w))
    threads: config["compute"]["threads"]
    resources:
        **GENERATE,
    params:
        flags=lambda w: general.answer_flags(config, **w),
        code=digests("answer_general"),
    shell:
        f"{JOB} {LEASE} python workflow/scripts/answer_general.py"
        " {params.flags} --tensor-parallel {resources.tensor_parallel}"
        " --model {input.model:q} --examples {input.examples:q}"
        " --output {output.answers:q} --cost {output.cost:q} > {log:q} 2>&1"
