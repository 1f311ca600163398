"""A drawn token is the argmax of scores plus noise, whatever tokens were left out on the way."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tms.generation import draw as module
from tms.generation.draw import draw
from tms.generation.noise import gumbel


def plain(scores, keys, steps):
    return (scores + gumbel(keys, steps, scores.shape[-1])).argmax(-1)


@settings(max_examples=40, deadline=None)
@given(
    seed=st.integers(0, 2**32),
    rows=st.sampled_from([1, 3, 4, 9]),
    vocabulary=st.sampled_from([2, 5000, 2**14, 2**14 + 7, 40_000]),
    scale=st.sampled_from([0.0, 1e-3, 1.0, 10.0, 1e4, 1e30]),
    kept=st.sampled_from([1.0, 0.5, 0.01]),
    whole=st.booleans(),
)
def test_the_token_of_the_whole_sum(seed, rows, vocabulary, scale, kept, whole):
    draws = torch.Generator().manual_seed(seed)
    scores = torch.randn(rows, vocabulary, generator=draws) * scale
    if whole:
        scores = scores.round()  # equal scores
    masked = torch.rand(rows, vocabulary, generator=draws) > kept
    masked[:, seed % vocabulary] = False
    scores = scores.masked_fill(masked, -torch.inf)
    keys = torch.randint(0, 2**63 - 1, (rows,), generator=draws)
    steps = torch.randint(0, 5000, (rows,), generator=draws)
    before = scores.clone()
    assert torch.equal(draw(scores, keys, steps), plain(scores, keys, steps))
    assert torch.equal(scores, before)


def test_close_contests(monkeypatch):
    """Few tokens, many rows: often the second largest sum is near the largest."""
    monkeypatch.setattr(module, "SMALL", 0)
    scores = torch.randn(20_000, 5, generator=torch.Generator().manual_seed(0))
    keys, steps = torch.arange(20_000), torch.arange(20_000)
    sums = scores + gumbel(keys, steps, 5)
    largest = sums.sort(-1).values
    assert (largest[:, -1] - largest[:, -2] < 1e-3).sum() > 5
    assert torch.equal(draw(scores, keys, steps), sums.argmax(-1))


def test_few_sums_are_computed(monkeypatch):
    computed = []
    noise = module._noise
    monkeypatch.setattr(module, "_noise", lambda bits: (computed.append(len(bits)), noise(bits))[1])
    scores = torch.randn(64, 20_000, generator=torch.Generator().manual_seed(1)) * 3
    keys, steps = torch.arange(64), torch.arange(64)
    assert torch.equal(draw(scores, keys, steps), plain(scores, keys, steps))
    assert 64 < sum(computed) < scores.numel() / 100


def test_equal_sums_take_the_first_token(monkeypatch):
    monkeypatch.setattr(module, "_noise", lambda bits: np.zeros(bits.shape, np.float32))
    scores = torch.zeros(40, 9000)
    scores[:, 2:] += torch.rand(40, 1, generator=torch.Generator().manual_seed(0)) - 0.5
    expected = scores.argmax(-1)
    assert set(expected.tolist()) == {0, 2}
    assert torch.equal(draw(scores, torch.arange(40), torch.arange(40)), expected)


@pytest.mark.parametrize("value", [torch.nan, torch.inf, -torch.inf])
def test_scores_that_are_no_numbers(value):
    """As the whole sum has it: a model that computes NaN is not mended here."""
    scores = torch.randn(20, 9000, generator=torch.Generator().manual_seed(0))
    scores[1, 5000:5003] = value
    scores[17] = value
    keys, steps = torch.arange(20), torch.arange(20)
    assert torch.equal(draw(scores, keys, steps), plain(scores, keys, steps))
