"""All methods of a model in one table, and what each of them cost."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.io.errors import InputError
from tms.metrics.cost_table import COST
from tms.metrics.scores import (
    TABLE_DECIMALS,
    TIDY,
    by_run,
    decimal,
    mean,
    mean_floor,
    over_runs,
    read_csv,
    write_csv,
)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    parser.add_argument("--methods", nargs="+", required=True, help="names of the methods, in row order")
    parser.add_argument("--tables", nargs="+", type=Path, required=True, help="table.csv of each, so ordered")
    parser.add_argument("--scores", nargs="+", type=Path, required=True, help="scores.csv of each, likewise")
    parser.add_argument("--costs", nargs="+", type=Path, required=True, help="cost.csv of each, likewise")
    parser.add_argument("--output", type=Path, required=True, help="output: row base, then a row a method")
    parser.add_argument("--cost", type=Path, required=True, help="output: what each stage and method spent")
    return parser


def spread(scores: Path) -> dict[str, str]:
    """The mean signed retention delta of a method, and the forgetting that chance alone would give.

    F counts only losses, so it is below 0 even where nothing changed; these two stand beside it, and once
    more for the extended score where there are safety sets.
    """
    numbers = ("score", "base_score", "delta", "n")
    cells = [cell | {name: float(cell[name]) for name in numbers} for cell in read_csv(scores, TIDY)]
    found = {}
    for suffix, groups in (("", ["retention"]), ("_ext", ["retention", "safety"])):
        if suffix and not any(cell["group"] == "safety" for cell in cells):
            continue
        delta = over_runs(by_run(cells, groups, mean))
        found[f"retention_delta{suffix}"] = decimal(delta, TABLE_DECIMALS)
        found[f"forgetting_floor{suffix}"] = decimal(mean_floor(cells, groups), TABLE_DECIMALS)
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


def main(args: argparse.Namespace) -> None:
    lines = join_tables(args.methods, args.tables, args.scores)
    write_csv(args.output, list(lines[0]), lines)
    write_csv(args.cost, COST, [line for path in args.costs for line in read_csv(path, COST)])


if __name__ == "__main__":
    cli.run(main, parser())
