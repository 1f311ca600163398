"""Compare fronts of accuracy and forgetting of tuned methods, and windows at matched accuracy (RQ9)."""

import argparse
from pathlib import Path

from tms.config.suite import Suite, tasks_of
from tms.experiments import cells, learning
from tms.experiments.frontier import Point
from tms.experiments.frontier_cells import frontier_cells
from tms.experiments.method_cells import cost_cells, read_updates, update_cells
from tms.experiments.windows import window_cells
from tms.io import cli, parquet, provenance
from tms.io.errors import InputError
from tms.metrics import flags
from tms.metrics.cost_table import cost_rows
from tms.metrics.flags import Run
from tms.metrics.per_example import Model, read_checkpoints, read_per_example
from tms.mixture.checkpoints import FINAL


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="name of the model")
    flags.add_suite(parser)
    parser.add_argument(
        "--sides",
        nargs="*",
        default=[],
        metavar="METHOD=SIDE",
        help="methods of the frontier and the side of each",
    )
    parser.add_argument(
        "--reference",
        nargs=2,
        type=float,
        metavar=("TARGET", "FORGETTING"),
        help="point from which areas are measured; with --sides",
    )
    parser.add_argument(
        "--windows", nargs="*", default=[], metavar="METHOD", help="methods to compare at matched accuracy"
    )
    parser.add_argument("--uniform", metavar="METHOD", help="the window that the others are compared with")
    parser.add_argument("--base-grades", type=Path, required=True, help="grades of the base model")
    parser.add_argument(
        "--grades",
        nargs="+",
        required=True,
        metavar="METHOD/TASK/seedN=PATH",
        help="grades of each run of all these methods at its end",
    )
    parser.add_argument(
        "--point-grades",
        nargs="*",
        default=[],
        metavar="METHOD/TASK/seedN=PATH",
        help="grades of each run's own checkpoints, where it has some",
    )
    parser.add_argument(
        "--updates",
        nargs="*",
        default=[],
        metavar="METHOD/TASK/seedN=PATH",
        help="updates.json of each run, with --sides",
    )
    parser.add_argument(
        "--costs",
        nargs="*",
        default=[],
        metavar="METHOD/STAGE/TASK/seedN=PATH",
        help="cost file of everything that each method depends on, with --sides",
    )
    parser.add_argument("--output", type=Path, required=True, help="output: the cells (Parquet)")
    return parser


def read_points(pairs: list[str], suite: Suite) -> dict[Point, dict[Run, Model]]:
    """Read the grades of every run and checkpoint, by method and checkpoint."""
    points: dict[Point, dict[Run, Model]] = {}
    for (method, task, seed), path in flags.parse_runs(pairs).items():
        for checkpoint, model in read_checkpoints(path, [*tasks_of(task), *suite.retention]).items():
            points.setdefault((method, checkpoint), {})[task, seed] = model
    return points


def point_updates(args: argparse.Namespace, points: list[Point], sides: dict[str, str]) -> list[dict]:
    """Cells of how far each point's weights are from theta_0, and what their rounding kept."""
    updates = flags.read_runs(args.updates, read_updates)
    return [
        cells.cell("frontier", args.model, **row, method=method, checkpoint=point, group=sides[method])
        for method, point in points
        for row in update_cells(updates.get(method, {}), point or FINAL)
    ]


def point_costs(args: argparse.Namespace, sides: dict[str, str]) -> list[dict]:
    """Cells of the work behind each method, and behind each side: what its methods share counts once."""
    files: dict[tuple[str, str], dict[str, str]] = {}  # of a method, and of a side under ""
    for label, path in cli.parse_pairs(args.costs).items():
        method, _, stage = label.partition("/")
        files.setdefault((sides[method], method), {})[stage] = path
        place, _, run = stage.partition("/")
        whole = files.setdefault((sides[method], ""), {})
        whole[f"{place.partition('-')[0]}-{path.replace('/', '-')}/{run}"] = path
    return [
        cells.cell("frontier", args.model, **row, method=method or side, group=side)
        | ({} if method else {"quantity": row["quantity"].replace("cost", "side_cost")})
        for (side, method), paths in files.items()
        for row in cost_cells(cost_rows(args.model, method or side, paths))
    ]


def main(args: argparse.Namespace) -> None:
    suite, sides = flags.suite(args), cli.parse_pairs(args.sides)
    points = read_points(args.grades, suite) | read_points(args.point_grades, suite)
    if sides and args.reference is None:
        raise InputError("--sides: areas need a point to start from; add --reference TARGET FORGETTING")
    for method in [*sides, *args.windows]:
        if (method, "") not in points:
            raise InputError(f"--grades: no run of {method}; name one for each target task and seed")
    base = read_per_example(args.base_grades, suite.benchmarks)
    rows = []
    if sides:
        compared = {point: runs for point, runs in points.items() if point[0] in sides}
        rows += frontier_cells(args.model, base, compared, sides, suite, tuple(args.reference))
        rows += point_updates(args, list(compared), sides)
        rows += point_costs(args, sides)
        rows += learning.score_cells(args.model, base, compared, suite)
    if args.windows:
        rows += window_cells(args.model, base, points, args.windows, args.uniform, suite)
    files = [path for pairs in (args.grades, args.point_grades) for path in cli.parse_pairs(pairs).values()]
    inputs = {str(path): parquet.provenance(Path(path)) for path in [args.base_grades, *files]}
    cells.write(args.output, rows, provenance.facts("frontier", inputs=inputs))


if __name__ == "__main__":
    cli.run(main, parser())
