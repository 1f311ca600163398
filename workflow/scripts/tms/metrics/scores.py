"""From benchmark scores to the paper's table: target, transfer, retention and forgetting (Section 3, 7.1)."""

import csv
import json
import math
from collections.abc import Callable, Mapping
from pathlib import Path

import numpy as np

from tms.config.suite import Suite
from tms.io.errors import InputError

Run = tuple[str, int]  # (target task that it was trained on, seed)
Number = float | np.ndarray  # a score or a delta, or one for each bootstrap resample

TIDY = [
    "model",
    "method",
    "train_task",
    "seed",
    "benchmark",
    "group",  # target | transfer | retention | safety | reported; also: another metric of the same rows
    "metric",
    "score",
    "n",
    "ci_low",
    "ci_high",
    "base_score",
    "delta",
    "contamination",  # what training and benchmark share, where the config accepts it (contamination.json)
]
TIDY_DECIMALS = 6
TABLE_DECIMALS = 4


def parse_run(label: str) -> Run:
    """Read a run's label, e.g. `chain/seed0`.

    Raises:
        InputError: it has another form.
    """
    task, _, seed = label.partition("/seed")
    if not task or not (seed.isascii() and seed.isdigit()):
        raise InputError(f"run {label!r}: write it as task/seedN, e.g. chain/seed0")
    return task, int(seed)


def run_label(run: Run) -> str:
    """A run's label, as `parse_run` reads it."""
    return f"{run[0]}/seed{run[1]}"


def read_scores(path: Path, benchmarks: list[str]) -> dict[str, dict]:
    """Read a scores.json for the given benchmarks.

    Raises:
        InputError: the file is missing or broken, or lacks a benchmark.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; make it with snakemake, or correct the name of the run")
    try:
        found = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InputError(f"{path}: not a readable score file; delete it and run grade again") from error
    for benchmark in benchmarks:
        if benchmark not in found:
            raise InputError(f"{path}: no score of {benchmark} (it has {', '.join(found)}); run grade again")
    return {benchmark: found[benchmark] for benchmark in benchmarks}


def mean(values: list[Number]) -> Number | None:
    """Mean of the values; None for no value."""
    return sum(values) / len(values) if values else None


def over_runs(values: Mapping[Run, Number | None]) -> Number | None:
    """Mean over the seeds of each train task, then over the train tasks."""
    tasks = list(dict.fromkeys(task for task, _ in values))
    of_tasks = [
        mean([value for (task, _), value in values.items() if task == own and value is not None])
        for own in tasks
    ]
    return mean([value for value in of_tasks if value is not None])


def forgetting(deltas: list[Number]) -> Number | None:
    """Forgetting score F <= 0 of one run: mean over the retention suite of min(delta, 0) (Eq. 3.2)."""
    return mean([np.minimum(delta, 0.0) for delta in deltas])


def forgetting_floor(cells: list[tuple[float, float, int]]) -> float | None:
    """What F would be on average by chance alone, were nothing forgotten.

    min(delta, 0) of a normal delta around 0 has the mean -SE / sqrt(2 pi). The standard error takes each
    score's variance as s(1 - s)/n (exact for scores of 0 and 1, an upper bound otherwise) and the two models'
    answers as independent, so the floor is on the far side.

    Args:
        cells: (score, base score, number of examples) of each retention benchmark.
    """
    return mean(
        [
            -math.sqrt((score * (1 - score) + base * (1 - base)) / n / (2 * math.pi))
            for score, base, n in cells
        ]
    )


def tidy(
    model: str,
    method: str,
    base: Mapping[str, dict],
    runs: Mapping[Run, Mapping[str, dict]],
    suite: Suite,
) -> list[dict]:
    """One row for each run and benchmark, with the columns `TIDY` (numbers not rounded).

    Args:
        base: scores of the base model by benchmark, as in scores.json.
        runs: scores of each run by benchmark.
        suite: the benchmarks and their parts.
    """
    return [
        _tidy_row(
            model, method, run, benchmark, suite.group(benchmark, run[0]), scores[benchmark], base[benchmark]
        )
        for run, scores in runs.items()
        for benchmark in suite.benchmarks
    ]


def tidy_also(
    model: str, method: str, base: Mapping[str, dict], runs: Mapping[Run, Mapping[str, dict]], suite: Suite
) -> list[dict]:
    """Rows as `tidy` gives them for the other metrics of a benchmark's rows, with the group `also`.

    E.g. HotpotQA's exact match beside F1, IFEval by instruction, over-refusal beside attack success. They are
    in no column and no average of the table.

    Args: as for `tidy`.
    """
    return [
        _tidy_row(
            model, method, run, benchmark, "also", own | {"metric": metric}, base[benchmark]["also"][metric]
        )
        for run, scores in runs.items()
        for benchmark in suite.benchmarks
        for metric, own in scores[benchmark].get("also", {}).items()
    ]


def _tidy_row(
    model: str, method: str, run: Run, benchmark: str, group: str, own: Mapping, before: Mapping
) -> dict:
    return {
        "model": model,
        "method": method,
        "train_task": run[0],
        "seed": run[1],
        "benchmark": benchmark,
        "group": group,
        **{name: own[name] for name in ("metric", "score", "n", "ci_low", "ci_high")},
        "base_score": before["score"],
        "delta": own["score"] - before["score"],
    }


def quantities(cells: list[dict], suite: Suite) -> dict[str, Number | None]:
    """What is said of a method from tidy rows of its runs, or of those on one task: means over the runs.

    The score of a target (and that of its view) comes from the runs trained on it, where there are any. The
    others are `target_mean`, `retention_mean`, the mean delta on the retention benchmarks `retention_delta`
    and on the other targets `xfer` (signed), `forgetting` over the retention benchmarks and `forgetting_ext`
    over the safety sets too.
    """
    found: dict[str, Number | None] = {}
    for benchmark in suite.benchmarks:
        found[benchmark] = over_runs({run_of(cell): cell["score"] for cell in own_cells(cells, benchmark)})
    found["target_mean"] = mean([found[name] for name in suite.targets])
    found["retention_mean"] = mean([found[name] for name in suite.retention])
    found["retention_delta"] = over_runs(by_run(cells, ["retention"], mean))
    found["xfer"] = over_runs(by_run(cells, ["transfer"], mean))
    found["forgetting"] = over_runs(by_run(cells, ["retention"], forgetting))
    if suite.safety:
        found["forgetting_ext"] = over_runs(by_run(cells, ["retention", "safety"], forgetting))
    return found


def own_cells(cells: list[dict], benchmark: str) -> list[dict]:
    """The tidy rows that a benchmark's column is about: of the runs on it if there are any, else of all."""
    found = [cell for cell in cells if cell["benchmark"] == benchmark]
    return [cell for cell in found if cell["group"] != "transfer"] or found


