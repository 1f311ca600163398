"""Rank correlation of weighted points, for many sets of weights at once."""

import numpy as np


def weighted_spearman(
    x: np.ndarray, y: np.ndarray, weights_RN: np.ndarray, strata: np.ndarray | None = None
) -> np.ndarray:
    """Spearman's rank correlation of N points that count several times, for R sets of whole weights.

    Equal to `scipy.stats.spearmanr` with each point repeated as often as its weight says; midranks for ties.

    Args:
        x, y: the points' coordinates, of shape (N).
        weights_RN: how often each point counts.
        strata: a label for each point; points are ranked, and ranks centred, among those of one label.

    Returns:
        R correlations; NaN where one side does not vary.
    """
    # Numbers instead of truth values, whose products numpy makes many times as slowly.
    weights_RN = weights_RN.astype(float)
    alike_NN = np.ones((len(x), len(x))) if strata is None else (strata[:, None] == strata).astype(float)

    def centred_ranks(values: np.ndarray) -> np.ndarray:
        below_NN, equal_NN = alike_NN * (values[:, None] > values), alike_NN * (values[:, None] == values)
        ranks_RN = weights_RN @ below_NN.T + (weights_RN @ equal_NN.T + 1) / 2
        # A stratum that is not drawn has no mean, and needs none.
        return ranks_RN - (weights_RN * ranks_RN) @ alike_NN / np.maximum(weights_RN @ alike_NN, 1)

    x_RN, y_RN = centred_ranks(x), centred_ranks(y)
    covariance = (weights_RN * x_RN * y_RN).sum(axis=1)
    scale = np.sqrt((weights_RN * x_RN**2).sum(axis=1) * (weights_RN * y_RN**2).sum(axis=1))
    return np.divide(covariance, scale, out=np.full(len(scale), np.nan), where=scale > 0)
