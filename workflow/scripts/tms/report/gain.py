"""Gain of TMS over SFT on each target (RQ5)."""

from tms.report.cell_lookup import CellLookup, Reading


def difference(lookup: CellLookup, quantity: str, task: str, column: str | None = None) -> Reading | None:
    """TMS minus SFT of a quantity of a target task's own runs, in points.

    The paired difference with its interval where the experiment main has it, else that of the two values.

    Args:
        column: the quantity's name over all runs, if `versus_sft` may be found there.
    """
    for name, where in ((f"versus_sft.{quantity}", task), (f"versus_sft.{column}", "")):
        paired = lookup.reading("main", name, "tms", train_task=where)
        if paired:
            return paired.scaled(100)
    pair = [lookup.reading("main", quantity, method, train_task=task) for method in ("tms", "sft")]
    if not all(pair):
        return None
    return Reading(100 * (pair[0].value - pair[1].value), seeds=pair[0].seeds)
