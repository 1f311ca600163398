"""Confidence intervals: of scores over test examples, of measured means, and over seeds."""

import numpy as np
from scipy.special import ndtri

CONFIDENCE = 0.95
# So many that the bootstrap's p-values can stay small under Holm's correction over a table of some 60 tests.
RESAMPLES = 10_000
DRAWS_AT_ONCE = 10_000_000  # bounds the memory that drawing takes


def interval(scores: list[float]) -> tuple[float, float]:
    """Bounds of the 95 % interval of a mean score: Wilson's for scores of 0 and 1, else a bootstrap.

    Args:
        scores: one score in [0, 1] for each example; at least one.
    """
    if set(scores) <= {0, 1}:
        return wilson(int(sum(scores)), len(scores))
    return percentiles(resampled_means([scores])[0])


def wilson(right: int, n: int) -> tuple[float, float]:
    """Bounds of Wilson's 95 % score interval of a proportion, as scipy's `binomtest` gives them.

    Written out, since importing scipy.stats would be most of the time of a grading job; a test compares.

    Args:
        right: number of successes.
        n: number of trials.

    Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
    """
    z = float(ndtri((1 + CONFIDENCE) / 2))
    center, half = right + z**2 / 2, z * np.sqrt(right * (n - right) / n + z**2 / 4)
    low, high = (center - half) / (n + z**2), (center + half) / (n + z**2)
    return (0.0 if right == 0 else float(low)), (1.0 if right == n else float(high))


def joint_interval(scores: list[list[float]]) -> tuple[float, float]:
    """Bounds of the 95 % interval of the mean score of several runs (all seeds) on the same examples.

    Scores of 0 and 1 get Wilson's interval at the effective number of examples: as many independent ones as
    would leave the mean the variance that resampling examples jointly gives it, which lies between that of
    one run (all runs agree on each example) and of as many examples as there are grades. The bootstrap's
    percentiles would be too narrow near 0 and 1. Other scores are resampled jointly.

    Args:
        scores: scores[m][i] in [0, 1] of example i in run m.

    Source: Franco, Little, Louis & Slud (2019), Comparative Study of Confidence Intervals for Proportions in
    Complex Sample Surveys, https://doi.org/10.1093/jssam/smy019.
    """
    scores_MN = np.asarray(scores, dtype=float)
    runs, n = scores_MN.shape
    if runs == 1:
        return interval(scores_MN[0].tolist())
    mean_N = scores_MN.mean(axis=0)
    if not np.isin(scores_MN, (0, 1)).all():
        return percentiles(resampled_means([mean_N])[0])
    from statsmodels.stats.proportion import proportion_confint  # importing takes seconds

    mean, variance = float(mean_N.mean()), float(mean_N.var()) / max(n - 1, 1)
    effective = np.clip(mean * (1 - mean) / variance, n, runs * n) if variance else n
    low, high = proportion_confint(mean * effective, effective, 1 - CONFIDENCE, method="wilson")
    return float(low), float(high)


def item_interval(rows: list[list[float]]) -> tuple[float, float, float]:
    """Mean of all items, and the bounds of its 95 % interval; rows are resampled with all their items.

    Args:
        rows: the items in [0, 1] of each row; at least one row has one.
    """
    if all(len(row) == 1 for row in rows):
        values = [row[0] for row in rows]
        return sum(values) / len(values), *interval(values)
    sums = np.array([[sum(row) for row in rows], [len(row) for row in rows]], dtype=float)
    totals_2R = resampled_means(sums)
    drawn = totals_2R[1] > 0
    return float(sums[0].sum() / sums[1].sum()), *percentiles(totals_2R[0][drawn] / totals_2R[1][drawn])


def resampled_means(scores: list[list[float]], stream: str = "") -> np.ndarray:
    """Mean scores of several models under the same bootstrap resamples of their common examples.

    The models (a base and its runs, of all seeds) share the test set and its luck, so an example that is
    drawn brings the score of each: differences between rows are paired, and equal seeds narrow nothing.

    Args:
        scores: scores[m][i] of example i under model m.
        stream: resamples of different names are independent, e.g. those of benchmarks with as many examples.

    Returns:
        Means of shape (models, RESAMPLES); the same resamples at every call with as many examples and the
        same stream.
    """
    scores_MN = np.asarray(scores, dtype=float)
    n = scores_MN.shape[1]
    generator, at_once = np.random.default_rng([0, *stream.encode()]), max(1, DRAWS_AT_ONCE // n)
    means = []
    for start in range(0, RESAMPLES, at_once):
        r = min(at_once, RESAMPLES - start)
        drawn_RN = generator.integers(n, size=(r, n)) + n * np.arange(r)[:, None]
        counts_RN = np.bincount(drawn_RN.ravel(), minlength=r * n).reshape(r, n)
        means.append(scores_MN @ counts_RN.T / n)
    return np.concatenate(means, axis=1)


def percentiles(values: np.ndarray) -> tuple[float, float]:
    """The percentiles that bound the 95 % interval of resampled values."""
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def normal_interval(mean: float, stderr: float) -> tuple[float, float]:
    """Bounds of the 95 % interval of a mean with a known standard error, by the normal distribution."""
    from scipy.stats import norm

    half = float(norm.ppf((1 + CONFIDENCE) / 2)) * stderr
    return mean - half, mean + half


def seed_interval(values: list[float]) -> tuple[float, float] | None:
    """Bounds of the 95 % interval of the mean over training seeds, by Student's t distribution.

    It holds what another seed may change, on the same test examples; with two or three seeds it is wide.

    Args:
        values: one number for each seed.

    Returns:
        The bounds; None for a single seed, which says nothing about others.
    """
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return None
    center, half = np.mean(values), t.ppf((1 + CONFIDENCE) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n)
    return float(center - half), float(center + half)
