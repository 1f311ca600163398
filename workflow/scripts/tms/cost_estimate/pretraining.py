"""Seconds that pretrained models take: shipped ones are copied, others are pretrained."""

from tms.config.pretrained import pretraining
from tms.config.stages.data import is_shipped
from tms.cost_estimate.throughput import Throughput
from tms.planned_jobs.jobs import Job


def pretrain_seconds(job: Job, config: dict, figures: Throughput) -> float:
    """Seconds of a job that pretrains or copies models."""
    name = job.wildcards["pretrained"]
    if is_shipped(config, name):
        return figures.stage_seconds(job.rule)
    entry = config["pretrain"][name]
    made_by = pretraining(config, name)
    # The defaults are those of the programs.
    work = entry.get("steps", made_by.steps) * entry.get("batch", made_by.batch)
    if "teacher" in made_by.models:
        work += entry.get("teacher_steps", 40) * entry.get("teacher_batch", 64)
    step = figures.plain["pretrain_seconds_a_step"] * 4 / job.threads
    return figures.cpu.start["train"] + step * work / 64
