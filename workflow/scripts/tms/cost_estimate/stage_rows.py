"""Rows that a job goes through, and models that it is about."""

from tms.config import study
from tms.config.tasks import limit
from tms.planned_jobs.jobs import Job


def stage_rows(job: Job, config: dict) -> float:
    """Rows that a stage without a model goes through."""
    task = config["tasks"].get(job.wildcards.get("task", ""), {})
    if job.rule == "prepare":
        return task.get(job.wildcards["split"], 0)
    if job.rule == "filter_teacher":
        tries = config["teachers"][job.wildcards["teacher"]].get("tries", 1)
        return tries * (task.get("train", 0) + task.get("heldout", 0))
    if job.rule == "grade":
        names = study.benchmarks(config, job.wildcards["model"])
        return evaluated_models(job, config) * sum(limit(config, name) for name in names)
    return 0


def evaluated_models(job: Job, config: dict) -> int:
    """Models that an evaluation is about: one, or a run's own checkpoints."""
    method, _, rest = job.wildcards["run"].partition("/")
    if not rest.endswith("/points"):
        return 1
    return len(study.own_points(config, job.wildcards["model"], method))
