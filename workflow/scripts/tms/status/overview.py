"""A workflow's jobs by what became of them, and the hours that they took and will take."""

from collections.abc import Callable, Collection
from dataclasses import dataclass

from tms.planned_jobs.jobs import Job

STATES = ("done", "running", "failed", "waiting")


@dataclass(frozen=True)
class Stage:
    """Jobs of a stage by their state, and hours: GPU-hours, or job-hours where no job takes cards."""

    name: str
    jobs: dict[str, int]  # state -> number
    spent: float  # of done jobs, as measured; what failed or was stopped left no measurement
    left: float | None  # of all others, as estimated; None: not known

    @property
    def finished(self) -> bool:
        return sum(self.jobs.values()) == self.jobs["done"]


def states(
    every: list[Job], left: Collection[str], under_way: Collection[str], failed: Collection[str]
) -> list[tuple[Job, str]]:
    """Each job with its state.

    Args:
        every: all jobs of the targets.
        left: outputs of the jobs that Snakemake would still run.
        under_way: outputs of jobs that a living run has started.
        failed: outputs of jobs that failed in the last run.
    """

    def state(job: Job) -> str:
        for name, outputs in (("running", under_way), ("failed", failed)):
            if any(path in outputs for path in job.output):
                return name
        return "waiting"

    return [(job, state(job) if any(path in left for path in job.output) else "done") for job in every]


def stages(
    jobs: list[tuple[Job, str]],
    measured: Callable[[Job], float | None],
    estimated: Callable[[Job], float] | None,
) -> list[Stage]:
    """One entry for each stage, in order of first appearance, and a last one, `total`.

    Args:
        jobs: each with its state.
        measured: seconds that a done job took, None where it left no measurement.
        estimated: seconds that a job will take; None: not known.
    """
    cards = any(job.gpus for job, _ in jobs)
    groups: dict[str, list[tuple[Job, str]]] = {}
    for job, state in jobs:
        groups.setdefault(job.rule, []).append((job, state))

    def stage(name: str, members: list[tuple[Job, str]]) -> Stage:
        spent = left = 0.0
        for job, state in members:
            share = (job.gpus if cards else 1) / 3600
            if state == "done":
                spent += share and share * (measured(job) or 0.0)
            elif estimated:
                left += share and share * estimated(job)
        counts = {name: sum(state == name for _, state in members) for name in STATES}
        return Stage(name, counts, spent, left if estimated else None)

    return [*(stage(name, members) for name, members in groups.items()), stage("total", jobs)]
