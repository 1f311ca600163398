"""Weights p(t) of the checkpoints of a mixture, and what makes them a distribution."""

import math
from collections.abc import Mapping, Sequence

from tms.io.errors import InputError
from tms.mixture.checkpoints import evenly_spaced, parse_point


def checkpoint_weights(
    num_checkpoints: int,
    window: str = "uniform",
    weights: Sequence[float] | None = None,
    points: Mapping[str, float] | None = None,
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Checkpoints of a method's settings with their weights p(t) (Algorithm 1).

    Runs with T = 5 and T = 10 share points, so they can share one SFT run.

    Args:
        num_checkpoints: T; the checkpoints are t/T of the run.
        window: name of a window; `weights` win over it.
        weights: p(t) for t = 1..T.
        points: weights of any points of the run, e.g. `{"0of1": 1.0}`; win over both.

    Returns:
        Points of the run, and the weight of each.

    Raises:
        InputError: a value that gives no distribution; the message names its key.
    """
    if points is not None:
        return checked_weights(list(points), list(points.values()), key="tms.points")
    if weights is None:
        weights = window_weights(window, num_checkpoints)
    return checked_weights(evenly_spaced(num_checkpoints), weights)


def checked_weights(
    points: Sequence[str], weights: Sequence[float], key: str = "tms.weights"
) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """Check weights of checkpoints.

    Raises:
        InputError: another number of weights than points; a negative weight; weights that do not sum to 1
            (within 1e-6); a point twice, or not a reduced fraction.
    """
    if len(weights) != len(points):
        raise InputError(f"{key}: {len(weights)} weights for {len(points)} checkpoints; write one for each")
    for weight in weights:
        if not 0 <= weight <= 1:
            raise InputError(f"{key}: {weight!r} is not a weight; write numbers from 0 to 1")
    if abs(math.fsum(weights) - 1) > 1e-6:
        raise InputError(f"{key}: the weights sum to {math.fsum(weights):.6g}; make them sum to 1")
    for point in points:
        parse_point(point)
    if len(set(points)) < len(points):
        raise InputError(f"{key}: a checkpoint is named twice ({', '.join(points)}); name each once")
    return tuple(points), tuple(map(float, weights))


def window_weights(window: str, num_checkpoints: int) -> list[float]:
    """Weights p(t), t = 1..T, of a named window (Appendix G, RQ9; `mid` is what `early` and `late` leave).

    early: t <= ceil(T/3); late: t >= ceil(2T/3); as printed, so at T = 10 they hold 4 checkpoints each.

    Raises:
        InputError: an unknown name, or a window without a checkpoint (`mid` at a small T).
    """
    early_end, late_start = -(-num_checkpoints // 3), -(-2 * num_checkpoints // 3)
    inside = {
        "uniform": lambda t: True,
        "early": lambda t: t <= early_end,
        "mid": lambda t: early_end < t < late_start,
        "late": lambda t: t >= late_start,
    }
    if window not in inside:
        raise InputError(f"tms.window: unknown window {window!r}; write one of {', '.join(inside)}")
    chosen = [inside[window](t) for t in range(1, num_checkpoints + 1)]
    if not any(chosen):
        raise InputError(
            f"tms.window: the window {window!r} holds no checkpoint at num_checkpoints {num_checkpoints}; "
            f"ask for more checkpoints or another window"
        )
    count = sum(chosen)
    return [float(member) / count for member in chosen]
