"""Estimates of jobs, summed by stage: time on a number of GPUs, disk, and what was measured."""

import csv
from dataclasses import dataclass
from pathlib import Path

from tms.cost_estimate.estimate import Estimate
from tms.cost_estimate.throughput import Throughput
from tms.cost_estimate.timetable import Load, length, starts
from tms.io import cost
from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job


@dataclass(frozen=True)
class Machine:
    """Cards and cores on which jobs run side by side."""

    gpus: int
    cores: int


def stages(estimates: list[Estimate], machine: Machine) -> list[dict]:
    """One row for each stage, in order of first appearance, and a last one, `total`.

    Columns: stage, jobs, gpus (a job; the largest), generated, trained, scored (tokens), job_hours,
    gpu_hours, wall_hours (the stage alone on the machine; the total with the jobs' order; None where a job
    needs more cards), bytes.
    """
    groups: dict[str, list[Estimate]] = {}
    for estimate in estimates:
        groups.setdefault(estimate.job.rule, []).append(estimate)
    rows = [
        _row(stage, members, _hours([_load(member) for member in members], machine))
        for stage, members in groups.items()
    ]
    return [*rows, _row("total", estimates, _hours(ordered(estimates), machine))]


def ordered(estimates: list[Estimate]) -> list[Load]:
    """The jobs' loads, each after the jobs that make its inputs."""
    makers = {path: index for index, estimate in enumerate(estimates) for path in estimate.job.output}
    return [
        _load(estimate, frozenset(makers[path] for path in estimate.job.input if path in makers))
        for estimate in estimates
    ]


def _load(estimate: Estimate, after: frozenset[int] = frozenset()) -> Load:
    job = estimate.job
    return Load(estimate.seconds, job.gpus, job.threads, job.priority, after)


def _hours(loads: list[Load], machine: Machine) -> float | None:
    begun = starts(loads, machine.gpus, machine.cores)
    return None if begun is None else length(loads, begun) / 3600


def _row(stage: str, members: list[Estimate], wall_hours: float | None) -> dict:
    return {
        "stage": stage,
        "jobs": len(members),
        "gpus": max((member.job.gpus for member in members), default=0),
        "generated": sum(member.generated for member in members),
        "trained": sum(member.trained for member in members),
        "scored": sum(member.scored for member in members),
        "job_hours": sum(member.seconds for member in members) / 3600,
        "gpu_hours": sum(member.seconds * member.job.gpus for member in members) / 3600,
        "wall_hours": wall_hours,
        "bytes": sum(member.bytes for member in members),
    }


def assumed_speeds(estimates: list[Estimate], figures: Throughput) -> dict[str, list[str]]:
    """Speeds that these estimates rest on and that nobody measured: device -> names, e.g. `generation`."""
    assumed = {}
    for device, cards in ((figures.card, True), (figures.cpu, False)):
        own = [estimate for estimate in estimates if bool(estimate.job.gpus) == cards]
        trained = any(estimate.trained for estimate in own)
        generated = any(estimate.generated for estimate in own)
        scored = any(estimate.scored for estimate in own)
        used = {
            "training": trained,
            "forward": generated or scored,  # prompts are read
            "generation": generated,
            "start": trained or generated or scored,
        }
        if names := [name for name in device.assumed if used[name]]:
            assumed[device.name] = names
    return assumed


@dataclass(frozen=True)
class Disk:
    """Bytes that the jobs add."""

    kept: float  # when all is done and nothing was removed
    removable: float  # SFT checkpoints that only a harvest needs
    peak: float  # while it runs: with the states of running jobs, and without what was removed by then


def disk(estimates: list[Estimate], machine: Machine, removing: bool) -> Disk:
    """Disk that the jobs need; `removing` deletes checkpoints after their last use.

    The peak follows the same schedule as the wall hours (or one with cards enough, where a job needs more).
    """
    loads = ordered(estimates)
    begun = starts(loads, machine.gpus, machine.cores)
    if begun is None:
        begun = starts(loads, max(load.gpus for load in loads), machine.cores) or []
    ends = [start + load.seconds for start, load in zip(begun, loads, strict=True)]
    events = []
    for index, estimate in enumerate(estimates):
        # A job's outputs grow while its state is still there: both count from its start.
        events += [(begun[index], estimate.bytes + estimate.state), (ends[index], -estimate.state)]
        if removing and estimate.job.trajectory:
            going = set(estimate.job.trajectory)
            last = [ends[user] for user, other in enumerate(estimates) if going.intersection(other.job.input)]
            events.append((max(last, default=ends[index]), -estimate.removable))
    now = peak = 0.0
    for _, change in sorted(events):  # at one instant, what is freed comes first
        now += change
        peak = max(peak, now)
    return Disk(
        kept=sum(estimate.bytes for estimate in estimates),
        removable=sum(estimate.removable for estimate in estimates),
        peak=peak,
    )


def compared(estimates: list[Estimate]) -> list[dict]:
    """Estimate beside measurement for each stage, over the finished jobs that left a run time.

    Columns: stage, jobs, tokens and measured_tokens (generated and trained; None for stages that write no
    cost), seconds and measured_seconds (sums over jobs), ratio (measured / estimated seconds).
    """
    groups: dict[str, list[tuple[Estimate, float, float | None]]] = {}
    for estimate in estimates:
        seconds = run_time(estimate.job)
        if seconds is not None:
            measured = (estimate, seconds, spent_tokens(estimate.job))
            groups.setdefault(estimate.job.rule, []).append(measured)
    rows = [_comparison(stage, members) for stage, members in groups.items()]
    every = [member for members in groups.values() for member in members]
    return [*rows, _comparison("total", every)]


def _comparison(stage: str, members: list[tuple[Estimate, float, float | None]]) -> dict:
    costed = [(estimate, tokens) for estimate, _, tokens in members if tokens is not None]
    expected = sum(estimate.seconds for estimate, _, _ in members)
    taken = sum(seconds for _, seconds, _ in members)
    return {
        "stage": stage,
        "jobs": len(members),
        "tokens": sum(one.generated + one.trained for one, _ in costed) if costed else None,
        "measured_tokens": sum(tokens for _, tokens in costed) if costed else None,
        "seconds": expected,
        "measured_seconds": taken,
        "ratio": taken / expected if expected else None,
    }


def run_time(job: Job, column: str = "s") -> float | None:
    """Seconds that a job took by Snakemake's benchmark file, None where there is none.

    Args:
        job: of the workflow.
        column: of the file; `cpu_time`: seconds of all cores, 0 of a job that ended before it was looked at.

    Raises:
        InputError: the file is not a benchmark.
    """
    path = Path(job.benchmark)
    if not job.benchmark or not path.exists():
        return None
    try:
        with path.open(newline="") as stream:
            text = next(csv.DictReader(stream, delimiter="\t"))[column]
        return 0.0 if text in ("NA", "-") else float(text)
    except (StopIteration, KeyError, ValueError) as error:
        raise InputError(f"{path}: not a benchmark file of Snakemake; delete it") from error


def spent_tokens(job: Job) -> float | None:
    """Tokens that a job generated or trained on, by its cost file; None where it writes none."""
    files = [Path(path) for path in job.output if path.endswith(".cost.json")]
    if not files or not files[0].exists():
        return None
    spent = cost.read(files[0])
    return spent.generated_tokens + spent.trained_tokens + spent.measuring_tokens
