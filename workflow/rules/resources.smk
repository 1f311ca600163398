"""Cards, cores and memory of the jobs: resources, which Snakemake does not compare."""

from tms.config import hardware


# The limit of `gpu` in profiles/default is that of this node; on a cluster each job may ask for as many.
resource_scopes:
    gpu="local",


# A training job that is told to stop has this long to save its state (the launcher's own limit is 30 seconds).
os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "1800")

# Starts a program on cards that no other job has.
LEASE = "python workflow/scripts/lease.py --gpus {resources.gpu} --"

# The resources of each kind of job, as functions of its wildcards.
GENERATE = hardware.per_key(hardware.GENERATING, lambda w: hardware.generating(config, "models", w.model))
TEACH = hardware.per_key(hardware.GENERATING, lambda w: hardware.generating(config, "teachers", w.teacher))
JUDGE = hardware.per_key(hardware.GENERATING, lambda w: hardware.generating(config, "judges", w.judge))
TRAIN = hardware.per_key(hardware.TRAINING, lambda w: hardware.training(config, w.model, w.method, w.task))
TRAIN_ON_POLICY = hardware.per_key(
    hardware.TRAINING_ON_POLICY, lambda w: hardware.training_on_policy(config, w.model, w.method, w.task)
)
