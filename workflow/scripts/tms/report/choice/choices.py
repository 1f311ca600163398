"""The choice for so much tolerated forgetting, as choose.json has it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tms.experiments.frontier import SFT, TMS
from tms.experiments.windows import EXPERIMENT
from tms.metrics.cost_table import WORK
from tms.metrics.summary import BASE
from tms.report.answer import costs as cost
from tms.report.answer.numbers import Entry, Quantity, number
from tms.report.cell_lookup import CellLookup, Reading
from tms.report.choice.words import APART_HIGHER, APART_LOWER, AT_BASE, CHOSEN, OPEN, in_words, is_clear
from tms.report.frontier_sides import setting, side_name
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
        times_sft: its seconds as times SFT's, without the teacher's answers, which all share; None: unknown,
            or seeds do not agree that it takes more or less.
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
    tolerances = sorted({cell["x"] for cell in lookup.cells(EXPERIMENT, "chosen.share")})
    found = [_choice(lookup, tolerance, len(seeds), costs) for tolerance in tolerances]
    notes = [NONE] if not found else [HALVES, *([ONE_SEED] if len(seeds) == 1 else [])]
    return {"model": lookup.info.model, "seeds": list(seeds), "choices": found, "notes": notes}


def _choice(lookup: CellLookup, tolerance: float, seeds: int, costs: Mapping[str, Sequence[dict]]) -> dict:
    """The choice for one tolerance: the chosen point, and each side's best with what is told of it."""
    told = _outcomes(lookup, tolerance)
    sides = [
        {"side": cell["group"], "name": side_name(cell["group"])}
        | _point(lookup, cell["group"], cell["method"], cell["checkpoint"], costs)
        | {"share": cell["value"], "setting_share": own["value"], "seeds": int(alone["value"])}
        | {"outcome": OPEN, "difference": None}
        | told.get(cell["group"], {})
        | ({"outcome": AT_BASE} if cell["method"] == BASE != cell["group"] else {})
        | ({"outcome": CHOSEN} if cell["mark"] else {})
        for cell, own, alone in zip(
            lookup.cells(EXPERIMENT, "chosen.share", x=tolerance),
            lookup.cells(EXPERIMENT, "chosen.setting", x=tolerance),
            lookup.cells(EXPERIMENT, "chosen.seeds", x=tolerance),
            strict=True,
        )
    ]
    (chosen,) = (one for one in sides if one["outcome"] == CHOSEN)
    entry = {"tolerance": 100 * tolerance} | chosen | {"sides": sides}
    entry["not_told_apart"] = [one["side"] for one in sides if one["outcome"] == OPEN]
    entry["tms"] = next((one["outcome"] for one in sides if one["side"] == TMS), None)
    entry["clear"] = is_clear(entry)
    del entry["outcome"]
    return {"tolerance": entry["tolerance"], **in_words(entry, seeds), **entry}


def _point(
    lookup: CellLookup, side: str, method: str, checkpoint: str, costs: Mapping[str, Sequence[dict]]
) -> dict:
    """A point: its setting in words, its numbers on the half that selected nothing, and its cost."""
    where = {"prompts": "test", "checkpoint": checkpoint}
    target, forgetting = (
        lookup.reading(EXPERIMENT, one.cell, method, **where) for one in (TARGET, FORGOTTEN)
    )
    forgetting = Reading(0.0) if method == BASE else forgetting
    spent = _cost(lookup, method, costs)
    return {
        "method": method,
        "checkpoint": checkpoint,
        "setting": setting(lookup.info, side, method, checkpoint),
        "target": number(TARGET, target),
        "forgotten": number(FORGOTTEN, forgetting and forgetting.scaled(-1)),
        "cost": {"work": spent.work, "times_sft": spent.times_sft, "beyond_sft": spent.beyond},
    }


def _outcomes(lookup: CellLookup, tolerance: float) -> dict[str, dict]:
    """Of each other side, and of theta_0, whether the choice is told apart from it.

    Both sources of variance count, and Holm's correction over these sides: a reader has one tolerance.
    """
    cells = lookup.cells(EXPERIMENT, "chosen.difference", x=tolerance)
    tested = adjusted([Contrast.difference(cell["group"], Reading.of(cell)) for cell in cells])
    found = {}
    for one in tested:
        row = one.scaled(100)
        numbers = {"value": row.value, "low": row.low, "high": row.high, "p_value": one.p_value}
        outcome = {1: APART_HIGHER, -1: APART_LOWER, 0: OPEN}[one.direction]
        found[one.label] = {"outcome": outcome, "difference": numbers}
    return found


def _cost(lookup: CellLookup, method: str, costs: Mapping[str, Sequence[dict]]) -> Cost:
    if method == BASE:
        return Cost(dict.fromkeys(WORK, 0.0), 0.0, [])
    work, of_sft = (
        {name: reading.value for name in WORK if (reading := lookup.reading(EXPERIMENT, f"cost.{name}", one))}
        for one in (method, SFT)
    )
    taken = cost.reading(Entry(method, "", "", EXPERIMENT), costs)
    known = cost.quantity(costs) is cost.IN_TIMES and taken is not None and cost.settled(taken)
    beyond = [name for name in WORK[:-1] if work[name] > of_sft[name]] if work and of_sft else None
    return Cost(work, taken.value if known else None, beyond)
