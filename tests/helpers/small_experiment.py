"""A small experiment on disk: grades, drifts and costs of two methods, whose numbers are known."""

import json

from tms.io import parquet
from tms.io.csv_file import write_csv
from tms.metrics.cost_table import COST
from tms.metrics.drift_table import DRIFT

TARGETS, RETENTION = ["countdown", "chain"], ["facts", "refusal"]
N = {"countdown": 40, "chain": 40, "facts": 20, "refusal": 20}
# Right answers; the first so many examples of a benchmark are right.
RIGHT = {
    "base": {"countdown": 16, "chain": 12, "facts": 20, "refusal": 16},
    "sft/countdown/seed0": {"countdown": 30, "chain": 8, "facts": 10, "refusal": 18},
    "sft/chain/seed0": {"countdown": 12, "chain": 36, "facts": 14, "refusal": 8},
    "tms/countdown/seed0": {"countdown": 24, "chain": 10, "facts": 18, "refusal": 16},
    "tms/chain/seed0": {"countdown": 14, "chain": 35, "facts": 20, "refusal": 12},
}
SECOND = {
    "sft/countdown/seed1": {"countdown": 34, "chain": 8, "facts": 10, "refusal": 18},
    "sft/chain/seed1": {"countdown": 12, "chain": 36, "facts": 14, "refusal": 8},
    "tms/countdown/seed1": {"countdown": 28, "chain": 12, "facts": 18, "refusal": 18},
    "tms/chain/seed1": {"countdown": 14, "chain": 33, "facts": 20, "refusal": 14},
}
# Instructions of a prompt, three each; refusal alone has them.
ITEMS = [[1.0, 1.0, 1.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0], [0.0, 0.0, 0.0]] * 5


def rows(counts):
    """Graded rows of a model; the first so many examples of a benchmark are right."""
    return [
        {
            "example_id": f"{name}-{i:02d}",
            "benchmark": name,
            "checkpoint": "",
            "sample": 0,
            "extracted": "",
            "grade": float(i < count),
            "also": json.dumps({"instructions": ITEMS[i]} if name == "refusal" else {}),
            "finish_reason": "stop",
            "reason": "",
        }
        for name, count in counts.items()
        for i in range(N[name])
    ]


def write_grades(folder, right):
    """grades.parquet of the base and of each run."""
    for run, counts in right.items():
        parquet.write(folder / run / "grades.parquet", parquet.GRADES, rows(counts), {})


def write_tables(folder, runs):
    """drift.csv and cost.csv of both methods; the numbers of seed s are those of seed 0 plus s."""
    labels = [label.split("/") for label in runs if label != "base"]
    for method in ("sft", "tms"):
        drifts, costs = [], []
        for task, seed in [(task, int(seed[-1])) for own, task, seed in labels if own == method]:
            run = {"model": "m", "method": method, "train_task": task, "seed": seed}
            divergences = [
                ("pld_ref.per_token", "", "", 0.5 + seed, 0.01),
                ("pld_ref.n", "", "", 30, ""),
                ("trajectory.per_token", "", "0of1", 0.9, 0.02),
                ("trajectory.n", "", "0of1", 30, ""),
                ("floor.kl_per_token", "", "", 5e-7, ""),
            ]
            for prompts, kl in (("heldout", 1.0), ("facts", 0.2), ("refusal", 0.4)):
                divergences.append(("kl.policy_base.per_sequence", prompts, "", kl + seed, 0.1))
                divergences.append(("kl.policy_base.n", prompts, "", 8, ""))
            drifts += [run | dict(zip(DRIFT[4:], line, strict=True)) for line in divergences]
            for stage, seconds in (("teacher", 10), ("sft", 20 + 4 * seed)):
                work = dict(zip(COST[5:], [64, 1000, 0, 32, 0, seconds], strict=True))
                costs.append(run | {"stage": stage} | work)
        write_csv(folder / method / "drift.csv", DRIFT, drifts)
        write_csv(folder / method / "cost.csv", COST, costs)
