"""Cells of what stands beside the scores of methods: losses on texts, KL to the base, and lengths."""

from pathlib import Path

from tms.config.suite import Suite
from tms.experiments.method_cells import by_task, read_divergences
from tms.io.csv_file import read_csv, values_of
from tms.metrics.drift_table import DRIFT
from tms.metrics.measures import columns
from tms.metrics.summary import BASE
from tms.mixture import checkpoints

ALONG = "loss.per_token"  # at the checkpoints of a run


def measure_cells(path: Path, method: str, suite: Suite, of_base: bool) -> list[dict]:
    """Losses, KL and lengths that stand beside a method's scores, under the names of the table's columns.

    A loss also has its change from theta_0, `delta.{column}`, where its interval pairs the texts.

    Args:
        path: the method's intervals.csv.
        method: its name.
        suite: the benchmarks and their parts.
        of_base: whether the numbers of theta_0 are given too.
    """
    names = columns(suite)
    rows = {method: (method, ""), "delta": (method, "delta.")} | ({BASE: (BASE, "")} if of_base else {})
    lines = read_csv(path, ["row", "column", "value", "ci_low", "ci_high"])
    with values_of(path):
        return [
            {"method": rows[line["row"]][0], "quantity": f"{rows[line['row']][1]}{line['column']}"}
            | {name: float(line[name]) for name in ("value", "ci_low", "ci_high")}
            for line in lines
            if line["column"] in names and line["row"] in rows and line["ci_low"]
        ]


def along_cells(path: Path, tasks: list[str]) -> list[dict]:
    """Losses (nats a token) at each checkpoint of a method's runs: on held-out references and other texts.

    Args:
        path: the method's drift.csv.
        tasks: target tasks; each also gets cells of its own runs.
    """
    points = dict.fromkeys(line["point"] for line in read_csv(path, DRIFT) if line["point"])
    return [
        {"quantity": ALONG, "prompts": texts or "heldout", "checkpoint": point} | cell
        for point in sorted(points, key=checkpoints.parse_point)
        for (quantity, texts), of_runs in read_divergences(path, point).items()
        if quantity in ("trajectory.per_token", "loss.per_token")
        for cell in by_task(of_runs, tasks)
    ]
