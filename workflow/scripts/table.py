"""All methods of a model in one table, and what each of them cost."""

import argparse
from pathlib import Path

from tms.io import cli
from tms.io.csv_file import read_csv, values_of, write_csv
from tms.io.errors import InputError
from tms.metrics.cost_table import COST
from tms.metrics.health import COLUMN


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", nargs="+", required=True, help="names of the methods, in row order")
    parser.add_argument("--tables", nargs="+", type=Path, required=True, help="table.csv of each, so ordered")
    parser.add_argument(
        "--intervals", nargs="+", type=Path, required=True, help="intervals.csv of each, likewise"
    )
    parser.add_argument("--costs", nargs="+", type=Path, required=True, help="cost.csv of each, likewise")
    parser.add_argument("--output", type=Path, required=True, help="output: row base, then a row a method")
    parser.add_argument("--cost", type=Path, required=True, help="output: what each stage and method spent")
    return parser


def beside_forgetting(method: str, intervals: Path) -> dict[str, str]:
    """The mean signed retention delta of a method, and the forgetting that chance alone would give.

    F counts only losses, so it is below 0 even where nothing changed; these two stand beside it, and once
    more for the extended score where there are safety sets.
    """
    values = {
        (line["row"], line["column"]): line["value"]
        for line in read_csv(intervals, ["row", "column", "value"])
    }
    columns = {}
    with values_of(intervals):
        for suffix in ("", "_ext"):
            if ("delta", f"retention_mean{suffix}") in values:
                columns[f"retention_delta{suffix}"] = values["delta", f"retention_mean{suffix}"]
                columns[f"forgetting_floor{suffix}"] = values[method, f"forgetting_floor{suffix}"]
    return columns


def join_tables(methods: list[str], tables: list[Path], intervals: list[Path]) -> list[dict[str, str]]:
    """The base's row and one row for each method.

    Raises:
        InputError: two tables differ in their base or their columns, or one is of another method.
    """
    joined: list[dict[str, str]] = []
    read = [read_csv(path, ["row", "xfer", "forgetting"]) for path in tables]
    told = {COLUMN: ""} if any(COLUMN in lines[0] for lines in read) else {}
    for method, path, found, more in zip(methods, tables, read, intervals, strict=True):
        lines = {line["row"]: line | told | line for line in found}
        if method not in lines:
            raise InputError(f"{path}: no row {method}; delete it and run aggregate again")
        beside = beside_forgetting(method, more)
        base = lines["base"] | {name: "0.0000" if "delta" in name else "" for name in beside}
        if joined and joined[0] != base:
            raise InputError(f"{path}: another base or suite than in {tables[0]}; run aggregate again")
        joined += [lines[method] | beside] if joined else [base, lines[method] | beside]
    return joined


def main(args: argparse.Namespace) -> None:
    lines = join_tables(args.methods, args.tables, args.intervals)
    write_csv(args.output, list(lines[0]), lines)
    write_csv(args.cost, COST, [line for path in args.costs for line in read_csv(path, COST)])


if __name__ == "__main__":
    cli.run(main, parser())
