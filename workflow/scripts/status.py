"""Show where a run stands, in one screen: jobs by state, GPU-hours spent and left, the last error.

`make status` shows the last run that was started here, `make status TARGET=results/tiny/table.csv` any.
It asks Snakemake's own planning, takes no lock and changes nothing: it works beside a run, on a cluster too.
"""

import argparse
import platform
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tms.config.load import configuration
from tms.cost_estimate import throughput
from tms.cost_estimate.estimator import Estimator
from tms.cost_estimate.lengths import Lengths
from tms.cost_estimate.numbers import hours
from tms.cost_estimate.summary import assumed_speeds, run_time
from tms.io import cli
from tms.io.errors import InputError
from tms.io.text_table import aligned
from tms.planned_jobs.jobs import Job, jobs_of
from tms.status import snakemake_files
from tms.status.failures import failure_lines, wrapped
from tms.status.overview import STATES, Stage, stages, states
from tms.status.snakemake_files import Failure, Run
from tms.status.words import span

SHOWN = 5  # running jobs


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(
        description=__doc__.partition("\n")[0],
        epilog="spent: seconds of finished jobs (logs/benchmarks) times their cards; failed and stopped "
        "tries left none. left: the estimate of all other jobs, running ones in full (docs/cost.md).",
    )
    add = flags.add_argument
    add("target", nargs="*", help="what Snakemake was asked for (default: what the last run was asked for)")
    add(
        "--configfile",
        nargs="+",
        type=Path,
        default=[],
        help="laid over config/config.yaml; without a target: the last run's",
    )
    add("--throughput", type=Path, default=throughput.FILE, help="speeds for the estimate")
    return flags


def main(args: argparse.Namespace) -> None:
    """Print the overview."""
    runs = snakemake_files.runs()
    living = [run for run in runs if run.host == platform.node() and snakemake_files.process(run)]
    run = next(iter([*living, *runs]), None)
    if run is None and not args.target:
        raise InputError(
            "no run was started here; name a target: make status TARGET=results/tiny/tms/table.csv"
        )
    targets = args.target or run.targets
    configfiles = args.configfile or ([] if args.target else run.configfiles)
    marks = snakemake_files.marked()  # as the logs, before the seconds that planning takes
    with ThreadPoolExecutor() as pool:
        remaining, every = pool.map(lambda whole: jobs_of(targets, configfiles, whole), (False, True))
    alive = bool(living) or (run is not None and run.host != platform.node() and snakemake_files.locked())
    left = {path for job in remaining for path in job.output}
    failed = {path for each in ([*living] or runs[:1]) for one in each.failures for path in one.output}
    found = states(every, left, marks if alive else (), failed)
    estimated, note = estimate(remaining, configfiles, args.throughput)
    print(f"{' '.join(targets) or 'default target'}\n{wrapped(heading(found, run, living, alive))}\n")
    print("\n".join(table(stages(found, run_time, estimated), any(job.gpus for job in every))))
    if left:
        print("\n".join([wrapped(note), "", *under_way(found, marks, alive)]))
    if failure := last_failure(runs, left):
        print("\n".join(failure_lines(failure, f"last error: {failure.rule}, {failure.time}")))


def heading(found: list[tuple[Job, str]], run: Run | None, living: list[Run], alive: bool) -> str:
    """Number of finished jobs, and the outcome of the last run."""
    done = sum(state == "done" for _, state in found)
    count = f"{done} of {len(found)} jobs done"
    if run is None:
        return f"{count}; no run was started here"
    since = f"started {run.started} on {run.host}"
    if living:
        return f"{count}; running ({since}, process {snakemake_files.process(run)})"
    if alive:
        return f"{count}; running as its lock says ({since})"
    if snakemake_files.locked():
        return f"{count}; killed ({since}): .venv/bin/snakemake --unlock, then the same command"
    return count if done == len(found) else f"{count}; stopped ({since})"


def table(rows: list[Stage], cards: bool) -> list[str]:
    """The unfinished stages, a line each, and the finished ones together."""
    unit = "GPU-h" if cards else "hours"
    lines = [["stage", *STATES, f"{unit} spent", f"{unit} left"]]
    finished = [row for row in rows[:-1] if row.finished]
    if finished:
        spent = sum(row.spent for row in finished)
        count = str(sum(row.jobs["done"] for row in finished))
        lines.append([f"{len(finished)} finished", count, "", "", "", hours(spent), ""])
    for row in rows:
        if row is rows[-1] or not row.finished:
            counts = [str(row.jobs[state] or "") for state in STATES]
            lines.append([row.name, *counts, hours(row.spent), "?" if row.left is None else hours(row.left)])
    names = ", ".join(row.name for row in finished)
    return [aligned(lines), *([wrapped(f"finished: {names}")] if names else [])]


def estimate(
    jobs: list[Job], configfiles: list[Path], file: Path
) -> tuple[Callable[[Job], float] | None, str]:
    """The estimated seconds of a job, and a note on what they rest on."""
    try:
        config, figures = configuration(configfiles), throughput.read(file)
        stale = frozenset(path for job in jobs for path in job.output)
        lengths = Lengths(config, figures, stale=stale)
        estimator = Estimator(lengths)
        estimates = {job.output[0]: estimator.estimate(job) for job in jobs if job.output}
    except InputError as error:
        return None, f"left is not known: {error}"
    assumed = "; ".join(
        f"{', '.join(names)} of {device}"
        for device, names in assumed_speeds(list(estimates.values()), figures).items()
    )
    note = f"left: estimate by {file}" + (f", which assumes {assumed}" if assumed else "")
    return lambda job: estimates[job.output[0]].seconds, note


def under_way(found: list[tuple[Job, str]], marks: dict[str, float], alive: bool) -> list[str]:
    """Lines on the jobs that run, or that a stopped run left in the middle."""
    if not alive:
        count = sum(state == "waiting" and any(path in marks for path in job.output) for job, state in found)
        words = "job was" if count == 1 else "jobs were"
        return [f"{count} {words} under way when the run ended; given again, it resumes", ""] if count else []
    running = [
        (min(marks[path] for path in job.output if path in marks), job)
        for job, state in found
        if state == "running"
    ]
    lines = [
        f"  {span(time.time() - began):>8}  {job.rule}  {' '.join(job.log) or job.output[0]}"
        for began, job in sorted(running, key=lambda one: one[0])[:SHOWN]
    ]
    more = [f"  and {len(running) - SHOWN} more"] if len(running) > SHOWN else []
    return ["running, since, with its log:", *lines, *more, ""] if lines else []


def last_failure(runs: list[Run], left: set[str]) -> Failure | None:
    """The last failure of a job that is still to be done."""
    for run in runs:
        for failure in reversed(run.failures):
            if left.intersection(failure.output):
                return failure
    return None


if __name__ == "__main__":
    cli.run(main, parser())
