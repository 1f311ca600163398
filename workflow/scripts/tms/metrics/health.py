"""Signs that something is off with a method's runs: in their grades, and in the training behind them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path

from tms.answers.grade import LIMIT, LOST
from tms.io import parquet
from tms.training import health
from tms.training.health import Sign

COLUMN = "warnings"  # of a table, where there are any
CUT, NEVER = 0.2, 0.95  # shares of a model's completions that reach their limit
WORDS = dict.fromkeys(LOST, "lost") | {
    LIMIT: "limit"
}  # of rows without a grade on their merits; else: failed
FEWEST = 10  # examples; with fewer it may be chance


def read_grades(path: Path) -> list[dict]:
    """Read what the signs of a model's grades need."""
    return parquet.read(path, ["benchmark", "grade", "finish_reason", "reason"])


def of_grades(rows: Iterable[dict], benchmarks: Iterable[str]) -> list[Sign]:
    """Signs of one model's completions: cut at their limit, and without a grade on their merits.

    Args:
        rows: as `read_grades` gives them.
        benchmarks: those that count, in this order.
    """
    rows, benchmarks = list(rows), list(benchmarks)
    found = []
    for name in benchmarks:
        reasons = [row["finish_reason"] for row in rows if row["benchmark"] == name]
        cut = reasons.count("length")
        if len(reasons) < FEWEST or cut < CUT * len(reasons):
            continue
        what = f"{name}: {cut} of {len(reasons)} completions are cut at their limit"
        never = cut >= NEVER * len(reasons)
        remedy = (
            f"the model does not end its answers; look at its chat template, at its end token, or raise "
            f"tasks.{name}.max_new_tokens"
        )
        found.append(Sign(what, remedy if never else f"raise tasks.{name}.max_new_tokens"))
    return found + _ungraded(rows, benchmarks)


def _ungraded(rows: list[dict], benchmarks: list[str]) -> list[Sign]:
    """Rows without a grade on their merits, e.g. `math: 2 lost, 1 limit`."""
    counts: dict[str, Counter[str]] = {name: Counter() for name in benchmarks}
    for row in rows:
        if row["reason"] and row["benchmark"] in counts:
            counts[row["benchmark"]][WORDS.get(row["reason"], "failed")] += 1
    return [
        Sign(
            f"{name}: " + ", ".join(f"{count} {word}" for word, count in sorted(words.items(), reverse=True)),
            "rows without a grade on their merits (lost: to the machine, no score; limit: used up their own "
            "CPU seconds or memory, 0; failed: broke their grader, or no judgement)",
        )
        for name, words in counts.items()
        if words
    ]


def constant(models: Iterable[list[dict]], benchmarks: Iterable[str]) -> list[Sign]:
    """Benchmarks on which every model scores 0 on each example, or 1: they tell nothing apart.

    Args:
        models: rows of each model, as `read_grades` gives them.
        benchmarks: those that count, in this order.
    """
    models = list(models)
    found = []
    for name in benchmarks:
        grades = [
            row["grade"]
            for rows in models
            for row in rows
            if row["benchmark"] == name and row["grade"] is not None and row["reason"] not in LOST
        ]
        if len(grades) >= FEWEST * len(models) and set(grades) in ({0.0}, {1.0}):
            found.append(
                Sign(
                    f"{name}: every model scores {grades[0]:.0f} on each example",
                    "it tells nothing apart; look at completions in the report, and at the grader"
                    if not grades[0]
                    else "it tells nothing apart; take a harder benchmark",
                )
            )
    return found


def of_method(
    base_grades: Path, grades: Mapping[str, Path], trained: Mapping[str, Path], benchmarks: Iterable[str]
) -> dict[str, list[Sign]]:
    """The signs of a method's runs: by `base`, by the runs' labels, and under `all` those of them together.

    Args:
        base_grades: of theta_0.
        grades: of each run, by its label.
        trained: health.json of the runs that train on rows, by label.
        benchmarks: those that count, in this order.
    """
    benchmarks = list(benchmarks)
    models = {"base": read_grades(base_grades)} | {label: read_grades(path) for label, path in grades.items()}
    signs = {label: of_grades(rows, benchmarks) for label, rows in models.items()}
    for label, file in trained.items():
        signs[label] = health.signs(health.read(file)) + signs[label]
    return signs | {"all": constant(models.values(), benchmarks)}


def short(signs: Mapping[str, list[Sign]]) -> str:
    """The signs as a cell of a table, each behind its label."""
    return "; ".join(f"{label}: {sign.what}" for label, found in signs.items() for sign in found)
