"""Files that training and generation leave and that tables, figures and the report are made from.

They are found in Snakemake's plan: what the jobs that draw (`DRAWN`) read and do not make themselves.
"""

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from tms.config.units import RunKey, Unit
from tms.planned_jobs.jobs import Job, jobs_of
from tms.units.views import View

# The rules of tables.smk, experiments.smk, figures.smk and report.smk: they read no model and take seconds.
DRAWN = {
    *("aggregate", "table", "join_tables"),
    *("summarise", "frontier", "diversity", "theorem61", "mismatch", "correlations", "training_curves"),
    *("compare", "compare_model", "draw_tables", "draw_figures", "pilots"),
    *("questions", "questions_all", "answer", "answer_pair", "report"),
}
# Of what they read, the rest is part of the project, or fetched (the IFEval checker's sentence splitter).
MADE = ("results/", "data/")
FETCHED = {"download_punkt"}


def report_targets(model: str) -> list[str]:
    """Everything that is drawn of a model."""
    return [f"results/{model}/report.html", f"results/{model}/table.csv"]


def planned_jobs(model: str, configfiles: list[Path]) -> list[Job]:
    """Every job of a model's report, finished ones too, in an order in which they could run."""
    return jobs_of(report_targets(model), configfiles, everything=True)


def measured_files(jobs: Iterable[Job]) -> list[str]:
    """The measured files of these jobs, sorted."""
    drawn = [job for job in jobs if job.rule in DRAWN]
    own = {path for job in drawn for path in job.output}
    fetched = {path for job in jobs if job.rule in FETCHED for path in job.output}
    read = {path for job in drawn for path in job.input if path.startswith(MADE)}
    return sorted(read - own - fetched)


def run_of(path: str, model: str) -> RunKey | None:
    """The run in whose folder a file lies; None for the base's files and those of the data."""
    match = re.match(rf"results/{re.escape(model)}/([^/]+)/[^/]+/seed([0-9]+)/", path)
    return (match[1], int(match[2])) if match else None


def files_of(
    part: Unit | View, measured: Iterable[str], needed: Mapping[str, Collection[str]] = MappingProxyType({})
) -> list[str]:
    """The measured files of a unit or a view: those of its runs, and those that belong to no run.

    Args:
        part: with runs.
        measured: files.
        needed: files of no run that some methods alone depend on -> these methods.
    """
    runs, methods = {None, *part.runs}, {method for method, _ in part.runs}
    return [
        path
        for path in measured
        if run_of(path, part.model) in runs and methods & {*needed.get(path, methods)}
    ]


def complete_runs(
    model: str,
    measured: Iterable[str],
    there: Collection[str],
    needed: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> set[RunKey]:
    """The runs whose measured files are all there, and all of no run that they depend on.

    Args:
        model: whose runs they are.
        measured: files.
        there: those that there are.
        needed: files of no run that some methods alone depend on -> these methods.
    """
    of_run: dict[RunKey | None, list[str]] = {}
    for path in measured:
        of_run.setdefault(run_of(path, model), []).extend([path] if path not in there else [])
    missing = of_run.pop(None, [])
    return {
        run
        for run, own in of_run.items()
        if not own and not any(run[0] in needed.get(path, [run[0]]) for path in missing)
    }


def behind(jobs: list[Job], files: Collection[str]) -> list[Job]:
    """The jobs that make some files, with all jobs before them."""
    wanted, needed = set(files), []
    for job in reversed(jobs):
        if wanted & {*job.output}:
            needed.append(job)
            wanted |= {*job.input}
    return needed[::-1]
