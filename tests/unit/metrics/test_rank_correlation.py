"""Rank correlations of weighted points against scipy."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, rankdata, spearmanr

from tms.metrics.rank_correlation import weighted_spearman


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5), st.integers(0, 4)), min_size=2, max_size=12))
@settings(max_examples=300)
def test_a_weight_counts_as_so_many_equal_points(found):
    """Integers between 0 and 5, so that ties are common."""
    x, y, weights = (np.array(column, dtype=float) for column in zip(*found, strict=True))
    weights[0] += 1  # some point counts
    repeated = [np.repeat(values, weights.astype(int)) for values in (x, y)]
    own = weighted_spearman(x, y, np.array([weights, np.ones(len(x))]))
    for value, sides in zip(own, (repeated, (x, y)), strict=True):
        if len(set(sides[0])) > 1 and len(set(sides[1])) > 1:
            assert value == pytest.approx(spearmanr(*sides).statistic, abs=1e-9)
        else:
            assert np.isnan(value)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 2)), min_size=2, max_size=12))
@settings(max_examples=200)
def test_ranks_within_strata(found):
    """Pearson's correlation of ranks within each stratum, less their means there."""
    x, y, strata = (np.array(column) for column in zip(*found, strict=True))
    sides = np.zeros((2, len(x)))
    for name in set(strata):
        for side, values in zip(sides, (x, y), strict=True):
            ranks = rankdata(values[strata == name])
            side[strata == name] = ranks - ranks.mean()
    (own,) = weighted_spearman(x, y, np.ones((1, len(x))), strata)
    if np.ptp(sides[0]) and np.ptp(sides[1]):
        assert own == pytest.approx(pearsonr(*sides).statistic, abs=1e-9)
    else:
        assert np.isnan(own)


def test_a_stratum_that_is_not_drawn_counts_for_nothing():
    x, y, strata = np.array([1.0, 2, 3, 9, 8]), np.array([2.0, 1, 3, 0, 7]), np.array([0, 0, 0, 1, 1])
    (own,) = weighted_spearman(x, y, np.array([[1, 1, 1, 0, 0]]), strata)
    assert own == pytest.approx(spearmanr(x[:3], y[:3]).statistic)
