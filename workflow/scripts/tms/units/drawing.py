"""Draws the tables and the report of a view from measured files alone, in a folder of its own."""

import contextlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from tms.io.errors import InputError
from tms.io.interrupts import STATUS
from tms.planned_jobs.jobs import jobs_of
from tms.units.measured import DRAWN, FETCHED, report_targets
from tms.units.snakemake_run import run_snakemake

# What the rules read of the project beside the configuration.
PROJECT = ("Snakefile", "workflow", "docs", "envs", "profiles")


def lay_out(folder: Path, config: dict, files: Mapping[str, Path]) -> None:
    """Make a project folder with a configuration and measured files, beside links to the rest.

    The files are all of one time, and what they were made from is not there: Snakemake makes none of it.

    Args:
        folder: empty.
        config: takes the place of config/config.yaml.
        files: measured files: path in the project -> copy.
    """
    root = Path.cwd()
    for name in PROJECT:
        (folder / name).symlink_to(root / name)
    (folder / "config").mkdir()
    for path in (root / "config").iterdir():
        (folder / "config" / path.name).symlink_to(path)
    (folder / "config" / "config.yaml").unlink()
    (folder / "config" / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    for name, copy in files.items():
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(copy, target)
        os.utime(target, (0, 0))


def draw(folder: Path, model: str, cores: str) -> None:
    """Draw the tables, the figures and the report of a model in a folder that `lay_out` has made.

    Raises:
        InputError: a job would have to train or generate, or one of those that draw fails.
    """
    with contextlib.chdir(folder):
        targets = report_targets(model)
        if missing := [job for job in jobs_of(targets, []) if job.rule not in DRAWN | FETCHED]:
            raise InputError(
                f"{missing[-1].output[0]}: no unit holds it, and {missing[-1].rule} would have to make it; "
                f"run the unit again that has its run"
            )
        if status := run_snakemake(targets, [], cores):
            if status == STATUS:
                raise KeyboardInterrupt
            raise InputError(f"models.{model}: the report could not be drawn; the lines above say why")


def take_over(folder: Path, model: str, into: Path) -> None:
    """Copy what was drawn into a folder of the documentation: tables, figures and the page."""
    into.mkdir(parents=True, exist_ok=True)
    for old in [*into.glob("*.md"), *into.glob("*.svg")]:
        old.unlink()
    results = folder / "results"
    drawn = [*(results / "tables" / model).glob("*.md"), *(results / "figures" / model).glob("*.svg")]
    names = ("report.html", "table.csv", "answer.json", "choose.json", "summary.md")
    drawn += [results / model / name for name in names]
    for path in drawn:
        shutil.copyfile(path, into / path.name)
