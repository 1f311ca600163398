"""All methods of a model in one table, and what each of them cost."""

import argparse
from collections import defaultdict
from dataclasses import asdict
from pathlib import Path

from tms import cost, program
from tms.errors import InputError
from tms.scores import (
    TABLE_DECIMALS,
    TIDY,
    by_run,
    decimal,
    forgetting_floor,
    mean,
    over_runs,
    parse_run,
    read_csv,
    run_of,
    write_csv,
)

STAGES = ["teacher", "sft", "harvest", "student"]  # in the order in which they run
WORK = ["optimizer_steps", "trained_tokens", "generated_tokens", "seconds"]
COST = ["model", "method", "stage", "train_task", "seed", *WORK]


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--methods", nargs="+", required=True, help="names of the methods, in row order")
    parser.add_argument("--tables", nargs="+", type=Path, required=True, help="table.csv of each, so ordered")
    parser.add_argument("--scores", nargs="+", type=Path, required=True, help="scores.csv of each, likewise")
    parser.add_argument(
        "--costs",
        nargs="*",
        default=[],
        metavar="METHOD/STAGE/TASK/seedN=PATH",
        help="cost file of each stage that a method depends on; harvest-1, harvest-2 … are its parts",
    )
    parser.add_argument("--output", type=Path, required=True, help="output: row base, then a row a method")
    parser.add_argument("--cost", type=Path, required=True, help="output: what each stage and method spent")
    return parser


def spread(scores: Path) -> dict[str, str]:
    """The mean signed retention delta of a method, and the forgetting that chance alone would give.

    F counts only losses, so it is below 0 even where nothing changed; these two stand beside it, and once
    more for the extended score where there are safety sets.
    """
    cells = read_csv(scores, TIDY)
    found = {}
    for suffix, groups in (("", ["retention"]), ("_ext", ["retention", "safety"])):
        chosen = [cell for cell in cells if cell["group"] in groups]
        if suffix and not any(cell["group"] == "safety" for cell in chosen):
            continue
        numbers = [cell | {"delta": float(cell["delta"])} for cell in chosen]
        floors = {
            run: forgetting_floor(
                [
                    (float(cell["score"]), float(cell["base_score"]), int(cell["n"]))
                    for cell in chosen
                    if run_of(cell) == run
                ]
            )
            for run in map(run_of, chosen)
        }
        delta = over_runs(by_run(numbers, groups, mean))
        found[f"retention_delta{suffix}"] = decimal(delta, TABLE_DECIMALS)
        found[f"forgetting_floor{suffix}"] = decimal(over_runs(floors), TABLE_DECIMALS)
    return found


def join_tables(methods: list[str], tables: list[Path], scores: list[Path]) -> list[dict[str, str]]:
    """The base's row and one row for each method.

    Raises:
        InputError: two tables differ in their base or their columns, or one is of another method.
    """
    joined: list[dict[str, str]] = []
    for method, path, tidy in zip(methods, tables, scores, strict=True):
        lines = {line["row"]: line for line in read_csv(path, ["row", "xfer", "forgetting"])}
        if method not in lines:
            raise InputError(f"{path}: no row {method}; delete it and run aggregate again")
        beside = spread(tidy)
        nothing = {name: decimal(0.0 if "delta" in name else None, TABLE_DECIMALS) for name in beside}
        base = lines["base"] | nothing
        if joined and joined[0] != base:
            raise InputError(f"{path}: another base or suite than in {tables[0]}; run aggregate again")
        joined += [lines[method] | beside] if joined else [base, lines[method] | beside]
    return joined


def cost_rows(model: str, methods: list[str], costs: dict[str, str]) -> list[dict]:
    """A row for each method, stage, task and seed, and a `total` for each method.

    The total is what the method takes for all target tasks with one seed (mean over the seeds), with all
    that it depends on: methods that share a teacher or an SFT run each count it whole.

    Raises:
        InputError: a label of another form, or an unknown method or stage in it.
    """
    spent: dict[tuple[str, str, str, int], cost.Cost] = defaultdict(cost.Cost)
    for label, path in costs.items():
        method, _, rest = label.partition("/")
        stage, _, run = rest.partition("/")
        stage = stage.partition("-")[0]
        if method not in methods or stage not in STAGES:
            raise InputError(
                f"cost {label!r}: write METHOD/STAGE/TASK/seedN with a method of --methods and a stage of "
                f"{', '.join(STAGES)}"
            )
        spent[method, stage, *parse_run(run)] += cost.read(Path(path))
    found = []
    for method in methods:
        own = {key: value for key, value in spent.items() if key[0] == method}
        for stage in STAGES:
            for (_, place, task, seed), value in own.items():
                if place == stage:
                    found.append(_cost_row(model, method, stage, task, seed, asdict(value)))
        seeds = {seed for _, _, _, seed in own}
        totals = {name: sum(getattr(value, name) for value in own.values()) for name in WORK}
        if seeds:
            shares = {name: total / len(seeds) for name, total in totals.items()}
            found.append(_cost_row(model, method, "total", "", "", shares))
    return found


def _cost_row(
    model: str, method: str, stage: str, task: str, seed: int | str, work: dict[str, float]
) -> dict:
    counts = {name: f"{work[name]:.0f}" for name in WORK[:-1]}
    row = {"model": model, "method": method, "stage": stage, "train_task": task, "seed": seed}
    return row | counts | {"seconds": f"{work['seconds']:.1f}"}


def main(args: argparse.Namespace) -> None:
    lines = join_tables(args.methods, args.tables, args.scores)
    write_csv(args.output, list(lines[0]), lines)
    write_csv(args.cost, COST, cost_rows(args.model, args.methods, program.parse_pairs(args.costs)))


if __name__ == "__main__":
    program.run(main, parser())
