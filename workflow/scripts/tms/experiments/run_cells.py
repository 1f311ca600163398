"""Cells of what runs measured of themselves: divergence from their labels and from the base, and costs."""

from pathlib import Path
from typing import NamedTuple

from tms.metrics.cost_table import WORK, read_spent
from tms.metrics.drift_table import DRIFT
from tms.metrics.scores import Run, mean, over_runs, read_csv, run_of
from tms.metrics.statistics import normal_interval, seed_interval
from tms.mixture.checkpoints import BASE

UNITS = ("per_token", "per_sequence")
MEASURED = ("kl", "pld_ref", "pld_own")
RETENTION = "retention"  # name of the mean over the retention benchmarks


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
    found = _read(path, "")
    for quantity in dict.fromkeys(quantity for quantity, prompts in found if prompts in retention):
        sets = [found[quantity, name] for name in retention]
        found[quantity, RETENTION] = {
            run: Divergence(
                mean([own[run].value for own in sets]),
                mean([own[run].stderr for own in sets]),
                sum(own[run].n for own in sets),
            )
            for run in sets[0]
        }
    return [
        {"quantity": quantity, "prompts": prompts} | cell
        for (quantity, prompts), of_runs in found.items()
        if quantity.partition(".")[0] in MEASURED
        for cell in _by_task(of_runs, tasks)
    ]


def base_drift_cells(path: Path, tasks: list[str]) -> list[dict]:
    """`pld_ref` of theta_0, from the drift.csv of any method that measured it; none where it did not."""
    cells = []
    for (quantity, _), of_runs in _read(path, BASE).items():
        root, _, unit = quantity.partition(".")
        first = min(seed for _, seed in of_runs)  # theta_0 is the same beside every seed
        if root == "trajectory":
            one = {run: found for run, found in of_runs.items() if run[1] == first}
            cells += [
                {"quantity": f"pld_ref.{unit}"} | cell | {"seeds": None} for cell in _by_task(one, tasks)
            ]
    return cells


def cost_cells(path: Path, tasks: list[str]) -> list[dict]:
    """What a method takes for all target tasks with one seed, and for each, with all that it depends on.

    Args:
        path: the method's cost.csv.
        tasks: target tasks.
    """
    spent = read_spent(path)
    cells = []
    for name in WORK:
        for task in ["", *tasks]:
            of_seeds: dict[int, float] = {}
            for (own, seed), work in spent.items():
                if task in ("", own):
                    of_seeds[seed] = of_seeds.get(seed, 0.0) + work[name]
            cells.append({"quantity": f"cost.{name}", "train_task": task} | _over_seeds(of_seeds))
    return cells


def _read(path: Path, point: str) -> dict[tuple[str, str], dict[Run, Divergence]]:
    """Divergences at a point of the runs ("" for none), by quantity and prompt set, of each run."""
    lines = [line for line in read_csv(path, DRIFT) if line["point"] == point]
    sizes = {
        (line["quantity"], line["prompts"], run_of(line)): int(line["value"])
        for line in lines
        if line["quantity"].endswith(".n")
    }
    found: dict[tuple[str, str], dict[Run, Divergence]] = {}
    for line in lines:
        quantity, prompts, run = line["quantity"], line["prompts"], run_of(line)
        root, _, unit = quantity.rpartition(".")
        if unit in UNITS:
            n = sizes[f"{root}.n", prompts, run]
            found.setdefault((quantity, prompts), {})[run] = Divergence(
                float(line["value"]), float(line["stderr"]), n
            )
    return found


def _by_task(of_runs: dict[Run, Divergence], tasks: list[str]) -> list[dict]:
    """Means over all runs and over those on each task.

    A mean's standard error is taken as the mean of the standard errors, which it cannot exceed, whatever
    prompts the runs share.
    """
    cells = []
    for task in ["", *tasks]:
        own = {run: found for run, found in of_runs.items() if task in ("", run[0])}
        seeds = sorted({seed for _, seed in own})
        of_seeds = {
            seed: over_runs({run: found.value for run, found in own.items() if run[1] == seed})
            for seed in seeds
        }
        cell = {"train_task": task} | _over_seeds(of_seeds)
        stderr = over_runs({run: found.stderr for run, found in own.items()})
        low, high = normal_interval(cell["value"], stderr)
        n = sum(found.n for run, found in own.items() if run[1] == seeds[0])
        cells.append(cell | {"ci_low": low, "ci_high": high, "n": n})
    return cells


def _over_seeds(values: dict[int, float]) -> dict:
    low, high = seed_interval(list(values.values())) or (None, None)
    return {
        "value": mean(list(values.values())),
        "seeds_low": low,
        "seeds_high": high,
        "seeds": len(values),
    }
