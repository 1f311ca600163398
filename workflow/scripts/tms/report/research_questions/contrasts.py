"""Differences between two methods, and the words for them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tms.experiments import labels
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading

NORMAL_95 = 1.959963984540054  # half width of a normal's 95 % interval, in standard errors


@dataclass(frozen=True)
class Contrast(Reading):
    """A number whose sign is asked for: a difference between two methods, or a correlation.

    Its value is positive where the first method is better; without a p-value (of the test that it is 0) the
    interval decides.

    Args:
        label: what it is of, in words.
        paired: whether it was tested on the same examples. If not, it was put together from two intervals.
    """

    label: str = ""
    paired: bool = True

    @classmethod
    def labelled(cls, label: str, reading: Reading) -> "Contrast":
        """A reading as a contrast."""
        return cls(**vars(reading), label=label)

    @classmethod
    def between(
        cls, lookup: CellLookup, first: tuple[str, str], second: tuple[str, str], quantity: str
    ) -> "Contrast":
        """The first method minus the second in a quantity of which more is better.

        The paired test on the same examples where the experiment of one of them holds it
        (`versus_{other}.…`; the second one's with its signs turned). Else the two intervals are put together
        as if they were independent. The examples are shared, so this makes the interval too wide and the
        verdict too cautious.

        Args:
            lookup: the cells of a model.
            first, second: (experiment, method).
            quantity: a share from 0 to 1, e.g. a benchmark, `target_mean`, `forgetting`.

        Raises:
            NotMeasuredError: a number or its interval is missing.
        """
        whose = f"{labels.method(first[1])} - {labels.method(second[1])}"
        label = f"{labels.quantity(quantity, lookup.info.suite)}, {whose}:"
        for one, other, sign in ((first, second, 1), (second, first, -1)):
            name = f"versus_{other[1]}.{quantity}"
            if paired := lookup.reading(one[0], name, one[1]):
                _check_interval(paired, name, one[1])
                return cls.labelled(label, paired.scaled(sign))
        readings = []
        for experiment, method in (first, second):
            readings.append(lookup.reading(experiment, quantity, method))
            if readings[-1] is None:
                raise NotMeasuredError(f"no {quantity} of {method} in experiment {experiment}")
        for reading, (_, method) in zip(readings, (first, second), strict=True):
            _check_interval(reading, quantity, method)
        difference = readings[0].value - readings[1].value
        half = math.hypot(*((reading.high - reading.low) / 2 for reading in readings))
        error = half / NORMAL_95
        p_value = math.erfc(abs(difference) / error / math.sqrt(2)) if error else float(difference == 0)
        bounds = [difference - half, difference + half]
        if all(reading.over_seeds for reading in readings):
            spread = math.hypot(*((reading.seeds_high - reading.seeds_low) / 2 for reading in readings))
            bounds += [difference - spread, difference + spread]
        return cls(difference, *bounds, p_value=p_value, label=label, paired=False)

    @property
    def direction(self) -> int:
        """1 or -1 where it differs from 0 (p < 0.05, or the interval leaves out 0), else 0."""
        if self.p_value is not None:
            differs = self.p_value < SIGNIFICANCE
        else:
            differs = not self.low <= 0 <= self.high
        return int(math.copysign(1, self.value)) if differs and self.value else 0

    def __str__(self) -> str:
        inside = f"95 % {_points(self.low)} to {_points(self.high)}"
        tested = f", {p_text(self.p_value)}" if self.p_value is not None else ""
        tested += "" if self.paired else ", unpaired"
        bounds = self.over_seeds
        seeds = f", over seeds {_points(bounds[0])} to {_points(bounds[1])}" if bounds else ""
        return f"{self.label} {_points(self.value)} points ({inside}{tested}{seeds})"


def adjusted(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts with Holm's correction over those that are not paired.

    Paired ones are corrected already, over the table that they come from.
    """
    p_values = holm([None if contrast.paired else contrast.p_value for contrast in contrasts])
    return [
        contrast if p_value is None else replace(contrast, p_value=p_value)
        for contrast, p_value in zip(contrasts, p_values, strict=True)
    ]


def sentence(contrasts: Sequence[Contrast]) -> str:
    """All contrasts in words, with what has to be known of them."""
    text = "; ".join(map(str, contrasts))
    if {contrast.direction for contrast in contrasts} >= {1, -1}:
        text += ". The differences point both ways"
    if not all(contrast.paired for contrast in contrasts):
        text += (
            ". Differences marked unpaired combine two intervals as if independent, which errs on the side "
            "of no difference"
        )
    return f"{text}."


def p_text(p_value: float) -> str:
    """A p-value in words."""
    return "p < 0.001" if p_value < 0.001 else f"p = {p_value:.3f}"


def _check_interval(reading: Reading, quantity: str, method: str) -> None:
    if reading.low is None or reading.high is None:
        raise NotMeasuredError(f"{quantity} of {method} has no interval")


def _points(share: float) -> str:
    """A share in points, signed; what rounds to 0 has no sign."""
    text = f"{100 * share:+.1f}"
    return "0.0" if text in ("+0.0", "-0.0") else text
