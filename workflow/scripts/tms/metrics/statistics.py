"""Confidence intervals: of scores and differences over test examples, of measured means, and over seeds."""

import numpy as np
from scipy.special import ndtri, stdtrit

CONFIDENCE = 0.95
Z = float(ndtri((1 + CONFIDENCE) / 2))
# So many that the bootstrap's p-values can stay small under Holm's correction over a table of some 60 tests.
RESAMPLES = 10_000
DRAWS_AT_ONCE = 10_000_000  # bounds the memory that drawing takes
EQUAL = 1e-12  # resamples that differ by less differ by the rounding of sums alone
Bounds = tuple[float, float]
SHARE = (0.0, 1.0)


def score_interval(scores_MN: np.ndarray, draws_R: np.ndarray | None = None) -> Bounds:
    """Bounds of the 95 % interval of the mean score of a run, or of several on the same examples.

    Scores of 0 and 1 get Wilson's interval at the effective number of examples: as many independent ones as
    would leave the mean the variance that resampling examples jointly gives it, which lies between that of
    one run (all runs agree on each example) and of as many examples as there are grades. The bootstrap's
    percentiles would be too narrow near 0 and 1. Other scores are resampled jointly (`bootstrap_interval`).

    Args:
        scores_MN: score in [0, 1] of each example in each run.
        draws_R: their mean on resampled examples, where it is known already.

    Source: Franco, Little, Louis & Slud (2019), Comparative Study of Confidence Intervals for Proportions in
    Complex Sample Surveys, https://doi.org/10.1093/jssam/smy019.
    """
    scores_MN = np.asarray(scores_MN, dtype=float)
    runs, n = scores_MN.shape
    mean_N = scores_MN.mean(axis=0)
    if not np.isin(scores_MN, (0, 1)).all():
        return bootstrap_interval(resampled_means([mean_N])[0] if draws_R is None else draws_R, n)
    if runs == 1:
        return wilson(scores_MN.sum(), n)
    mean, variance = float(mean_N.mean()), float(mean_N.var()) / max(n - 1, 1)
    effective = float(np.clip(mean * (1 - mean) / variance, n, runs * n)) if variance else n
    return wilson(mean * effective, effective)


def bootstrap_interval(draws_R: np.ndarray, n: int, limits: Bounds = SHARE) -> Bounds:
    """Bounds of the 95 % interval of a mean over examples from its bootstrap: the percentiles of its draws.

    Where all draws are equal, so are the examples, and the bootstrap would claim certainty. Of examples not
    seen a share may differ (`unseen_share`), by as much as the limits allow: the difference between two
    models of which no grade differs on 150 examples has [-0.02, 0.02].

    Args:
        draws_R: the mean on resampled examples.
        n: number of examples.
        limits: smallest and largest value that an example can have.
    """
    if has_spread(draws_R):
        return percentiles(draws_R)
    value, share, (low, high) = float(draws_R[0]), unseen_share(n), limits
    return value - share * (value - low), value + share * (high - value)


def has_spread(draws_R: np.ndarray) -> bool:
    """Whether resamples differ by more than the rounding of their sums."""
    return bool(np.ptp(draws_R) > EQUAL)


def unseen_share(n: int) -> float:
    """The largest share of examples that may differ though none of n does: the rule of three, 3 / n.

    Were it larger, n examples would show none in under 5 %. It is also what the bootstrap gives as the bound
    where a single one of n differs, so that the step from none to one narrows no interval; Wilson's bound for
    0 of n, some 3.84 / n, would.

    Source: Hanley & Lippman-Hand (1983), If Nothing Goes Wrong, Is Everything All Right?,
    https://doi.org/10.1001/jama.1983.03330370053031.
    """
    return min(1.0, 3 / n)


def unseen_changes(n: int, resamples: int, stream: str) -> np.ndarray:
    """Share of examples that change in each resample if one of n is lost and one gained that are not there.

    Each is drawn as often as any example, a number that has Poisson's distribution with the mean 1. So the
    95 % interval of the share is [-3 / n, 3 / n], that of `unseen_share`.

    Returns:
        Shares of shape (2, resamples): gained minus lost, and lost minus gained; the same at every call with
        the same stream.
    """
    lost_R, gained_R = np.random.default_rng([1, *stream.encode()]).poisson(size=(2, resamples))
    share_R = np.clip((gained_R - lost_R) / n, -1, 1)
    return np.stack([share_R, -share_R])


def wilson(right: float, n: float) -> Bounds:
    """Bounds of Wilson's 95 % score interval of a proportion, as scipy's `binomtest` gives them.

    Written out, since importing scipy.stats would be most of the time of a grading job; a test compares.

    Args:
        right: number of successes.
        n: number of trials; effective numbers need not be whole.

    Source: Wilson (1927), https://doi.org/10.1080/01621459.1927.10502953.
    """
    center, half = right + Z**2 / 2, Z * np.sqrt(right * (n - right) / n + Z**2 / 4)
    low, high = (center - half) / (n + Z**2), (center + half) / (n + Z**2)
    return (0.0 if right == 0 else float(low)), (1.0 if right == n else float(high))


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


def few_units(n: int) -> float:
    """Factor by which the interval of a mean over n units is wider than the bootstrap's percentiles.

    These have the variance of n units instead of n - 1, and the normal's quantile instead of Student's: with
    20 units they cover 93 % instead of 95 %, with hundreds it is nothing.

    Source: Hesterberg (2015), What Teachers Should Know About the Bootstrap (expanded percentile interval),
    https://doi.org/10.1080/00031305.2015.1089789.
    """
    if n < 2:
        return 1.0
    return float(np.sqrt(n / (n - 1)) * stdtrit(n - 1, (1 + CONFIDENCE) / 2) / Z)


def percentiles(values: np.ndarray) -> Bounds:
    """The percentiles that bound the 95 % interval of resampled values."""
    tail = 50 * (1 - CONFIDENCE)
    low, high = np.percentile(values, [tail, 100 - tail])
    return float(low), float(high)


def normal_interval(mean: float, stderr: float) -> Bounds:
    """Bounds of the 95 % interval of a mean with a known standard error, by the normal distribution."""
    return mean - Z * stderr, mean + Z * stderr


def seed_interval(values: list[float]) -> Bounds | None:
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
