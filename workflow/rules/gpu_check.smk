"""The check of a node as a job, which no target needs: `make gpu-check PROFILE=slurm` sends it to a cluster."""

from tms.gpu_check import needs

CHECKED = config["table"]["models"]


rule gpu_check:
    output:
        "logs/gpu_check/report.json",
    log:
        "logs/gpu_check/job.log",
    retries: 0
    conda:
        "../../envs/gpu.yaml"
    threads: config["compute"]["threads"]
    resources:
        gpu=needs.cards(config, CHECKED),
        cpus_per_task=hardware.cores(config, needs.cards(config, CHECKED)),
        mem_mb=needs.mem_mb(config, CHECKED),
        # Minutes; the profile has a job stopped ten minutes before its limit.
        runtime=30,
    params:
        flags=flags(configfile=[*map(str, workflow.overwrite_configfiles)] or None),
    shell:
        f"{LEASE} python workflow/scripts/gpu_check.py {{params.flags}} > {{log}} 2>&1"
