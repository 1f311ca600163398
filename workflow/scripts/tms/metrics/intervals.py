"""Confidence intervals of every cell of the paper's table, paired with the base."""

from collections.abc import Mapping
from pathlib import Path

from tms.config.suite import Suite
from tms.io import parquet
from tms.metrics.per_example import PerExample, resampled_scores
from tms.metrics.scores import Run, run_label, run_of, summary
from tms.metrics.statistics import percentiles

Grades = dict[str, dict[str, float]]  # benchmark -> example_id -> grade


def read_grades(path: Path) -> Grades:
    """Read a model's grades by benchmark and example, without the rows that count for no score."""
    found: Grades = {}
    for row in parquet.read(path, ["benchmark", "example_id", "grade"]):
        if row["grade"] is None:
            continue
        found.setdefault(row["benchmark"], {})[row["example_id"]] = row["grade"]
    return found


def cell_intervals(
    cells: list[dict],
    base: Mapping[str, PerExample],
    runs: Mapping[Run, Mapping[str, PerExample]],
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
