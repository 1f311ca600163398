"""Which part of the trajectory, and how much of it: RQ9 (windows) and RQ10 (number of checkpoints)."""

from tms.drawing import names
from tms.findings.evidence import (
    CONTRADICTED,
    INDISTINGUISHABLE,
    SUPPORTED,
    Evidence,
    Finding,
    NotMeasuredError,
    adjusted,
    by_direction,
    sentence,
)
from tms.findings.outcome import FRONTIER

CHECKPOINTS = "checkpoints"
MID, UNIFORM = "tms_mid", "tms"
WINDOWS = ("tms_early", MID, UNIFORM, "tms_late")
MODERATE = (8, 10)  # the values of T that the paper calls a sweet spot (Appendix G)
PLANE = ("target_mean", "xfer")  # of Figure 4


def windows(evidence: Evidence) -> Finding:
    """RQ9. Supported: at the same target accuracy the middle window retains more than uniform sampling.

    Contradicted: it retains less. The paper has no numbers of the middle window; it keeps uniform.
    """
    evidence.require(FRONTIER)
    group = {"group": "windows"}
    for method in (MID, UNIFORM):
        if evidence.find(FRONTIER, "retention_matched", method=method, **group) is None:
            raise NotMeasuredError(
                f"no retention of {method} at matched target accuracy (experiment windows)"
            )
    contrast = evidence.contrast((FRONTIER, MID), (FRONTIER, UNIFORM), "retention_matched", **group)
    said = []
    for method in WINDOWS:
        cell = evidence.find(FRONTIER, "retention_matched", method=method, **group)
        if cell:
            said.append(f"{names.method(method)} {100 * cell['value']:.1f}")
    at = evidence.find(FRONTIER, "retention_matched", method=UNIFORM, **group)["x"]
    where = f" at a target accuracy of {100 * at:.1f} %" if at is not None else ""
    text = f"{sentence([contrast])} Mean retention{where}: {', '.join(said)} %."
    return Finding(by_direction([contrast]), text)


def checkpoints(evidence: Evidence) -> Finding:
    """RQ10. Supported: T = 10 dominates the smallest T of the sweep, and no T outside 8 to 10 dominates it.

    Dominates: above in target mean or transfer (Figure 4), and below in neither. Contradicted: a T outside
    8 to 10 dominates T = 10. Else indistinguishable.
    """
    evidence.require(CHECKPOINTS, "tms")
    by_size = {
        cell["x"]: cell["method"]
        for cell in evidence.all(experiment=CHECKPOINTS, quantity="target_mean", train_task="", checkpoint="")
        if cell["x"] is not None
    }
    others = {
        size: method for size, method in sorted(by_size.items()) if not MODERATE[0] <= size <= MODERATE[1]
    }
    if MODERATE[1] not in by_size or not others:
        raise NotMeasuredError("the sweep needs T = 10 and a T outside 8 to 10")
    plane = [name for name in PLANE if evidence.find(CHECKPOINTS, name, method="tms")]
    best = (CHECKPOINTS, by_size[MODERATE[1]])
    found = adjusted(
        [evidence.contrast(best, (CHECKPOINTS, method), name) for method in others.values() for name in plane]
    )
    outcomes = {
        size: by_direction(found[place * len(plane) : (place + 1) * len(plane)])
        for place, size in enumerate(others)
    }
    if CONTRADICTED in outcomes.values():
        verdict = CONTRADICTED
    else:
        verdict = SUPPORTED if outcomes[min(others)] == SUPPORTED else INDISTINGUISHABLE
    cells = [
        (size, evidence.find(CHECKPOINTS, "target_mean", method=by_size[size])) for size in sorted(by_size)
    ]
    curve = ", ".join(f"T = {size:.0f}: {100 * cell['value']:.1f} %" for size, cell in cells if cell)
    return Finding(verdict, f"Target mean by T: {curve}. {sentence(found)}")
