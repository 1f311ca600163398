"""Outputs that were made with other settings or code than those of today, by the records beside them."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from tms.io import made_by
from tms.io.errors import InputError
from tms.planned_jobs.jobs import Job, jobs_of

PROGRAM = "workflow/scripts/check_stale.py"
NO_RECORD = "no record of what made it"


@dataclass(frozen=True)
class Compared:
    """The outputs of some targets: how many there are, and of those that do not match, the first -> why."""

    outputs: int
    stale: dict[str, list[str]]


def compared(targets: list[str], configfiles: list[Path]) -> Compared:
    """Compare the outputs that are there with what would make them today.

    Args:
        targets: files or rules; none: the workflow's default.
        configfiles: laid over the configuration, in order.

    Raises:
        InputError: Snakemake refuses the targets or the configuration.
    """
    jobs = [job for job in jobs_of(targets, configfiles, everything=True) if made_by.STARTER in job.command]
    made = [job for job in jobs if Path(job.output[0]).exists()]
    return Compared(len(made), {job.output[0]: why for job in made if (why := reasons(job))})


def reasons(job: Job) -> list[str]:
    """Why a job's output does not match; none where it does."""
    record = made_by.read(Path(job.output[0]))
    if record is None:
        return [NO_RECORD]
    return made_by.differences(record, *made_by.program(job.command))


def headline(tables: list[str], configfiles: list[Path]) -> list[str]:
    """A line to stand above tables where outputs behind them do not match; none where all do."""
    try:
        comparison = compared(tables, configfiles)
    except InputError as error:
        return [f"not compared with today's settings: {line}" for line in str(error).splitlines()]
    if not comparison.stale:
        return []
    words = f"make check-stale TARGET={shlex.quote(' '.join(tables))}"
    words += f" CONFIG={shlex.quote(str(configfiles[0]))}" if configfiles else ""
    if len(configfiles) > 1:  # make takes one
        words = ".venv/bin/python " + shlex.join([PROGRAM, *tables, "--configfile", *map(str, configfiles)])
    return [
        f"stale: {len(comparison.stale)} of the {comparison.outputs} outputs behind it do not match today's "
        f"settings and code; `{words}` lists them"
    ]