def mean_floor(cells: list[dict], groups: list[str]) -> float | None:
    """Mean over the runs of the forgetting that chance alone would give on some groups of benchmarks."""
    chosen = [cell for cell in cells if cell["group"] in groups]
    return over_runs(
        {
            run: forgetting_floor(
                [(cell["score"], cell["base_score"], cell["n"]) for cell in chosen if run_of(cell) == run]
            )
            for run in map(run_of, chosen)
        }
    )


def summary(cells: list[dict], suite: Suite) -> dict[str, dict[str, Number | None]]:
    """Rows `base`, `method` and `delta` of the table from the tidy rows of one method (see `quantities`).

    Raises:
        InputError: no run was trained on one of the targets.
    """
    base: dict[str, Number | None] = {}
    for benchmark in suite.benchmarks:
        chosen = [cell for cell in cells if cell["benchmark"] == benchmark and cell["group"] != "transfer"]
        if not chosen:
            raise InputError(f"--runs: no run trained on {benchmark}; name one for each of --targets")
        base[benchmark] = chosen[0]["base_score"]
    method = quantities(cells, suite)
    computed = {"xfer": None, "forgetting": 0.0, "forgetting_ext": 0.0}
    delta = method | {name: method[name] - before for name, before in base.items()}
    return {
        row: {column: values[column] for column in suite.columns}
        for row, values in (("base", base | computed), ("method", method), ("delta", delta))
    }


def by_run(
    cells: list[dict], groups: list[str], combine: Callable[[list[Number]], Number | None]
) -> dict[Run, Number | None]:
    """Combine the deltas of some groups of benchmarks, for each run of the tidy rows."""
    return {
        run: combine([cell["delta"] for cell in cells if run_of(cell) == run and cell["group"] in groups])
        for run in dict.fromkeys(map(run_of, cells))
    }


def run_of(cell: dict) -> Run:
    """The run that a tidy row belongs to."""
    return cell["train_task"], int(cell["seed"])


def decimal(value: float | None, decimals: int) -> str:
    """A number with fixed decimals; nothing for None, and no minus before a zero."""
    if value is None:
        return ""
    text = f"{value:.{decimals}f}"
    return text.removeprefix("-") if float(text) == 0 else text


def write_csv(path: Path, columns: list[str], lines: list[dict]) -> None:
    """Write a CSV file; numbers that are not whole must come as text (`decimal`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="") as stream:
        writer = csv.DictWriter(stream, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)


def read_csv(path: Path, columns: list[str]) -> list[dict[str, str]]:
    """Read a CSV file that must have the given columns.

    Raises:
        InputError: the file is missing, or lacks a column.
    """
    if not path.exists():
        raise InputError(f"{path}: no such file; run the stage that makes it")
    with path.open(newline="") as stream:
        lines = list(csv.DictReader(stream))
    missing = [column for column in columns if not lines or column not in lines[0]]
    if missing:
        raise InputError(f"{path}: no column {', '.join(missing)}; delete the file and run again")
    return lines
