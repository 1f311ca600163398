"""Sample completions from the checkpoints of a run: those that the plan names (Algorithm 1)."""

import argparse
from dataclasses import replace
from pathlib import Path

from tms.generation import flags as generation_flags
from tms.generation.generate import Request, generate_missing, open_model
from tms.io import cli, cost, parquet
from tms.io.errors import InputError
from tms.io.images import Images
from tms.mixture import build, checkpoints


def parser() -> argparse.ArgumentParser:
    """Flags of this stage."""
    flags = argparse.ArgumentParser(description=__doc__)
    add = flags.add_argument
    add("--plan", type=Path, required=True, help="plan of what each visit trains on")
    add("--references", nargs="+", required=True, metavar="SPLIT=PATH", help="verified references, by split")
    add("--checkpoints", nargs="+", required=True, metavar="POINT=FOLDER", help="checkpoints of the run")
    add("--task", required=True, help="the run's task, written to column `benchmark` of rows that name none")
    add("--part", type=int, default=1, help="which share of the rows, from 1")
    add("--parts", type=int, default=1, help="jobs over which the rows are spread evenly")
    add(
        "--mode",
        choices=["planned", "full"],
        default="planned",
        help="planned: what the plan names; full: every training prompt at every checkpoint as well",
    )
    add("--samples", type=int, default=1, help="samples of each prompt (mode full)")
    add(
        "--max-new-tokens",
        nargs="+",
        required=True,
        metavar="N|TASK=N",
        help="longest completion; of several tasks TASK=N for each",
    )
    cli.add_images(flags)
    generation_flags.add(flags)
    generation_flags.add_simulator(flags)
    return flags


def wanted_rows(
    plan: list[dict],
    references: dict[str, dict[str, dict]],
    points: list[str],
    mode: str,
    samples: int,
) -> dict[str, list[dict]]:
    """List the rows to generate for each checkpoint, each once, in the order of splits and references.

    Args:
        plan: pairs that the plan names (`build.PAIR`).
        references: split -> example_id -> reference.
        points: names of the checkpoints that there are.
        mode: planned or full.
        samples: samples of each prompt in mode full.

    Raises:
        InputError: the plan names an example or a checkpoint that there is not.
    """
    pairs: dict[str, set[tuple[str, str, int]]] = {point: set() for point in points}
    for pair in plan:
        if pair["checkpoint"] not in pairs:
            raise InputError(f"the plan names checkpoint {pair['checkpoint']}; add it to --checkpoints")
        if pair["example_id"] not in references.get(pair["split"], {}):
            raise InputError(
                f"the plan names example {pair['example_id']} of split {pair['split']}, which "
                f"--references lacks; make the plan again"
            )
        pairs[pair["checkpoint"]].add((pair["split"], pair["example_id"], pair["sample"]))
    if mode == "full":
        for named in pairs.values():
            named.update(
                ("train", example, sample) for example in references["train"] for sample in range(samples)
            )
    place = {
        (split, example): number
        for number, (split, example) in enumerate(
            (split, example) for split, examples in references.items() for example in examples
        )
    }
    return {
        point: [
            {
                "example_id": example,
                "benchmark": references[split][example]["benchmark"],
                "split": split,
                "sample": sample,
                "checkpoint": point,
                **{name: references[split][example][name] for name in ("context", "prompt", "answer")},
            }
            for split, example, sample in sorted(named, key=lambda row: (place[row[:2]], row[2]))
        ]
        for point, named in pairs.items()
    }


def rows_of_part(wanted: dict[str, list[dict]], part: int, parts: int) -> dict[str, list[dict]]:
    """The rows of one job: all of them, in the order of the checkpoints, cut into equal stretches.

    A stretch may begin or end within a checkpoint: ten checkpoints over eight jobs by whole checkpoints would
    leave six of the jobs idle half of the time.

    Args:
        wanted: rows of each checkpoint.
        part: number of the job, from 1.
        parts: number of jobs.

    Returns:
        The part's rows, by checkpoint; checkpoints without any are left out.
    """
    total = sum(map(len, wanted.values()))
    first, end = total * (part - 1) // parts, total * part // parts
    mine, before = {}, 0
    for point, rows in wanted.items():
        if stretch := rows[max(first - before, 0) : max(end - before, 0)]:
            mine[point] = stretch
        before += len(rows)
    return mine


def main(args: argparse.Namespace) -> None:
    """Run the stage."""
    if not 1 <= args.part <= args.parts:
        raise InputError(f"--part {args.part}: give a number from 1 to {args.parts} (--parts)")
    if args.samples < 1:
        raise InputError(f"--samples {args.samples}: give at least 1")
    folders = cli.parse_pairs(args.checkpoints)
    for point in folders:
        checkpoints.parse_point(point)
    paths = cli.parse_pairs(args.references)
    if "train" not in paths:
        raise InputError("--references: name the training references, train=PATH")
    references = {
        split: {row["example_id"]: row for row in parquet.read_references(Path(path), args.task)}
        for split, path in paths.items()
    }
    plan = build.pairs(parquet.read_table(args.plan, parquet.PLAN)).to_pylist()
    wanted = wanted_rows(plan, references, list(folders), args.mode, args.samples)
    mine = rows_of_part(wanted, args.part, args.parts)
    engine, simulator = generation_flags.engine(args), generation_flags.simulator(args)
    tasks = list(dict.fromkeys(row["benchmark"] for rows in references.values() for row in rows.values()))
    longest = generation_flags.longest(args, tasks)
    images = Images(args.images)
    models = {point: open_model(Path(folders[point]), images=images) for point in mine}
    settings = {task: generation_flags.sampling(args, limit) for task, limit in longest.items()}
    # A row's limit is that of its task. Tasks of one limit are sampled together.
    requests = [
        Request(models[point], sampling, args.seed, chosen, f"harvest {args.task} {point}")
        for point, rows in mine.items()
        for sampling in dict.fromkeys(settings.values())
        if (chosen := [row for row in rows if settings[row["benchmark"]] == sampling])
    ]
    done = generate_missing(requests, engine, args.cache, simulator)
    used = settings if len(tasks) > 1 else settings[tasks[0]]
    opened = list(models.values())
    generation_flags.write(args, "harvest", done, opened, engine, used, spent(done), simulator)


def spent(rows: list[dict]) -> cost.Cost:
    """Cost of a harvest: `pld_own` alone reads what is drawn for held-out prompts, and no training."""
    train, heldout = (
        cost.of_completions([row for row in rows if row["split"] == split]) for split in ("train", "heldout")
    )
    return replace(train, measuring_tokens=heldout.generated_tokens)


if __name__ == "__main__":
    cli.run(main, parser())
