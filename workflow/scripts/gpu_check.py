"""Check a GPU node in ten minutes: what the workflow would fail on, and how fast its jobs will run.

No download and no data: models have random weights at true size. Each part runs in processes of its own.
"""

import argparse
import importlib
import json
import os
import shutil
import sys
import time
from pathlib import Path

from tms.config.load import configuration
from tms.cost_estimate import throughput, throughput_file
from tms.gpu_check import needs, shapes
from tms.gpu_check.findings import Findings
from tms.gpu_check.parts import KINDS, Machine, parts
from tms.gpu_check.rows import Row, failed, table
from tms.gpu_check.runner import Ended, Part, run
from tms.io import cli
from tms.io.errors import InputError

ENVIRONMENT_SECONDS = 60
SMALL_PROCESSES = ["0", "1"]
SMALL_MEMORY = int(2e9)


def parser() -> argparse.ArgumentParser:
    """Flags of this program."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    cli.add_configfile(flags)
    add("--models", nargs="+", help="of the configuration (default: those of table.models)")
    add("--small", action="store_true", help="on a CPU, with the miniature: does the check itself work?")
    add("--only", nargs="+", choices=list(KINDS), default=list(KINDS), help="kinds of parts (cards: always)")
    add("--seconds", type=float, default=600, help="after so many nothing is started, and all is stopped")
    add(
        "--folder",
        type=Path,
        default=Path("logs/gpu_check"),
        help="for the table, its figures and the logs",
    )
    speeds = throughput.FILE
    add("--throughput", type=Path, default=speeds, help="file that gets the measured speeds of cards")
    worker = flags.add_argument_group("what the program itself starts its parts with")
    worker.add_argument("--part", help="module of tms.gpu_check to run in this process")
    worker.add_argument("--settings", type=json.loads, help="JSON for it")
    worker.add_argument("--result", type=Path, help="file for what it finds; its rank is added to the name")
    return flags


def measure(args: argparse.Namespace) -> None:
    """Run one part, or one process of it."""
    found = importlib.import_module(f"tms.gpu_check.{args.part}").measure(args.settings)
    rank = int(os.environ.get("RANK", "0"))
    unfinished = args.result.with_name(f".{args.result.name}.{rank}")
    unfinished.write_text(json.dumps(found))
    unfinished.replace(args.result.with_name(f"{args.result.name}.{rank:03}"))


def wanted(args: argparse.Namespace) -> tuple[list[shapes.Shape], dict]:
    """Shapes to check, and what the configured jobs need of the machine."""
    if args.small:
        small = shapes.small()
        disk = needs.DISK_BYTES * small[0].parameters
        return small, {"cards": 2, "mem_bytes": SMALL_MEMORY, "disk_bytes": disk, "missing": []}
    config = configuration(args.configfile)
    models = args.models or config["table"]["models"]
    if odd := [model for model in models if model not in config["models"]]:
        raise InputError(f"--models {odd[0]}: no such model; known: {', '.join(config['models'])}")
    found, unknown = shapes.configured(config, models)
    if unknown:
        raise InputError(
            f"models.{unknown[0]}: no config.json in its base, nor in workflow/resources/architectures.yaml; "
            f"download it first, or leave it out with --models"
        )
    return found, needs.of(config, models, found)


def look(needed: dict, small: bool, folder: Path, deadline: float) -> tuple[list[Row], list[dict]]:
    """Rows of the machine itself, and its cards."""
    settings = needed | {"on_gpu": not small}
    part = Part("environment", "environment", settings, cards=0, limit=ENVIRONMENT_SECONDS)
    ended = run([part], [], False, folder, deadline)["environment"]
    if ended.error:
        return [Row("environment", "fail", ended.error, f"see {folder}/environment.log")], []
    return [Row(**row) for row in ended.first["rows"]], ended.first["cards"]


def card_names(cards: list[dict]) -> list[str]:
    """Names of the cards for CUDA_VISIBLE_DEVICES; none where the driver shows none of those handed out."""
    if not cards:
        return []
    visible = os.environ.get("CUDA_VISIBLE_DEVICES")
    return visible.split(",") if visible is not None else [str(place) for place in range(len(cards))]


def main(args: argparse.Namespace) -> None:
    """Run all parts, print the table, and write what was measured."""
    if args.part:
        measure(args)
        return
    deadline = time.monotonic() + args.seconds
    found, needed = wanted(args)
    work = args.folder / "work"
    shutil.rmtree(work, ignore_errors=True)
    rows, cards = look(needed, args.small, args.folder, deadline)
    names = SMALL_PROCESSES if args.small else card_names(cards)
    machine = Machine(names, None if args.small else min((card["bytes"] for card in cards), default=0))
    ended: dict[str, Ended] = {}
    if names:
        todo = parts(found, machine, work, list(dict.fromkeys(["cards", *args.only])))
        ended = run(todo, names, machine.on_gpu, args.folder, deadline)
        shutil.rmtree(work, ignore_errors=True)
    findings = Findings(found if names else [], machine, ended, f"{args.folder}/{{}}.log")
    rows += findings.rows
    report(args, rows, findings, ended)
    if findings.peak and findings.speeds:
        write_speeds(args.throughput, cards, findings)
    sys.exit(1 if failed(rows) else 0)


def report(args: argparse.Namespace, rows: list[Row], findings: Findings, ended: dict[str, Ended]) -> None:
    """Print the table, and write it and everything that was measured into the folder."""
    text = table(rows)
    print(text)
    (args.folder / "table.txt").write_text(text + "\n")
    parts = {name: how.found or how.error for name, how in ended.items()}
    facts = {"rows": [vars(row) for row in rows], "speeds": findings.speeds, "parts": parts}
    (args.folder / "report.json").write_text(json.dumps(facts, indent=1) + "\n")


def write_speeds(path: Path, cards: list[dict], findings: Findings) -> None:
    """Write measured speeds into the file of throughputs, and say so."""
    card = cards[0]["name"]
    name = "".join(one if one.isalnum() else "_" for one in card.lower())
    like = "a100" if findings.peak < 500 else "h100"
    how = f"{time.strftime('%Y-%m-%d')}, make gpu-check, {len(cards)} x {card}"
    how += ", training partly extrapolated" if findings.extrapolated else ""
    throughput_file.write(path, name, like, findings.speeds, findings.peak, how)
    print(f"measured speeds: {path}, devices.{name} (make estimate reads them)")


if __name__ == "__main__":
    cli.run(main, parser())
