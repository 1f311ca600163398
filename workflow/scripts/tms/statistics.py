"""Confidence intervals of scores."""

import numpy as np
from scipy import stats

CONFIDENCE = 0.95
RESAMPLES = 2000


def interval(scores: list[float]) -> tuple[float, float]:
    """Bounds of the 95 % interval of a mean score: Wilson's for scores of 0 and 1, else a bootstrap.

    Args:
        scores: one score in [0, 1] for each example; at least one.
    """
    if set(scores) <= {0, 1}:
        found = stats.binomtest(int(sum(scores)), len(scores)).proportion_ci(CONFIDENCE, method="wilson")
        return float(found.low), float(found.high)
    return interval_over_seeds([scores])


def interval_over_seeds(scores: list[list[float]]) -> tuple[float, float]:
    """Bounds of the 95 % percentile bootstrap interval of a mean over seeds and examples.

    Examples are resampled jointly: a drawn example brings its score under every seed, because the seeds
    share the test set and its luck. (Differences to the base go in as scores: then the interval is paired.)

    Args:
        scores: scores[s][i] of example i under seed s.
    """
    of_examples = np.mean(np.asarray(scores, dtype=float), axis=0)
    chosen = np.random.default_rng(0).integers(len(of_examples), size=(RESAMPLES, len(of_examples)))
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(of_examples[chosen].mean(axis=1), [tail, 100 - tail])
    return float(low), float(high)
