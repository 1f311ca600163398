"""Cards, cores and memory of the jobs, which Snakemake does not compare; the checks of a machine."""

from tms.config import hardware
from tms.gpu_check import needs
from tms.preflight import start


# The limit of `gpu` in profiles/default is that of this node; on a cluster each job may ask for as many.
resource_scopes:
    gpu="local",


# A training job that is told to stop has this long to save its state (the launcher's own limit is 30 seconds).
os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "1800")

# Starts a program on cards that no other job has.
LEASE = "python workflow/scripts/lease.py --gpus {resources.gpu} --"

# Where a job writes whose warnings and notes are told on the terminal too: of what looks wrong, of given answers that pass.
TELL = "> {log:q} 2>&1 && {{ grep -E '^(warning|note):' {log:q} >&2 || true; }}"

# The resources of each kind of job, as functions of its wildcards.
GENERATE = hardware.per_key(hardware.GENERATING, lambda w: hardware.generating(config, "models", w.model))
MEASURE = hardware.per_key(hardware.GENERATING, lambda w: hardware.measuring(config, "models", w.model))
PASS = hardware.per_key(hardware.PASSING, lambda w: hardware.passing(config, w.model))
TEACH = hardware.per_key(hardware.GENERATING, lambda w: hardware.teaching(config, w.teacher, w.task))
JUDGE = hardware.per_key(hardware.GENERATING, lambda w: hardware.generating(config, "judges", w.judge))
TRAIN = hardware.per_key(hardware.TRAINING, lambda w: hardware.training(config, w.model, w.method, w.task))
TRAIN_ON_POLICY = hardware.per_key(
    hardware.TRAINING_ON_POLICY, lambda w: hardware.training_on_policy(config, w.model, w.method, w.task)
)
CHECKED = config["table"]["models"]


# Before the first job of a run: access to the hub, the environment of the jobs, disk.
onstart:
    start.check(workflow, config, OFFLINE)


# No target needs it: `make gpu-check PROFILE=slurm` sends it to a cluster.
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
        f"{LEASE} python workflow/scripts/gpu_check.py {{params.flags}} < /dev/null > {{log:q}} 2>&1"
