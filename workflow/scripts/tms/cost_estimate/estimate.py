"""The estimate of a job."""

from dataclasses import dataclass

from tms.planned_jobs.jobs import Job


@dataclass(frozen=True)
class Estimate:
    """Tokens, seconds and bytes of a job."""

    job: Job
    seconds: float
    generated: float = 0.0
    trained: float = 0.0  # tokens in the loss
    scored: float = 0.0  # tokens of forward passes alone; prompts that are read before generating not counted
    bytes: float = 0.0  # left on disk when the job has ended
    removable: float = 0.0  # of those, SFT checkpoints that a harvest alone needs
    state: float = 0.0  # bytes on disk only while the job runs
