"""TrSFT against its closed form, against the NLL and by hand."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn.functional import cross_entropy

from tms.training.examples import IGNORED
from tms.training.losses.trsft import summed, trsft_N

LOGITS = st.lists(st.floats(-6, 6), min_size=2, max_size=5).map(lambda row: torch.tensor([row]))
FLOORS = st.floats(1e-3, 1)


def gradient(loss, logits):
    logits = logits.clone().requires_grad_()
    return torch.autograd.grad(loss(logits), logits)[0]


@given(logits=LOGITS, floor=FLOORS)
def test_gradient_is_the_nlls_times_p_over_a_where_p_is_below_a(logits, floor):
    target = torch.tensor([0])
    p_V = logits[0].softmax(-1)
    nll_V = p_V - torch.eye(len(p_V))[0]  # of the NLL with respect to the logits: p - 1[target]
    found = gradient(lambda logits: summed(logits, target, floor), logits)
    torch.testing.assert_close(found[0], min(1, p_V[0].item() / floor) * nll_V, atol=1e-6, rtol=1e-4)


@given(logits=LOGITS, floor=FLOORS)
def test_gradient_is_that_of_the_probability_over_a_constant(logits, floor):
    p = logits.softmax(-1)[0, 0].item()
    found = gradient(lambda logits: summed(logits, torch.tensor([0]), floor), logits)
    expected = gradient(lambda logits: -logits.softmax(-1)[0, 0] / max(p, floor), logits)
    torch.testing.assert_close(found, expected, atol=1e-6, rtol=1e-4)


def test_plain_sft_where_no_probability_is_below_the_floor():
    logits = torch.randn(6, 4, generator=torch.Generator().manual_seed(0))
    targets = torch.tensor([0, 1, 2, 3, 0, 1])
    smallest = logits.softmax(-1)[range(6), targets].min().item()
    for floor, equal in ((0.99 * smallest, True), (1.5 * smallest, False)):
        found = gradient(lambda logits, floor=floor: summed(logits, targets, floor), logits)
        expected = gradient(lambda logits: cross_entropy(logits, targets, reduction="sum"), logits)
        assert torch.allclose(found, expected, atol=1e-6) == equal


def test_value_is_minus_one_above_the_floor_and_rises_to_zero_below():
    logps_N = torch.tensor([0.9, 0.1, 0.05, 0.01, 0.0]).log()
    assert trsft_N(logps_N, 0.1).tolist() == pytest.approx([-1, -1, -0.5, -0.1, 0])


def test_a_token_without_probability_has_no_gradient():
    logits = torch.tensor([[-200.0, 0.0]])
    assert gradient(lambda logits: summed(logits, torch.tensor([0]), 0.1), logits).tolist() == [[0, 0]]


def test_positions_without_loss_count_nothing():
    logits = torch.zeros(4, 5)
    targets = torch.tensor([IGNORED, 2, IGNORED, 4])
    assert summed(logits, targets, 0.5).item() == pytest.approx(2 * -0.2 / 0.5)
    found = gradient(lambda logits: summed(logits, targets, 0.5), logits)
    assert found[[0, 2]].abs().max() == 0 < found[[1, 3]].abs().min()
