"""Cost of a method: a row for each stage of each run, and a total."""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path

from tms.io import cost
from tms.io.errors import InputError
from tms.metrics.flags import parse_run

# In the order in which they run; `general` are the base's answers to general prompts.
STAGES = ["teacher", "general", "sft", "harvest", "student", "on_policy", "average"]
WORK = ["optimizer_steps", "trained_tokens", "frozen_tokens", "rollouts", "generated_tokens", "seconds"]
COST = ["model", "method", "stage", "train_task", "seed", *WORK]


def cost_rows(model: str, method: str, costs: Mapping[str, str]) -> list[dict]:
    """A row for each stage, task and seed of a method, and a `total`.

    The total is what the method takes for all target tasks with one seed (mean over the seeds), with all
    that it depends on: methods that share a teacher or an SFT run each count it whole. A file that several
    of its runs with one seed need (the base's answers to general prompts) counts once, in the first's row.

    Args:
        model: name of the model.
        method: name of the method.
        costs: cost file of everything it depends on, by STAGE/TASK/seedN; what follows a `-` in the stage
            tells files of one stage apart, e.g. `harvest-tms-1`.

    Raises:
        InputError: a label of another form, or an unknown stage in it.
    """
    spent: dict[tuple[str, str, int], cost.Cost] = defaultdict(cost.Cost)
    counted: set[tuple[str, int]] = set()
    for label, path in costs.items():
        stage, _, run = label.partition("/")
        stage = stage.partition("-")[0]
        if stage not in STAGES:
            raise InputError(f"cost {label!r}: write STAGE/TASK/seedN with a stage of {', '.join(STAGES)}")
        task, seed = parse_run(run)
        if (path, seed) not in counted:
            counted.add((path, seed))
            spent[stage, task, seed] += cost.read(Path(path))
    rows = [
        _cost_row(model, method, stage, task, seed, asdict(value))
        for stage in STAGES
        for (place, task, seed), value in spent.items()
        if place == stage
    ]
    seeds = {seed for _, _, seed in spent}
    totals = {name: sum(getattr(value, name) for value in spent.values()) for name in WORK}
    if seeds:
        shares = {name: total / len(seeds) for name, total in totals.items()}
        rows.append(_cost_row(model, method, "total", "", "", shares))
    return rows


def _cost_row(
    model: str, method: str, stage: str, task: str, seed: int | str, work: dict[str, float]
) -> dict:
    counts = {name: f"{work[name]:.0f}" for name in WORK[:-1]}
    row = {"model": model, "method": method, "stage": stage, "train_task": task, "seed": seed}
    return row | counts | {"seconds": f"{work['seconds']:.1f}"}
