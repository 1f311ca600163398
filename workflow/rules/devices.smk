"""Devices: how many GPUs and how much memory a job gets, and the words that start its program on them.

All of it goes through `resources`, which Snakemake does not compare: other cards make no result stale.
"""

from tms.training import devices


# The limit of `gpu` in profiles/default is that of this node; on a cluster each job may ask for as many.
resource_scopes:
    gpu="local",


# A training job that is told to stop has this long to save its state (the launcher's own limit is 30 seconds).
os.environ.setdefault("TORCH_ELASTIC_SHUTDOWN_TIMEOUT", "1800")

# Starts a program on cards that no other job has.
LEASE = "python workflow/scripts/lease.py --gpus {resources.gpu} --"


def train_gpus(wildcards):
    return settings.gpus(config, wildcards.model, "train")


def generate_gpus(wildcards):
    return settings.gpus(config, wildcards.model, "generate")


def teacher_gpus(wildcards):
    return config["teachers"][wildcards.teacher].get("gpus", 0)


def judge_gpus(wildcards):
    return config["judges"][wildcards.judge].get("gpus", 0)


def tensor_parallel(gpus):
    """A model that generates is spread over all cards of its job; `gpus` says how many."""
    return lambda wildcards: max(gpus(wildcards), 1)


def launch(wildcards):
    return devices.launcher(train_gpus(wildcards))


def training_memory(key, default):
    """A key of `training` that changes memory alone."""

    def value(wildcards):
        chosen = settings.section(config, "training", wildcards.model, wildcards.method, wildcards.task)
        found = chosen.get(key, default)
        if isinstance(found, bool):
            return "on" if found else "off"
        return found

    return value


def cores(gpus):
    """Processor cores of a cluster job: each card has a process with threads of its own."""
    return lambda wildcards: config["compute"]["threads"] * max(gpus(wildcards), 1)


def train_mem_mb(wildcards):
    return devices.train_mem_mb(config["models"][wildcards.model].get("parameters", 0), train_gpus(wildcards))


def mem_mb(part, gpus):
    """Memory of a job that generates with an entry of `part` of the config: models, teachers or judges."""

    def value(wildcards):
        name = wildcards.get(part.removesuffix("s"))
        return devices.generate_mem_mb(config[part][name].get("parameters", 0), gpus(wildcards))

    return value


def environment(gpus):
    """Conda file of a job: a GPU node's where the job has GPUs, else the laptop's."""
    return lambda wildcards: f"../../envs/{'gpu' if gpus(wildcards) else 'laptop'}.yaml"
