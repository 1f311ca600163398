"""Checkpoints of a run: their names as reduced fractions, and their steps."""

import re
from fractions import Fraction

from tms.io.errors import InputError

BASE = "0of1"  # theta_0
FINAL = "1of1"  # the converged model


def point_name(point: Fraction) -> str:
    """Name a point of a run, e.g. 3/10 -> `3of10`; theta_0 is `0of1`, the end `1of1`."""
    return f"{point.numerator}of{point.denominator}"


def parse_point(name: str) -> Fraction:
    """Read a point's name.

    Raises:
        InputError: not a reduced fraction between 0 and 1 in the form `3of10`.
    """
    if re.fullmatch(r"[0-9]+of[1-9][0-9]*", name):
        point = Fraction(name.replace("of", "/"))
        if point <= 1 and point_name(point) == name:
            return point
    raise InputError(
        f"checkpoint {name!r}: write a reduced fraction of the run between 0of1 and 1of1, e.g. 3of10"
    )


def evenly_spaced(num_checkpoints: int) -> list[str]:
    """Names of the points t/T, t = 1..T, in order (Algorithm 1; the last step included, theta_0 excluded)."""
    return [point_name(Fraction(t, num_checkpoints)) for t in range(1, num_checkpoints + 1)]


def step_of(name: str, total_steps: int) -> int:
    """Optimiser step at which a point of a run is saved: round(t * S / T), halves up."""
    return int(parse_point(name) * total_steps + Fraction(1, 2))
