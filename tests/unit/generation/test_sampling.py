"""The chosen tokens follow softmax(logits / temperature), cut by top-k and top-p as the engines cut."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import chisquare
from transformers import TopKLogitsWarper, TopPLogitsWarper

from tms.generation.next_token import choose, keep_likely
from tms.generation.sampling import Sampling
from tms.io.errors import InputError


def draw(logits: torch.Tensor, sampling: Sampling, rows: int) -> torch.Tensor:
    keys = torch.arange(rows) * 7919
    return choose(logits.expand(rows, -1), keys, keys % 13, sampling)


@pytest.mark.parametrize(
    "sampling",
    [Sampling(), Sampling(temperature=0.5), Sampling(top_p=0.8), Sampling(temperature=2, top_k=4, top_p=0.9)],
)
def test_distribution(sampling):
    logits = torch.tensor([2.0, 1.5, 1.0, 0.5, 0.0, -0.5, -1.0, -3.0])
    kept = keep_likely(logits[None] / sampling.temperature, sampling.top_k, sampling.top_p)[0]
    expected = 20_000 * kept.double().softmax(-1)
    counts = draw(logits, sampling, 20_000).bincount(minlength=8)
    alive = expected > 0
    assert counts[~alive].sum() == 0
    assert chisquare(counts[alive].numpy(), expected[alive].numpy()).pvalue > 0.001


def test_greedy():
    logits = torch.randn(50, 30, generator=torch.Generator().manual_seed(0))
    keys = torch.arange(50)
    assert torch.equal(choose(logits, keys, keys, Sampling(temperature=0)), logits.argmax(-1))
    assert not torch.equal(choose(logits, keys, keys, Sampling()), logits.argmax(-1))


@settings(max_examples=60)
@given(st.integers(0, 2**32), st.sampled_from([0, 1, 3, 19, 20, 50]), st.floats(0.01, 1.0))
def test_kept_tokens_are_those_of_transformers(seed, top_k, top_p):
    scores = 3 * torch.randn(4, 20, generator=torch.Generator().manual_seed(seed))
    expected = scores
    if top_k:
        expected = TopKLogitsWarper(min(top_k, 20))(None, expected)
    if top_p < 1:
        expected = TopPLogitsWarper(top_p)(None, expected)
    assert torch.equal(keep_likely(scores, top_k, top_p), expected)


def test_top_token_always_stays():
    scores = torch.tensor([[0.0, 30.0, 1.0]])
    assert keep_likely(scores, 0, 1e-9).isfinite().tolist() == [[False, True, False]]


def test_smallest_set_that_holds_the_mass():
    scores = torch.tensor([[0.5, 0.25, 0.125, 0.125]]).log()
    kept = [
        keep_likely(scores, 0, top_p).isfinite().sum().item() for top_p in (0.5, 0.51, 0.75, 0.76, 0.9, 1.0)
    ]
    assert kept == [1, 2, 2, 3, 4, 4]


@pytest.mark.parametrize(
    "values",
    [
        {"temperature": -0.1},
        {"temperature": float("nan")},
        {"temperature": float("inf")},
        {"top_p": 0.0},
        {"top_p": 1.1},
        {"top_k": -1},
        {"max_new_tokens": 0},
    ],
)
def test_bad_settings(values):
    with pytest.raises(InputError, match=next(iter(values))):
        Sampling(**values)
