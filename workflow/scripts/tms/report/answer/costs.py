"""What an entry costs: the time of its training and sampling, as times SFT's."""

from collections.abc import Mapping, Sequence

import numpy as np

from tms.metrics.statistics import seed_interval
from tms.report.answer.numbers import BASE, SECONDS, SFT, TIMES, Entry, Quantity
from tms.report.cell_lookup import Reading

SHARED = ("teacher", "total")  # stages of a cost table that count for no method: every one has the first
IN_TIMES = Quantity(
    "cost",
    "Cost",
    TIMES,
    "time of all training and sampling that it needs, with the SFT run that it harvests, as times SFT's; "
    "without the teacher's answers, which all share, and without evaluation",
)
IN_SECONDS = Quantity("cost", "Cost", SECONDS, IN_TIMES.about.replace(", as times SFT's", " for one seed"))


def quantity(costs: Mapping[str, Sequence[dict]]) -> Quantity:
    """Times of SFT's cost where SFT has one, else seconds."""
    return IN_TIMES if any(spent(costs.get(SFT, []), "seconds").values()) else IN_SECONDS


def spent(lines: Sequence[dict], work: str) -> dict[str, float]:
    """Work of each seed over all tasks, from the lines of a cost table.

    Args:
        lines: of the table (`tms.metrics.cost_table.COST`).
        work: its kind, e.g. seconds.
    """
    found: dict[str, float] = {}
    for line in lines:
        if line["stage"] not in SHARED:
            found[str(line["seed"])] = found.get(str(line["seed"]), 0.0) + float(line[work])
    return found


def settled(times: Reading) -> bool:
    """Whether seeds agree that a cost is more, or less, than SFT's; one seed alone is not asked."""
    low, high = times.seeds_low, times.seeds_high
    return low is None or high is None or not low <= 1 <= high


def times_of_sft(entry: Entry, costs: Mapping[str, Sequence[dict]], work: str) -> list[float]:
    """An entry's work as times SFT's, of each seed that both have."""
    own, of_sft = (spent(costs.get(method, []), work) for method in (entry.method, SFT))
    return [own[seed] / of_sft[seed] for seed in own if of_sft.get(seed)]


def reading(entry: Entry, costs: Mapping[str, Sequence[dict]]) -> Reading | None:
    """An entry's cost, with its interval over seeds; None where it is not known. The base costs nothing."""
    if entry.role == BASE:
        return Reading(0.0)
    if quantity(costs) is IN_TIMES:
        values = times_of_sft(entry, costs, "seconds")
    else:
        values = [*spent(costs.get(entry.method, []), "seconds").values()]
    if not values:
        return None
    bounds = None if entry.method == SFT else seed_interval(values)  # SFT's is 1 by definition
    low, high = bounds or (None, None)
    return Reading(float(np.mean(values)), seeds_low=low, seeds_high=high, seeds=len(values))
