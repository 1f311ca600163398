"""Confidence intervals of every cell of the paper's table, paired with the base."""

from collections.abc import Mapping
from pathlib import Path

from tms.config.suite import Suite
from tms.io import parquet
from tms.metrics.per_example import Items, resampled_scores
from tms.metrics.scores import Run, run_label, run_of, summary
from tms.metrics.statistics import percentiles

Verdicts = dict[str, dict[str, float]]  # benchmark -> example_id -> verdict


def read_verdicts(path: Path) -> Verdicts:
    """Read a model's verdicts by benchmark and example, without the rows that count for no score."""
    found: Verdicts = {}
    for row in parquet.read(path, ["benchmark", "example_id", "verdict"]):
        if row["verdict"] is None:
            continue
        found.setdefault(row["benchmark"], {})[row["example_id"]] = row["verdict"]
    return found


def cell_intervals(
    cells: list[dict],
    base: Mapping[str, Items],
    runs: Mapping[Run, Mapping[str, Items]],
    suite: Suite,
) -> dict[tuple[str, str], tuple[float, float]]:
    """Bounds of the 95 % bootstrap interval of each cell of `scores.summary`, by (row, column).

    The table is computed anew on resampled examples, drawn jointly for the base and all runs of a
    benchmark. The runs themselves are not resampled: the intervals are about these trained models.

    Args:
        cells: tidy rows of the method, as `scores.tidy` gives them.
        base: items of the base model, by score.
        runs: items of each run.
        suite: the benchmarks and their parts.

    Raises:
        InputError: a run and the base were not graded on the same examples of a benchmark.
    """
    models = {"base": base} | {run_label(run): items for run, items in runs.items()}
    resampled = {benchmark: resampled_scores(benchmark, models) for benchmark in suite.benchmarks}
    drawn = []
    for cell in cells:
        scores = resampled[cell["benchmark"]]
        score, before = scores[run_label(run_of(cell))], scores["base"]
        drawn.append(cell | {"score": score, "base_score": before, "delta": score - before})
    return {
        (row, column): percentiles(values)
        for row, columns in summary(drawn, suite).items()
        for column, values in columns.items()
        if values is not None
    }
