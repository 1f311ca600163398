"""Estimate a target before it is run: jobs, GPUs, tokens, hours and disk, stage by stage."""

import argparse
import csv
import json
import os
import sys
from dataclasses import asdict
from pathlib import Path

from tms.config.load import configuration
from tms.cost_estimate import throughput
from tms.cost_estimate.estimator import Estimator
from tms.cost_estimate.file_systems import FileSystem, disk_words, file_systems
from tms.cost_estimate.lengths import Lengths
from tms.cost_estimate.numbers import hours, short
from tms.cost_estimate.summary import Machine, assumed_speeds, compared, disk, stages
from tms.cost_estimate.throughput import Throughput
from tms.io import cli
from tms.io.errors import InputError
from tms.io.text_table import aligned
from tms.planned_jobs.jobs import jobs_of


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("target", help="what Snakemake would be asked for, e.g. results/qwen3b/tms/table.csv")
    cli.add_configfile(flags)
    add("--throughput", type=Path, default=throughput.FILE, help="speeds and assumed lengths")
    add("--device", help="entry of its `devices` that runs the jobs with GPUs")
    add("--gpus", type=int, default=8, help="cards on which jobs run side by side")
    add("--cores", type=int, default=os.cpu_count(), help="cores for jobs without GPUs")
    add("--compare", action="store_true", help="what finished jobs took, beside their estimate")
    add("--assumed-lengths", action="store_true", help="look at no prepared file: as if nothing had been run")
    form = flags.add_mutually_exclusive_group()
    form.add_argument("--csv", action="store_true", help="print CSV: tokens, hours and bytes in full")
    form.add_argument("--json", action="store_true", help="print JSON")
    return flags


def stage_lines(rows: list[dict], machine: Machine) -> list[list[str]]:
    """Cells of the table of stages."""
    heads = ["stage", "jobs", "GPUs a job", "generated", "trained", "scored", "job hours", "GPU-hours"]
    lines = [[*heads, f"hours on {machine.gpus} GPUs", "disk"]]
    for row in rows:
        tokens = [short(row[name]) for name in ("generated", "trained", "scored")]
        spent = [hours(row[name]) for name in ("job_hours", "gpu_hours", "wall_hours")]
        size = f"{short(row['bytes'])}B" if row["bytes"] else ""
        gpus = "" if row["stage"] == "total" else str(row["gpus"])
        lines.append([row["stage"], str(row["jobs"]), gpus, *tokens, *spent, size])
    return lines


def comparison_lines(rows: list[dict]) -> list[list[str]]:
    """Cells of the table of estimates beside measurements."""
    lines = [["stage", "jobs", "tokens", "measured", "seconds", "measured", "measured / estimated"]]
    for row in rows:
        ratio = "" if row["ratio"] is None else f"{row['ratio']:.2f}"
        tokens = [short(row["tokens"]), short(row["measured_tokens"])]
        seconds = [f"{row['seconds']:.0f}", f"{row['measured_seconds']:.0f}"]
        lines.append([row["stage"], str(row["jobs"]), *tokens, *seconds, ratio])
    return lines


def disk_lines(systems: list[FileSystem], removing: bool, warn: float) -> list[str]:
    """Lines on disk: each file system's sum, and a warning with its remedy where it is much or too much."""
    lines = []
    for system in systems:
        policy = "needed" if removing else "all"
        lines.append(
            f"{disk_words(system)} with compute.keep_checkpoints {policy}; "
            f"{short(system.needed.removable) or 0}B are checkpoints that nothing needs after harvest "
            f"and drift"
        )
        for limit, what in ((system.free, "is free"), (warn, "warn_bytes")):
            if system.needed.peak > limit:
                remedy = "" if removing else "; compute.keep_checkpoints: needed removes those checkpoints"
                lines.append(f"warning: disk: more than {what} ({short(limit)}B){remedy} (docs/cost.md)")
                break
    return lines


def speed_words(assumed: dict[str, list[str]], file: Path) -> str:
    """A line on where the speeds come from: a warning where some are assumed."""
    if not assumed:
        return f"speeds: measured ({file})"
    told = "; ".join(f"{', '.join(names)} of {device}" for device, names in assumed.items())
    return (
        f"warning: speeds assumed, not measured: {told} ({file}). Take the hours as an order of magnitude; "
        f"`make gpu-check` measures those of cards, --compare any after a first run"
    )


def print_estimate(args: argparse.Namespace, figures: Throughput, config: dict) -> None:
    """Print what is left to run."""
    jobs = jobs_of([args.target], args.configfile)
    stale = frozenset(path for job in jobs for path in job.output)
    lengths = Lengths(config, figures, not args.assumed_lengths, stale)
    estimator = Estimator(lengths)
    estimates = [estimator.estimate(job) for job in jobs]
    machine = Machine(args.gpus, args.cores)
    removing = config["compute"].get("keep_checkpoints", "all") == "needed"
    needed = disk(estimates, machine, removing)
    systems = file_systems(estimates, machine, removing)
    rows = stages(estimates, machine)
    if args.json or args.csv:
        facts = {"disk": vars(needed), "file_systems": list(map(asdict, systems))}
        facts |= {"assumed": sorted(lengths.assumed)}
        facts |= {"assumed_speeds": assumed_speeds(estimates, figures)}
        write(rows, facts, args.json)
        return
    if not estimates:
        print(f"{args.target}: nothing left to run (--compare: what it took)")
        return
    print(f"{args.target}: {len(estimates)} jobs left to run\n\n{aligned(stage_lines(rows, machine))}\n")
    if rows[-1]["wall_hours"] is None:
        print(f"A job needs {rows[-1]['gpus']} GPUs, more than --gpus {args.gpus}: no hours on so few.")
    print("\n".join(disk_lines(systems, removing, figures.plain["warn_bytes"])))
    tasks = sorted(lengths.assumed)
    known = f"assumed for {', '.join(tasks)}" if tasks else "of the files that are there"
    print(f"lengths: {known}")
    print(speed_words(assumed_speeds(estimates, figures), args.throughput))


def print_comparison(args: argparse.Namespace, figures: Throughput, config: dict) -> None:
    """Print what finished jobs took beside what would have been estimated."""
    left = {path for job in jobs_of([args.target], args.configfile) for path in job.output}
    done = [
        job
        for job in jobs_of([args.target], args.configfile, everything=True)
        if not left.intersection(job.output)
    ]
    lengths = Lengths(config, figures, not args.assumed_lengths)
    estimator = Estimator(lengths)
    rows = compared([estimator.estimate(job) for job in done])
    if args.json or args.csv:
        write(rows, {}, args.json)
        return
    if rows[-1]["jobs"] == 0:
        raise InputError(f"{args.target}: no finished job has a run time under logs/benchmarks; run it first")
    print(f"{args.target}: {rows[-1]['jobs']} finished jobs\n\n{aligned(comparison_lines(rows))}")


def write(rows: list[dict], facts: dict, as_json: bool) -> None:
    """Print rows for a program to read."""
    if as_json:
        print(json.dumps({"stages": rows, **facts}, indent=1))
        return
    writer = csv.DictWriter(sys.stdout, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(
        {name: round(value, 3) if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    )


def main(args: argparse.Namespace) -> None:
    for name in ("gpus", "cores"):
        if getattr(args, name) < 1:
            raise InputError(f"--{name} {getattr(args, name)}: give at least 1")
    figures = throughput.read(args.throughput, args.device)
    (print_comparison if args.compare else print_estimate)(args, figures, configuration(args.configfile))


if __name__ == "__main__":
    cli.run(main, parser())
