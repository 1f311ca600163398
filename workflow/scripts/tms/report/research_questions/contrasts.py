"""Differences between two methods, with what the test examples and the seeds say of each."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from tms.experiments import labels
from tms.metrics.paired_tests import SIGNIFICANCE, holm
from tms.metrics.statistics import Bounds
from tms.metrics.two_sources import TwoSources
from tms.report.cell_lookup import CellLookup, NotMeasuredError, Reading


@dataclass(frozen=True)
class Contrast(Reading):
    """A number whose sign is asked for: a difference between two methods, or a correlation.

    Its value is positive where the first method is better. A difference's interval and p-value (that it is 0)
    hold both sources of variance, test examples and runs; with one seed they are about its run.
    Without a p-value the interval decides.

    Args:
        label: what it is of, in words.
        examples: bounds of a difference's 95 % interval over test examples alone.
        paired: whether it was measured on the same examples. If not, it was put together from two intervals.
    """

    label: str = ""
    examples: Bounds | None = None
    paired: bool = True

    @classmethod
    def difference(cls, label: str, reading: Reading, paired: bool = True) -> "Contrast":
        """A measured difference, with its own interval and test in place of the reading's."""
        both = _sources(reading)
        low, high = both.interval
        # A test of the examples' own is exact where few examples differ (McNemar's); runs only add doubt.
        p_value = max(both.p_value(), reading.p_uncorrected or 0.0)
        own = vars(reading) | {"low": low, "high": high, "p_value": p_value}
        return cls(**own, label=label, examples=both.examples, paired=paired)

    @classmethod
    def correlation(cls, label: str, reading: Reading) -> "Contrast":
        """A rank correlation with its own test."""
        return cls(**vars(reading), label=label)

    @classmethod
    def between(
        cls, lookup: CellLookup, first: tuple[str, str], second: tuple[str, str], quantity: str
    ) -> "Contrast":
        """The first method minus the second in a quantity of which more is better.

        The difference on the same examples and seeds where the experiment of one of them holds it
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
        label = f"{labels.quantity(quantity, lookup.info.suite)}, {whose}"
        for one, other, sign in ((first, second, 1), (second, first, -1)):
            name = f"versus_{other[1]}.{quantity}"
            if paired := lookup.reading(one[0], name, one[1]):
                _check_interval(paired, name, one[1])
                return cls.difference(label, paired.scaled(sign))
        readings = []
        for experiment, method in (first, second):
            readings.append(lookup.reading(experiment, quantity, method))
            if readings[-1] is None:
                raise NotMeasuredError(f"no {quantity} of {method} in experiment {experiment}")
        for reading, (_, method) in zip(readings, (first, second), strict=True):
            _check_interval(reading, quantity, method)
        return cls.apart(label, *readings)

    @classmethod
    def apart(cls, label: str, first: Reading, second: Reading) -> "Contrast":
        """The first number minus the second, their two intervals put together as if they were independent."""
        readings = (first, second)
        value = first.value - second.value
        half = math.hypot(*((reading.high - reading.low) / 2 for reading in readings))
        apart = Reading(value, value - half, value + half)
        if all(reading.over_seeds for reading in readings):
            spread = math.hypot(*((reading.seeds_high - reading.seeds_low) / 2 for reading in readings))
            seeds = min((reading.seeds for reading in readings if reading.seeds), default=None)
            apart = replace(apart, seeds_low=value - spread, seeds_high=value + spread, seeds=seeds)
        return cls.difference(label, apart, paired=False)

    @property
    def of_one_run(self) -> bool:
        """Whether there was one seed, so that nothing is known of other runs."""
        return self.over_seeds is None

    def p_from(self, bound: float) -> float:
        """P-value that the true difference is a bound."""
        low, high = self.examples
        return _sources(replace(self, low=low, high=high)).p_value(bound)

    @property
    def direction(self) -> int:
        """1 or -1 where it differs from 0 (p < 0.05, or the interval leaves out 0), else 0."""
        if self.p_value is not None:
            differs = self.p_value < SIGNIFICANCE
        else:
            differs = not self.low <= 0 <= self.high
        return int(math.copysign(1, self.value)) if differs and self.value else 0

    @property
    def alone(self) -> "Contrast":
        """The difference of these runs alone, from the test examples, as if there were one seed."""
        own = {name: getattr(self, name) for name in Reading.__dataclass_fields__}
        own |= {"seeds_low": None, "seeds_high": None}
        own["low"], own["high"] = self.examples
        return Contrast.difference(self.label, Reading(**own), self.paired)

    def at(self, value: float) -> "Contrast":
        """The difference if it were known to have a value."""
        return Contrast(value, value, value, p_value=float(value == 0), examples=(value, value))

    @property
    def sign_in_these_runs(self) -> int:
        """1 or -1 where the interval over test examples leaves out 0, else 0."""
        low, high = self.examples
        return int(low > 0) - int(high < 0)

    def row(self, decides: bool = True, unit: str = "points") -> dict:
        """The difference as a row of the table behind a verdict.

        Args:
            decides: whether the verdict rests on it.
            unit: of its numbers: points (shares times 100), area or rho.
        """
        factor = 100 if unit == "points" else 1
        bounds = {"value": self.value, "low": self.low, "high": self.high}
        bounds |= dict(zip(("examples_low", "examples_high"), self.examples or (None, None), strict=True))
        bounds |= {"seeds_low": self.seeds_low, "seeds_high": self.seeds_high}
        numbers = {name: None if bound is None else factor * bound for name, bound in bounds.items()}
        known = numbers | {"seeds": self.seeds, "p_value": self.p_value}
        shown = {name: number for name, number in known.items() if number is not None}
        return {"label": self.label, "unit": unit, **shown, "paired": self.paired, "decides": decides}


def adjusted(contrasts: Sequence[Contrast]) -> list[Contrast]:
    """The contrasts with Holm's correction over all of them: the comparisons of one question."""
    p_values = holm([contrast.p_value for contrast in contrasts])
    return [replace(contrast, p_value=p_value) for contrast, p_value in zip(contrasts, p_values, strict=True)]


def _sources(reading: Reading) -> TwoSources:
    """Both sources of a reading's variance; a number of seeds that it does not say counts as the fewest."""
    bounds = reading.over_seeds
    spread = (bounds[1] - bounds[0]) / 2 if bounds else None
    return TwoSources(reading.value, (reading.low, reading.high), spread, max(reading.seeds or 2, 2))


def _check_interval(reading: Reading, quantity: str, method: str) -> None:
    if reading.low is None or reading.high is None:
        raise NotMeasuredError(f"{quantity} of {method} has no interval")
