"""Check what a target needs before it is run: access to the hub, environment, model folders, memory
of a card, disk.

`make preflight TARGET=results/qwen3b/tms/table.csv` calls it. A real run calls it too, before its first job,
if jobs take cards, vLLM or downloads: what is missing stops it (`compute.preflight: warn` lets it go on).
"""

import argparse
import json
import os
import sys

from tms.config.load import configuration
from tms.io import cli
from tms.io.errors import InputError
from tms.memory_plan import check as memory_check
from tms.memory_plan.store import Store, dry_run
from tms.planned_jobs.jobs import Job, jobs_of
from tms.preflight import conversations, environment, hub_access, model_folders


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    add = flags.add_argument
    add("target", nargs="*", help="what Snakemake would be asked for, e.g. results/qwen3b/tms/table.csv")
    cli.add_configfile(flags)
    add("--gpus", type=int, default=8, help="cards on which jobs run side by side (for the disk's peak)")
    add("--plan", action="store_true", help="read configuration and jobs from standard input, as JSON")
    return flags


def main(args: argparse.Namespace) -> None:
    """Print what is missing, or that nothing is."""
    if args.plan:
        plan = json.load(sys.stdin)
        config, jobs = plan["config"], [Job(**job) for job in plan["jobs"]]
        gpus, other_interpreter = plan["gpus"], plan["other_interpreter"]
    else:
        config, jobs = configuration(args.configfile), jobs_of(args.target, args.configfile)
        gpus, other_interpreter = args.gpus, False
    repositories = hub_access.needed(jobs, config)
    missing = [] if other_interpreter else environment.faults(jobs, config)
    missing += hub_access.faults(repositories, os.environ.get("HF_HUB_OFFLINE", "0") != "0")
    missing += model_folders.faults(jobs, config) + conversations.faults(jobs, config)
    peaks = memory_check.peaks(jobs, config, Store(dry_run).memory)
    missing += memory_check.faults(peaks, config) + memory_check.unsampled(jobs, config)
    needs, full = disk_lines(jobs, config, gpus)
    missing += full
    if not missing:
        reached = f"{len(repositories)} repositories of the hub within reach"
        print(
            f"preflight: {'; '.join(filter(None, [f'{len(jobs)} jobs', reached, needs]))}"
            f"{memory_check.largest(peaks)}",
            file=sys.stderr if args.plan else sys.stdout,
        )
        return
    count = "one thing is" if len(missing) == 1 else f"{len(missing)} things are"
    told = f"preflight: {count} missing:\n" + "\n".join(f"- {line}" for line in missing)
    if args.plan and config["compute"]["preflight"] == "warn":
        print(f"warning: {told}", file=sys.stderr)
        return
    goes_on = "\n(compute.preflight: warn goes on all the same)" if args.plan else ""
    raise InputError(f"{told}{goes_on}")


def disk_lines(jobs: list[Job], config: dict, gpus: int) -> tuple[str, list[str]]:
    """The disk that the jobs need, in words, and a line for each file system that has too little."""
    from tms.cost_estimate import throughput
    from tms.cost_estimate.estimator import Estimator
    from tms.cost_estimate.file_systems import disk_words, file_systems, without_room
    from tms.cost_estimate.lengths import Lengths
    from tms.cost_estimate.summary import Machine

    try:
        figures = throughput.read(throughput.FILE)
        # Assumed lengths: texts are little of the disk, and reading what is prepared would take seconds.
        lengths = Lengths(config, figures, measured=False)
        estimator = Estimator(lengths)
        estimates = [estimator.estimate(job) for job in jobs]
    except InputError as error:  # keeps nobody from running
        return f"disk is not checked ({error})", []
    removing = config["compute"]["keep_checkpoints"] == "needed"
    systems = file_systems(estimates, Machine(max(gpus, 1), os.cpu_count() or 1), removing)
    return "; ".join(map(disk_words, systems)), [
        without_room(system, removing) for system in systems if system.needed.peak > system.free
    ]


if __name__ == "__main__":
    cli.run(main, parser())
