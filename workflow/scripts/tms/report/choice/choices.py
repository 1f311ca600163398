"""What to use for so much forgetting: the choice of each tolerance, as choose.json has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tms.experiments.frontier import SFT, TMS
from tms.metrics.cost_table import WORK
from tms.metrics.summary import BASE
from tms.report.answer import costs as times
from tms.report.answer.numbers import Entry, Quantity, number
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.choice.words import APART_HIGHER, APART_LOWER, OPEN, sentence
from tms.report.frontier_sides import EXPERIMENT, setting, side_name
from tms.report.research_questions.contrasts import Contrast, adjusted

TARGET = Quantity("target", "Target score", "%", "", "target_mean", 100.0, (0.0, 100.0))
FORGOTTEN = Quantity("forgotten", "Forgotten", "points", "", "forgetting", 100.0, (0.0, 100.0))
NONE = "Nothing is chosen: the model has no experiment frontier, whose sides are what is chosen from."
HALVES = "Selected on one half of the examples, measured on the other."
ONE_SEED = "One seed: what is chosen, and its numbers, are of these runs; another seed may choose otherwise."


@dataclass(frozen=True)
class Cost:
    """What a method takes for all target tasks with one seed, with everything that it depends on.

    Args:
        work: number of each kind of work (`cost_table.WORK`); empty where it is not known.
        times_sft: its seconds as times SFT's, without the teacher's answers, which all share; None: unknown.
        beyond: kinds of work of which it takes more than SFT, seconds apart; None where either is not known.
    """

    work: dict[str, float]
    times_sft: float | None
    beyond: list[str] | None


def choices(lookup: CellLookup, seeds: Sequence[int], costs: Mapping[str, Sequence[dict]]) -> dict:
    """The choices, as choose.json has them.

    Args:
        lookup: cells of the frontier; without them nothing is chosen, and a note says so.
        seeds: that were run.
        costs: method -> lines of its cost table; methods whose cost is not known may be missing.
    """
    tolerances = sorted({cell["x"] for cell in lookup.cells(EXPERIMENT, "chosen.target_mean")})
    found = [_choice(lookup, tolerance, len(seeds), costs) for tolerance in tolerances]
    notes = [NONE] if not found else [HALVES, *([ONE_SEED] if len(seeds) == 1 else [])]
    return {"model": lookup.info.model, "seeds": list(seeds), "choices": found, "notes": notes}


def _choice(lookup: CellLookup, tolerance: float, seeds: int, costs: Mapping[str, Sequence[dict]]) -> dict:
    """The choice for one tolerance."""
    (cell,) = lookup.cells(EXPERIMENT, "chosen.target_mean", x=tolerance)
    chosen = cell["group"]
    found = _point(lookup, cell, "chosen", chosen, costs)
    told = _outcomes(lookup, tolerance, chosen)
    sides = []
    for side in (BASE, *lookup.info.sides):
        best = [{"method": BASE, "checkpoint": "", "x": tolerance}] if side == BASE else []
        best = best or lookup.cells(EXPERIMENT, "best.target_mean", x=tolerance, group=side)
        share = lookup.reading(EXPERIMENT, "chosen.share", side, x=tolerance, prompts="test")
        alone = lookup.reading(EXPERIMENT, "chosen.seeds", side, x=tolerance, prompts="test")
        own = _point(lookup, best[0], "best", side, costs) if best else {}
        sides.append(
            {"side": side, "name": side_name(side), **own}
            | {"share": share and share.value, "seeds": alone and int(alone.value)}
            | told.get(side, {"outcome": "chosen", "difference": None})
        )
    entry = {"tolerance": 100 * tolerance, "side": chosen, "name": side_name(chosen), **found, "sides": sides}
    entry["not_told_apart"] = [one["side"] for one in sides if one["outcome"] == OPEN]
    entry["tms"] = next((one["outcome"] for one in sides if one["side"] == TMS), None)
    return {"tolerance": entry["tolerance"], "sentence": sentence(entry, seeds), **entry}


def _point(
    lookup: CellLookup, cell: Mapping, family: str, side: str, costs: Mapping[str, Sequence[dict]]
) -> dict:
    """A point that was chosen, of all (`chosen`) or of a side (`best`): its setting, numbers and cost."""
    method, checkpoint, tolerance = cell["method"], cell["checkpoint"], cell["x"]
    if method == BASE:
        where = {"prompts": "test"}
        readings = [lookup.reading(EXPERIMENT, "target_mean", BASE, **where), Reading(0.0)]
    else:
        where = {"prompts": "test", "checkpoint": checkpoint, "group": side, "x": tolerance}
        readings = [
            lookup.reading(EXPERIMENT, f"{family}.{one.cell}", method, **where) for one in (TARGET, FORGOTTEN)
        ]
    label = side_name(BASE) if method == BASE else setting(lookup.info, side, method, checkpoint)
    cost = _cost(lookup, method, costs)
    return {
        "method": method,
        "checkpoint": checkpoint,
        "setting": label,
        "target": number(TARGET, readings[0]),
        "forgotten": number(FORGOTTEN, readings[1].scaled(-1)),
        "cost": {"work": cost.work, "times_sft": cost.times_sft, "beyond_sft": cost.beyond},
    }


def _outcomes(lookup: CellLookup, tolerance: float, chosen: str) -> dict[str, dict]:
    """Of each other side whether the choice is told apart from it, with both sources of variance.

    Holm's correction is over the other sides: a reader has one tolerance.
    """
    where = {"x": tolerance, "method": chosen, "prompts": "test"}
    cells = lookup.cells(EXPERIMENT, "chosen.difference", **where)
    tested = adjusted([Contrast.difference(cell["group"], Reading.of(cell)) for cell in cells])
    found = {}
    for one in tested:
        outcome = {1: APART_HIGHER, -1: APART_LOWER, 0: OPEN}[one.direction]
        row = one.scaled(100)
        numbers = {"value": row.value, "low": row.low, "high": row.high, "p_value": one.p_value}
        found[one.label] = {"outcome": outcome, "difference": numbers}
    return found


def _cost(lookup: CellLookup, method: str, costs: Mapping[str, Sequence[dict]]) -> Cost:
    if method == BASE:
        return Cost(dict.fromkeys(WORK, 0.0), 0.0, [])
    work, of_sft = (
        {name: reading.value for name in WORK if (reading := lookup.reading(EXPERIMENT, f"cost.{name}", one))}
        for one in (method, SFT)
    )
    taken = times.reading(Entry(method, "", "", EXPERIMENT), costs)
    known = times.quantity(costs) is times.IN_TIMES and taken is not None
    beyond = [name for name in WORK[:-1] if work[name] > of_sft[name]] if work and of_sft else None
    return Cost(work, taken.value if known else None, beyond)
