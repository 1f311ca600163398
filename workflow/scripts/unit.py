"""Make one unit of a study from nothing, and collect the small files that tables and report are made from.

`make real-unit UNIT=name` calls it; without a unit it lists them. It runs Snakemake for what no other unit
has collected; stopped, the same command goes on.
"""

import argparse
import sys
import time
from pathlib import Path

from tms.config.check import check
from tms.config.load import configuration
from tms.config.stages.tables import general_costs
from tms.config.units import Unit, unit_named, units
from tms.io import cli, json_file
from tms.io.text_table import aligned
from tms.planned_jobs.jobs import Job
from tms.units import measured, record
from tms.units.snakemake_run import run_snakemake

STUDY = Path("config/smollm2.yaml")  # the default one


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("--study", type=Path, default=STUDY, help="configuration file with `units`")
    add("--unit", default="", help="name of a unit; empty: list them")
    add("--cores", default="all", help="cores of Snakemake")
    cli.add_configfile(flags, "the study, e.g. with data.root")
    return flags


def listing(entries: list[Unit], done: set[str], study: str) -> str:
    """A line for each unit, and which comes next.

    Args:
        entries: the study's.
        done: names of those that are collected.
        study: the words of `make real-unit` that name it; "" for the default one.
    """
    lines = [["unit", "model", "seed", "state"]]
    for unit in entries:
        state = "collected" if unit.name in done else "to do"
        lines.append([unit.name, unit.model, str(unit.seed), state])
    methods = ["methods", *(" ".join(unit.methods) for unit in entries)]
    text = "\n".join(f"{line}  {own}" for line, own in zip(aligned(lines).split("\n"), methods, strict=True))
    left = [unit.name for unit in entries if unit.name not in done]
    return f"{text}\n" + (f"next: make real-unit {study}UNIT={left[0]}" if left else "all are collected")


def collected_files(entries: list[Unit], folder: Path, jobs: list[Job]) -> set[str]:
    """Files of other units that were made with the settings of today; units of other settings are named."""
    today, files = record.planned_with(jobs), set()
    for unit in entries:
        found = record.read(folder / unit.name)
        if found is None:
            continue
        if difference := record.other_settings(found, today):
            print(f"{unit.name}: made with other settings, not counted ({difference})", file=sys.stderr)
        else:
            files |= set(found["files"])
    return files


def main(args: argparse.Namespace) -> None:
    """Run the program."""
    configfiles = [args.study, *args.configfile]
    config = configuration(configfiles)
    check(config, {})
    entries, folder = units(config), record.units_folder(args.study)
    study = "" if args.study == STUDY else f"STUDY={args.study} "
    done = {unit.name for unit in entries if record.read(folder / unit.name)}
    if not args.unit:
        print(listing(entries, done, study))
        return
    unit = unit_named(config, args.unit)
    jobs = measured.planned_jobs(unit.model, configfiles)
    others = [other for other in entries if other.name != unit.name and other.model == unit.model]
    theirs = collected_files(others, folder, jobs)
    needed = general_costs(config, unit.model)
    own = measured.files_of(unit, measured.measured_files(jobs), needed)
    files = [path for path in own if path not in theirs]
    clock = Path("logs", "units", f"{unit.name}.json")
    before = json_file.read(clock, keys={"seconds": float})["seconds"] if clock.exists() else 0.0
    started = time.monotonic()

    def elapsed() -> float:
        return before + time.monotonic() - started

    def keep_time() -> None:
        json_file.write(clock, {"seconds": elapsed()})

    # Kept while it runs, for a command that is killed counts too.
    status = run_snakemake(files, configfiles, args.cores, keep_time)
    keep_time()
    if status:
        sys.exit(status)
    record.collect(unit, files, measured.behind(jobs, files), elapsed(), folder / unit.name)
    clock.unlink()
    then = f"make real-report {study}".strip()
    print(f"{folder / unit.name}: {len(files)} files; commit them, then `{then}`")


if __name__ == "__main__":
    cli.run(main, parser())
