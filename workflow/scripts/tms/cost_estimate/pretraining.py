"""Seconds that the miniature's models take: shipped ones are copied, others are pretrained."""

from tms.config.stages.data import is_shipped
from tms.cost_estimate.dry_run import Job
from tms.cost_estimate.throughput import Throughput


def pretrain_seconds(job: Job, config: dict, figures: Throughput) -> float:
    """Seconds of a job of `pretrain`."""
    name = job.wildcards["pretrained"]
    if is_shipped(config, name):
        return figures.stage_seconds(job.rule)
    entry = config["pretrain"][name]
    # The defaults are those of pretrain.py.
    work = entry.get("steps", 1900) * entry.get("batch", 64)
    work += entry.get("teacher_steps", 40) * entry.get("teacher_batch", 64)
    step = figures.plain["pretrain_seconds_a_step"] * 4 / job.threads
    return figures.cpu.start["train"] + step * work / 64
