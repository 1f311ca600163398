"""Drift of a held-out loss along a run: how far it has risen above its lowest value so far (Section 4.3)."""


def add_drift(trajectory: dict[str, dict]) -> dict[str, dict]:
    """Add the drift at each point t: PLD(t) - min over s <= t of PLD(s), per token and per sequence.

    Args:
        trajectory: point -> PLD, in the order of the run.
    """
    best = {"per_token": float("inf"), "per_sequence": float("inf")}
    extended = {}
    for point, losses in trajectory.items():
        best = {unit: min(value, losses[unit]) for unit, value in best.items()}
        extended[point] = losses | {f"drift_{unit}": losses[unit] - value for unit, value in best.items()}
    return extended
