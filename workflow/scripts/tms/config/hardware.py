"""Cards, cores and memory of a job, and the words that start its program on them.

They are resources of the rules, which Snakemake does not compare: other cards make no result stale.
"""

from collections.abc import Callable, Sequence

from tms.config import study, tasks
from tms.config.flags import flags
from tms.training import devices, losses_by_name

GENERATING = ["gpu", "cpus_per_task", "mem_mb", "tensor_parallel"]
PASSING = ["gpu", "cpus_per_task", "mem_mb"]
TRAINING = [
    "gpu",
    "cpus_per_task",
    "mem_mb",
    "launch",
    "device_batch",
    "fsdp",
    "gradient_checkpointing",
    "report_to",
    "masked_targets",
]
TRAINING_ON_POLICY = [*TRAINING, "monitor", "processes", "lost_rows"]


def per_key(keys: Sequence[str], of_job: Callable[..., dict]) -> dict[str, Callable]:
    """A function of the wildcards for each resource, as Snakemake asks for it.

    Args:
        keys: names of the resources.
        of_job: all of them, from a job's wildcards.
    """

    def one(key: str) -> Callable:
        return lambda wildcards: of_job(wildcards)[key]

    return {key: one(key) for key in keys}


def environment(gpus: int) -> str:
    """Conda file of a job, seen from the rules: a GPU node's where the job has GPUs, else the laptop's."""
    return f"../../envs/{'gpu' if gpus else 'laptop'}.yaml"


def generating_gpus(config: dict, part: str, name: str) -> int:
    """Cards of a job that generates with an entry of `models`, `teachers` or `judges` (`part`)."""
    return study.gpus(config, name, "generate") if part == "models" else config[part][name].get("gpus", 0)


def generating(config: dict, part: str, name: str) -> dict[str, int]:
    """Resources of a job that generates; the model is spread over all its cards. What answers the calls of a
    model of `models` is beside it."""
    return _generating(config, part, name, study.benchmarks(config, name) if part == "models" else [])


def teaching(config: dict, teacher: str, task: str) -> dict[str, int]:
    """Resources of a job in which a teacher answers the prompts of a task; what answers its calls is beside
    it, unless the answers are the data's own."""
    return _generating(config, "teachers", teacher, [task] if "model" in config["teachers"][teacher] else [])


def _generating(config: dict, part: str, name: str, called: Sequence[str]) -> dict[str, int]:
    """Resources of a job that generates rows of tasks (`called`) beside what answers their calls."""
    gpus, simulator = generating_gpus(config, part, name), tasks.simulator(config, called)
    beside = config["simulators"][simulator].get("parameters", 0) if simulator else 0
    return {
        "gpu": gpus,
        "cpus_per_task": cores(config, gpus),
        "mem_mb": devices.generate_mem_mb(config[part][name].get("parameters", 0) + beside, gpus),
        "tensor_parallel": max(gpus, 1),
    }


def measuring(config: dict, part: str, name: str) -> dict[str, int]:
    """Resources of a job that generates, and measures divergences in float32."""
    given = generating(config, part, name)
    parameters = config[part][name].get("parameters", 0)
    return given | {"mem_mb": max(given["mem_mb"], devices.measure_mem_mb(parameters, given["gpu"]))}


def passing(config: dict, model: str) -> dict[str, int]:
    """Resources of a job of forward passes alone, in float32: one card, and what does not fit there."""
    gpus = min(study.gpus(config, model, "generate"), 1)
    parameters = config["models"][model].get("parameters", 0)
    memory = devices.measure_mem_mb(parameters, gpus)
    return {"gpu": gpus, "cpus_per_task": cores(config, gpus), "mem_mb": memory}


def training(config: dict, model: str, method: str, task: str) -> dict[str, int | str]:
    """Resources of a job that trains on rows; the keys of `training` among them change its memory alone."""
    gpus = study.gpus(config, model, "train")
    keys = study.section(config, "training", model, method, task)
    return {
        "gpu": gpus,
        "cpus_per_task": cores(config, gpus),
        "mem_mb": devices.train_mem_mb(
            config["models"][model].get("parameters", 0),
            gpus,
            keys.get("lora") is not None,
            losses_by_name.reads_base(study.loss(config, model, method)),
        ),
        "launch": devices.launcher(gpus),
        "device_batch": keys["device_batch"],
        "fsdp": switch(keys.get("fsdp", "auto")),
        "gradient_checkpointing": switch(keys.get("gradient_checkpointing", False)),
        "report_to": config["compute"]["report_to"],
        "masked_targets": keys["masked_targets"],
    }


def training_on_policy(config: dict, model: str, method: str, task: str) -> dict[str, int | str]:
    """Resources of an on-policy job: each process grades, and reads weights to sample and to score with; the
    first one alone reads a teacher's.

    `monitor` are the flags that say when a run counts as failed, and whether it then stops: they change no
    result of a run that ends.
    """
    given = training(config, model, method, task)
    processes, graders = max(given["gpu"], 1), grading(config)
    read = devices.generate_mem_mb(config["models"][model].get("parameters", 0), 0)
    keys, kind = study.section(config, "on_policy", model, method, task), study.kind_of(config, method)
    teacher = config["teachers"][config["models"][model]["teacher"]] if kind.taught else {}
    taught = devices.generate_mem_mb(teacher.get("parameters", 0), 0) if teacher else 0
    return (
        given
        | {
            "cpus_per_task": given["cpus_per_task"] + graders["processes"] * processes * kind.rewarded,
            "mem_mb": given["mem_mb"] + 2 * processes * read + taught,
            "monitor": flags(**{name: keys[name] for name in ("equal_steps", "max_kl", "on_failure")}),
        }
        | graders
    )


def averaging_mem_mb(config: dict, model: str, method: str, task: str) -> int:
    """Main memory of a job that averages weights (MB)."""
    keys = study.section(config, "training", model, study.trained(config, method), task)
    return devices.average_mem_mb(config["models"][model].get("parameters", 0), keys.get("lora") is not None)


def grading(config: dict) -> dict[str, int | str]:
    """Resources of a job that grades: they change no grade."""
    compute = config["compute"]
    return {"processes": compute["grading_processes"], "lost_rows": compute["lost_rows"]}


def cores(config: dict, gpus: int) -> int:
    """Processor cores of a cluster job: each card has a process with threads of its own."""
    return config["compute"]["threads"] * max(gpus, 1)


def switch(value: bool | str) -> str:
    """A switch of the configuration as a flag's word: on, off, or a word of its own."""
    return {True: "on", False: "off"}.get(value, value)
