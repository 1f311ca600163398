"""Intervals and tests that hold both sources of variance: the test examples and the training runs.

A mean over seeds is off by the luck of the examples, which all seeds share, and by the luck of each run. The
bootstrap over examples knows the first (and a part of the second, the runs' own noise on the examples); the
spread between seeds knows the second, from few values. Half widths of both add as squares, each at its own
quantile. Such an interval holds the truth in at least 95 % of the cases, however large either variance is
(Banerjee 1961, Sankhyā A 23, 359-378); Satterthwaite's degrees of freedom do not promise that
for two or three seeds (`docs/results/verdicts.md` has a simulation).
"""

import math
from typing import NamedTuple

from scipy.optimize import brentq
from scipy.special import betaincinv, ndtri, stdtrit

from tms.metrics.statistics import Bounds, Z

SMALLEST_P = 1e-300


def _student(df: int, tail: float) -> float:
    """Student's quantile of a tail up to one half; SciPy's own is 0 for some tails near it (SciPy 1.17)."""
    beta = betaincinv(0.5, df / 2, 1 - 2 * tail)
    return -math.sqrt(df * beta / (1 - beta)) if beta < 0.5 else stdtrit(df, tail)


class TwoSources(NamedTuple):
    """A measured number with what is known of both sources of its variance.

    Args:
        value: the number, a mean over seeds.
        examples: bounds of its 95 % interval over test examples.
        spread: half width of its 95 % interval over seeds (Student's t); None with one seed, whose interval
            and tests are about its run alone.
        seeds: number of seeds; not read where there is no spread.
    """

    value: float
    examples: Bounds
    spread: float | None = None
    seeds: int = 2

    @property
    def interval(self) -> Bounds:
        """Bounds of the 95 % interval, never narrower than the one over examples; the same with one seed."""
        low, high = (math.hypot(self.value - bound, self.spread or 0.0) for bound in self.examples)
        return self.value - low, self.value + high

    def p_value(self, bound: float = 0.0) -> float:
        """Two-sided p-value that the true number is a bound: below 0.05 where the interval leaves it out.

        The level at which the interval, with the normal's quantile for examples and Student's for seeds,
        would just reach the bound.
        """
        distance = abs(self.value - bound)
        nearest = self.examples[0] if self.value > bound else self.examples[1]
        error = abs(self.value - nearest) / Z
        if not distance:
            return 1.0
        if not self.spread:
            return math.erfc(distance / error / math.sqrt(2)) if error else 0.0
        df = self.seeds - 1
        between = self.spread / -stdtrit(df, (1 - 0.95) / 2)

        def beyond(log_p: float) -> float:
            tail = math.exp(log_p) / 2
            return math.hypot(ndtri(tail) * error, _student(df, tail) * between) - distance

        smallest = math.log(SMALLEST_P)
        return math.exp(brentq(beyond, smallest, 0.0, xtol=1e-12)) if beyond(smallest) > 0 else 0.0
