"""Part of the trajectory and number of its checkpoints: RQ9 (windows) and RQ10 (T)."""

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.research_questions.contrasts import (
    Contrast,
    adjusted,
    sentence,
)
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Finding,
    by_direction,
    conclude,
    dominance,
)
from tms.report.research_questions.outcome import FRONTIER

CHECKPOINTS = "checkpoints"
MID = "tms_mid"
RETENTION, FORGETTING = "retention_matched", "forgetting_matched"
MODERATE = (8, 10)  # the values of T that the paper calls a sweet spot (Appendix G)
PLANE = ("target_mean", "xfer")  # of Figure 4


def windows(lookup: CellLookup) -> Finding:
    """RQ9. Supported: at the same target accuracy the middle window retains more than uniform sampling.

    Contradicted: it retains less. The paper has no numbers of the middle window; it keeps uniform.
    """
    lookup.require_methods(FRONTIER)
    matched = lookup.cells(FRONTIER, RETENTION, group="windows")
    tested = [
        cell
        for name in (RETENTION, FORGETTING)
        for cell in lookup.cells(FRONTIER, f"{name}.versus_uniform", group="windows")
    ]
    label = f"{labels.quantity(RETENTION)}, {labels.method(MID)} - uniform:"
    # Holm's correction over both numbers of all windows.
    differences = adjusted([Contrast.difference(label, Reading.of(cell)) for cell in tested])
    contrasts = [
        difference
        for cell, difference in zip(tested, differences, strict=True)
        if (cell["method"], cell["quantity"]) == (MID, f"{RETENTION}.versus_uniform")
    ]
    if not contrasts:
        raise NotMeasuredError(f"no retention of {MID} beside uniform sampling at matched target accuracy")
    values = ", ".join(f"{labels.method(cell['method'])} {100 * cell['value']:.1f}" for cell in matched)
    text = (
        f"At a target accuracy of {100 * matched[0]['x']:.1f} % mean retention is: {values} %. These are "
        f"interpolated, linearly between theta_0 and the checkpoints that all windows have evaluated."
    )
    return conclude(by_direction(contrasts), f"{sentence(contrasts)} {text}", contrasts)


def checkpoints(lookup: CellLookup) -> Finding:
    """RQ10. Supported: T = 10 dominates the smallest T of the sweep, and no T outside 8 to 10 dominates it.

    Dominates: above in target mean or transfer (Figure 4), and no loss beyond 2 points in the other
    (`dominance`). Contradicted: a T outside 8 to 10 dominates T = 10. Else indistinguishable.
    """
    lookup.require_methods(CHECKPOINTS, "tms")
    by_size = {
        cell["x"]: cell["method"]
        for cell in lookup.cells(CHECKPOINTS, "target_mean", train_task="", checkpoint="")
        if cell["x"] is not None
    }
    others = {
        size: method for size, method in sorted(by_size.items()) if not MODERATE[0] <= size <= MODERATE[1]
    }
    if MODERATE[1] not in by_size or not others:
        raise NotMeasuredError("the sweep needs T = 10 and a T outside 8 to 10")
    plane = [name for name in PLANE if lookup.reading(CHECKPOINTS, name, "tms")]
    best = (CHECKPOINTS, by_size[MODERATE[1]])
    contrasts = adjusted(
        [
            Contrast.between(lookup, best, (CHECKPOINTS, method), name)
            for method in others.values()
            for name in plane
        ]
    )
    of_size = {
        size: contrasts[place * len(plane) : (place + 1) * len(plane)] for place, size in enumerate(others)
    }
    outcomes = {size: dominance(differences) for size, differences in of_size.items()}
    if CONTRADICTED in outcomes.values():
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if outcomes[min(others)] == SUPPORTED else INDISTINGUISHABLE
    means = [(size, lookup.reading(CHECKPOINTS, "target_mean", by_size[size])) for size in sorted(by_size)]
    curve = ", ".join(f"T = {size:.0f}: {100 * mean.value:.1f} %" for size, mean in means if mean)
    return conclude(verdict, f"Target mean by T: {curve}. {sentence(contrasts)}", contrasts)
