"""Part of the trajectory and number of its checkpoints: RQ9 (windows) and RQ10 (T)."""

from collections.abc import Sequence

from tms.experiments import labels
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading
from tms.report.research_questions import duels, sentences
from tms.report.research_questions.contrasts import Contrast, adjusted
from tms.report.research_questions.decisions import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Finding,
    conclude,
    first_differs,
    over_seeds,
)
from tms.report.research_questions.outcome import FRONTIER

CHECKPOINTS = "checkpoints"
MID = "tms_mid"
RETENTION, FORGETTING = "retention_matched", "forgetting_matched"
VERSUS = f"{RETENTION}.versus_uniform"
MODERATE = (8, 10)  # the values of T that the paper calls a sweet spot (Appendix G)
PLANE = ("target_mean", "xfer")  # of Figure 4
# For the sentences.
MIDDLE_KEEPS = {
    1: "At equal target accuracy the middle window retained more than uniform sampling",
    -1: "At equal target accuracy the middle window retained less than uniform sampling",
    0: "At equal target accuracy the middle window could not be told from uniform sampling",
}
TEN_DOES = {
    SUPPORTED: "Ten checkpoints beat the fewest, and no T outside eight to ten beat them",
    CONTRADICTED: "A T outside eight to ten did better than ten checkpoints, without a loss",
    INDISTINGUISHABLE: "Ten checkpoints did not beat the fewest, nor did another T clearly beat them",
}


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
    deciding = [cell for cell in tested if (cell["method"], cell["quantity"]) == (MID, VERSUS)]
    if not deciding:
        raise NotMeasuredError(
            f"no retention of {labels.method(MID)} beside uniform sampling at matched target accuracy"
        )
    # Holm's correction over both numbers of all windows; one of them decides.
    ordered = [*deciding, *(cell for cell in tested if cell not in deciding)]
    compared = [Contrast.difference(_of_window(cell), Reading.of(cell)) for cell in ordered]
    verdict, corrected = over_seeds(first_differs, compared, deciding=1), adjusted(compared)
    values = ", ".join(f"{labels.method(cell['method'])} {100 * cell['value']:.1f}" for cell in matched)
    text = (
        f"At a target accuracy of {100 * matched[0]['x']:.1f} % mean retention is: {values} %. These are "
        f"interpolated, linearly between theta_0 and the checkpoints that all windows have evaluated."
    )
    told = sentences.single(MIDDLE_KEEPS, corrected[0], verdict)
    return conclude(verdict, told, text, corrected[:1], corrected[1:])


def _of_window(cell: dict) -> str:
    quantity = labels.quantity(cell["quantity"].removesuffix(".versus_uniform"))
    return f"{quantity}, {labels.method(cell['method'])} - uniform"


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
    contrasts = [
        Contrast.between(lookup, best, (CHECKPOINTS, method), name)
        for method in others.values()
        for name in plane
    ]

    def rule(contrasts: Sequence[Contrast]) -> str:
        smallest, *_ = found = duels.outcomes(contrasts, len(plane))
        if CONTRADICTED in found:
            return CONTRADICTED
        return SUPPORTED if smallest == SUPPORTED else INDISTINGUISHABLE

    verdict = over_seeds(rule, contrasts)
    told = duels.sentence(TEN_DOES, contrasts, rule, verdict)
    means = [(size, lookup.reading(CHECKPOINTS, "target_mean", by_size[size])) for size in sorted(by_size)]
    curve = ", ".join(f"T = {size:.0f}: {100 * mean.value:.1f} %" for size, mean in means if mean)
    return conclude(verdict, told, f"Target mean by T: {curve}.", adjusted(contrasts))
