"""Cells of a model whose differences are set by hand, for tests of the answer."""

import json

from tms.experiments.cells import cell
from tms.report.cell_lookup import CellLookup
from tms.report.model_info import ModelInfo

SCORED = {"targets": ["chain"], "retention": ["facts"]}
UNSCORED = {"targets": ["faq"], "retention": [], "general": True, "unscored": ["faq"]}
POINT = 0.01


def number(quantity: str, value: float, half: float = POINT, seeds: int = 2, spread: float = POINT, **where):
    """A cell with an interval over examples, and with several seeds one over these; the base has none."""
    given = {"ci_low": value - half, "ci_high": value + half, "n": 500, "seeds": seeds}
    if seeds > 1 and where["method"] != "base":
        given |= {"seeds_low": value - spread, "seeds_high": value + spread}
    experiment = where.pop("experiment", "main")
    return cell(experiment, "m", quantity, value, **given | where)


def scores(method: str, target: float, lost: float, seeds: int = 2, **where) -> list[dict]:
    """Target score, retention and forgetting of a method, with its differences from the base."""
    cells = [
        number("target_mean", target, seeds=seeds, method=method, **where),
        number("retention_mean", 0.9 + lost, seeds=seeds, method=method, **where),
        number("forgetting", lost, seeds=seeds, method=method, **where),
    ]
    if method == "base":
        return cells
    kept = "delta.retention_mean" if where else "retention_delta"
    cells.append(number("delta.target_mean", target - 0.3, seeds=seeds, method=method, **where))
    return [*cells, number(kept, lost, seeds=seeds, method=method, **where)]


def versus(method: str, other: str, target: float, lost: float, half: float = POINT, **where) -> list[dict]:
    """The differences of a method from another one."""
    return [
        number(f"versus_{other}.target_mean", target, half, method=method, **where),
        number(f"versus_{other}.forgetting", lost, half, method=method, **where),
    ]


def lookup(cells: list[dict], suite: dict = SCORED, **info) -> CellLookup:
    """These cells of model m."""
    names = dict.fromkeys(cell["method"] for cell in cells)
    kinds = {name: name.partition("_")[0] for name in names} | info.pop("kinds", {})
    text = {"experiments": {"main": [*names]}, "suite": suite, "kinds": kinds} | info
    return CellLookup(ModelInfo.read("m", json.dumps(text)), cells)


def pair(target: float, lost: float, half: float = POINT, seeds: int = 2, **where) -> list[dict]:
    """Base, SFT (78 %, -8 points) and TMS, which differs from SFT by `target` and `lost`."""
    return [
        *scores("base", 0.3, 0.0, seeds),
        *scores("sft", 0.78, -0.08, seeds),
        *scores("tms", 0.78 + target, -0.08 + lost, seeds),
        *versus("tms", "sft", target, lost, half, seeds=seeds, **where),
    ]


def cost_lines(seconds: dict[str, list[float]]) -> list[dict]:
    """Lines of a cost table: stage -> seconds of each seed; beside them the teacher's and a total."""
    lines = [
        {"stage": stage, "train_task": "chain", "seed": str(seed), "seconds": f"{one:.1f}"}
        for stage, of_seeds in ({"teacher": [100.0, 100.0]} | seconds).items()
        for seed, one in enumerate(of_seeds)
    ]
    return [*lines, {"stage": "total", "train_task": "", "seed": "", "seconds": "999.0"}]


COSTS = {
    "sft": cost_lines({"sft": [10.0, 20.0]}),
    "tms": cost_lines({"sft": [10.0, 20.0], "harvest": [5.0, 10.0], "student": [10.0, 20.0]}),
}
