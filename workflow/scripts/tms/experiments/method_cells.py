"""Cells of the experiments that compare methods: scores with their tests, divergences and costs."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tms.config.suite import Suite, tasks_of
from tms.io import json_file
from tms.io.csv_file import read_csv, values_of
from tms.metrics.cost_table import WORK
from tms.metrics.drift_table import DRIFT
from tms.metrics.flags import Run
from tms.metrics.measures import mean_over_runs
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.metrics.quantities import quantities
from tms.metrics.statistics import seed_interval
from tms.metrics.summary import BASE, Estimate, Summary, difference
from tms.mixture import checkpoints

BEST, TIED = "best", "tied"
SEEDS = "other seeds may differ"  # tests are about these runs; over seeds, the difference could be 0
UNITS = ("per_token", "per_sequence")
DIVERGENCES = ("kl", "pld_ref", "pld_own")
FLOORS = ("floor.kl_per_token", "floor.nll_per_token")
UPDATES = ("changed", "surviving")
RETENTION = "retention"  # name of the mean over the retention benchmarks


def score_cells(
    summaries: Mapping[str, Summary], methods: list[str], baselines: list[str], suite: Suite, task: str
) -> list[dict]:
    """Cells of theta_0 and of the methods of one table, each with its `method`.

    theta_0 forgets nothing and has no transfer (null).
    A quantity has the p-value of the test against the best method of its column, and a mark: `best`, `tied`
    where the two cannot be told apart on these examples, or none. Its note says where the interval over seeds
    of the difference from the best holds 0: the tests are about these runs, whatever other seeds would give.
    `delta.X` (`retention_delta` for the retention benchmarks together) is the difference from theta_0,
    `versus_{baseline}.X` that from each baseline but the method itself; both have the p-value of the test
    that there is none. The tests against the best, against theta_0 and against each baseline are families of
    their own for Holm's correction, each over all methods and columns of the table. In the table of one task,
    its benchmark is given once more as `target` (of a joint target, the mean of its tasks' benchmarks).

    Args:
        summaries: of theta_0 (`BASE`), the methods and the baselines, over the runs on the task.
        methods: the rows, in order.
        baselines: the methods to compare with, which need not be rows.
        suite: the benchmarks and their parts.
        task: the table of the runs on this task; "" for all runs.
    """
    compared, base = list(quantities(suite, task)), summaries[BASE]
    shown = [*compared, *(name for name in base.graded if name not in compared)]
    measured = {
        (method, name): summaries[method].estimate(name) for method in (BASE, *methods) for name in shown
    }
    values = {pair: found.value for pair, found in measured.items() if found.value is not None}
    best = {
        name: max(ranked, key=lambda method, name=name: values[method, name])
        for name in compared
        if (ranked := [method for method in methods if (method, name) in values])
    }
    pairs = [(method, name) for method in methods for name in compared]
    families = {
        "best": [(*pair, best[pair[1]]) for pair in pairs if best.get(pair[1], pair[0]) != pair[0]],
        # Forgetting is 0 for theta_0 by definition, and never above.
        "delta": [(*pair, BASE) for pair in pairs if not pair[1].startswith("forgetting")],
    }
    families |= {f"versus_{name}": [(*pair, name) for pair in pairs if pair[0] != name] for name in baselines}
    tested = {family: _tested(summaries, comparisons) for family, comparisons in families.items()}
    to_best = tested.pop("best")
    cells = []
    for (method, name), found in measured.items():
        against = to_best.get((method, name), Estimate())
        tied = TIED if against.p_value is not None and against.p_value >= SIGNIFICANCE else ""
        low, high = against.seeds_interval or (0, 0)
        cell = found.columns() | summaries[method].sizes(name)
        if method == BASE:
            cell |= {"seeds": None} | (Estimate().columns() if name == "xfer" else {})
        else:
            cell |= {"p_value": against.p_value, "mark": BEST if method == best.get(name) else tied}
            cell |= {"note": SEEDS if low < 0 < high else ""}
        cells.append({"method": method, "quantity": name} | cell)
    for family, differences in tested.items():
        for (method, name), found in differences.items():
            quantity = f"{family}.{name}".replace("delta.retention_mean", "retention_delta")
            sizes = summaries[method].sizes(name)
            cells.append({"method": method, "quantity": quantity} | found.columns() | sizes)
    cells += [
        {"method": method, "quantity": name, "value": value, "seeds": summaries[method].seeds}
        for method in methods
        for name, value in summaries[method].floor.items()
    ]
    # The task's own benchmark, or the mean of a joint target's, under the name that all tasks share.
    own = task if len(tasks_of(task)) == 1 else "target_mean"
    named = {own: "target"} | {f"{family}.{own}": f"{family}.target" for family in tested}
    targets = [cell | {"quantity": named[cell["quantity"]]} for cell in cells if cell["quantity"] in named]
    rows = [cell | {"train_task": task} for cell in cells + (targets if task else [])]
    return [cell for method in (BASE, *methods) for cell in rows if cell["method"] == method]


def _tested(
    summaries: Mapping[str, Summary], comparisons: list[tuple[str, str, str]]
) -> dict[tuple[str, str], Estimate]:
    """Differences of methods in quantities from another one each, with Holm's correction over all of them."""
    differences = {
        (method, name): difference(summaries[method], summaries[other], name)
        for method, name, other in comparisons
    }
    adjusted = holm([one.p_value for one in differences.values()])
    return {
        pair: one._replace(p_value=p_value, p_uncorrected=one.p_value)
        for (pair, one), p_value in zip(differences.items(), adjusted, strict=True)
    }


class Divergence(NamedTuple):
    """A mean (nats) with its standard error, over `n` sequences."""

    value: float
    stderr: float
    n: int


def drift_cells(path: Path, retention: list[str], tasks: list[str]) -> list[dict]:
    """Divergences of a method's runs: KL to the base by prompt set, `pld_ref` and `pld_own` (nats).

    Args:
        path: the method's drift.csv.
        retention: prompt sets whose mean is given too, with `prompts` = retention.
        tasks: target tasks; each also gets cells of its own runs.
    """
    divergences = read_divergences(path, "")
    for quantity in dict.fromkeys(name for name, prompts in divergences if prompts in retention):
        sets = [divergences[quantity, name] for name in retention]
        divergences[quantity, RETENTION] = {
            run: Divergence(
                float(np.mean([of_runs[run].value for of_runs in sets])),
                float(np.mean([of_runs[run].stderr for of_runs in sets])),
                sum(of_runs[run].n for of_runs in sets),
            )
            for run in sets[0]
        }
    return [
        {"quantity": quantity, "prompts": prompts} | cell
        for (quantity, prompts), of_runs in divergences.items()
        if quantity.partition(".")[0] in DIVERGENCES
        for cell in by_task(of_runs, tasks)
    ]


def floor_cells(path: Path) -> list[dict]:
    """The largest floor of a method's runs, below which a KL or an NLL says nothing (nats a token).

    Args:
        path: the method's drift.csv.
    """
    lines = [line for line in read_csv(path, DRIFT) if line["quantity"] in FLOORS]
    with values_of(path):
        return [
            {"quantity": name, "value": max(values)}
            for name in FLOORS
            if (values := [float(line["value"]) for line in lines if line["quantity"] == name])
        ]


def update_cells(updates: Mapping[Run, dict], point: str = checkpoints.FINAL) -> list[dict]:
    """Distance of a checkpoint's weights from theta_0: means over a method's runs.

    `update.changed` is the share of weights that differ, `update.surviving` the share of the update's squared
    norm that the rounding to the checkpoint's precision kept.

    Args:
        updates: contents of updates.json of each run.
        point: the checkpoint.
    """
    measured = [one[point] for one in updates.values() if point in one]
    return [
        {"quantity": f"update.{name}", "value": float(np.mean(values))}
        for name in UPDATES
        if (values := [one[name] for one in measured if one[name] is not None])
    ]


def read_updates(path: Path) -> dict:
    """Read a run's updates.json: point -> what `tms.training.update.measure` returned.

    Raises:
        InputError: the file is missing or broken.
    """
    return json_file.read(path, "record of updates", "delete it and train the run again")


def base_drift_cells(path: Path, tasks: list[str]) -> list[dict]:
    """`pld_ref` of theta_0, from the drift.csv of any method that measured it; none where it did not."""
    cells = []
    for (quantity, _), of_runs in read_divergences(path, checkpoints.BASE).items():
        root, _, unit = quantity.partition(".")
        first = min(seed for _, seed in of_runs)  # theta_0 is the same beside every seed
        if root == "trajectory":
            one = {run: divergence for run, divergence in of_runs.items() if run[1] == first}
            shared = {"method": BASE, "quantity": f"pld_ref.{unit}"}
            cells += [shared | cell | {"seeds": None} for cell in by_task(one, tasks)]
    return cells


def cost_cells(lines: Sequence[dict]) -> list[dict]:
    """Work that a method takes for all target tasks with one seed, with all that it depends on.

    Args:
        lines: of the method's cost table.
    """
    lines = [line for line in lines if line["stage"] != "total"]
    cells = []
    for name in WORK:
        of_seeds: dict[str, float] = {}
        for line in lines:
            of_seeds[line["seed"]] = of_seeds.get(line["seed"], 0.0) + float(line[name])
        cells.append({"quantity": f"cost.{name}"} | _over_seeds([*of_seeds.values()]))
    return cells


def read_divergences(path: Path, point: str) -> dict[tuple[str, str], dict[Run, Divergence]]:
    """Divergences at a point of the runs ("" for none), by quantity and prompt set, of each run."""
    read = read_csv(path, DRIFT)
    divergences: dict[tuple[str, str], dict[Run, Divergence]] = {}
    with values_of(path):
        lines = {
            (line["quantity"], line["prompts"], (line["train_task"], int(line["seed"]))): line
            for line in read
            if line["point"] == point
        }
        for (quantity, prompts, run), line in lines.items():
            root, _, unit = quantity.rpartition(".")
            if unit in UNITS:
                n = int(lines[f"{root}.n", prompts, run]["value"])
                one = Divergence(float(line["value"]), float(line["stderr"]), n)
                divergences.setdefault((quantity, prompts), {})[run] = one
    return divergences


def by_task(of_runs: dict[Run, Divergence], tasks: list[str]) -> list[dict]:
    """Means over all runs and over those on each task (`tms.metrics.measures.mean_over_runs`)."""
    cells = []
    for task in ["", *tasks]:
        runs = {run: one for run, one in of_runs.items() if task in ("", run[0])}
        mean = mean_over_runs({run: (one.value, one.stderr) for run, one in runs.items()})
        if mean is None:  # its runs lack what was measured, e.g. where all their own targets are masked
            continue
        seeds = {seed for _, seed in runs}
        n = sum(one.n for (_, seed), one in runs.items() if seed == min(seeds))
        cells.append({"train_task": task} | mean.columns() | {"seeds": len(seeds), "n": n})
    return cells


def _over_seeds(values_S: list[float]) -> dict:
    estimate = Estimate(float(np.mean(values_S)), None, seed_interval(values_S))
    return estimate.columns() | {"seeds": len(values_S)}
