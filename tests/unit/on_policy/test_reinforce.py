"""REINFORCE against the exact gradient of a small policy's expected reward; the baseline by hand."""

from itertools import product

import pytest
import torch
from helpers.on_policy_run import trained
from hypothesis import given
from hypothesis import strategies as st

from tms.on_policy.reinforce import MovingBaseline, loss

END, LENGTH = 0, 3
STATES = [state for n in range(LENGTH) for state in product((1, 2), repeat=n)]  # what the policy has written
SEQUENCES = [
    *((*state, END) for state in STATES),
    *(
        (*state, token) for state in STATES if len(state) == LENGTH - 1 for token in (1, 2)
    ),  # cut at the limit
]
REWARDS = st.lists(st.floats(-2, 2), min_size=len(SEQUENCES), max_size=len(SEQUENCES)).map(torch.tensor)


def policy(seed):
    """Logits of the next token in each state: a softmax policy with a parameter for each choice."""
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(len(STATES), 3, generator=generator, dtype=torch.double, requires_grad=True)


def scored(logits):
    """Log-probability of each token of each sequence, padded with -inf, and the mask of what was sampled."""
    logps_BL = torch.full((len(SEQUENCES), LENGTH), -torch.inf, dtype=torch.double)
    for row, tokens in enumerate(SEQUENCES):
        for i, token in enumerate(tokens):
            logps_BL[row, i] = logits[STATES.index(tokens[:i])].log_softmax(-1)[token]
    return logps_BL, logps_BL.detach() > -torch.inf


def probabilities(logps_BL, sampled_BL):
    return logps_BL.masked_fill(~sampled_BL, 0).sum(-1).exp()


def test_the_sequences_are_all_that_the_policy_can_write():
    assert probabilities(*scored(policy(0))).sum().item() == pytest.approx(1)


@given(rewards=REWARDS, baseline=st.floats(-3, 3), seed=st.integers(0, 9))
def test_expected_gradient_is_that_of_the_expected_reward_for_any_baseline(rewards, baseline, seed):
    logits = policy(seed)
    logps_BL, sampled_BL = scored(logits)
    p_B = probabilities(logps_BL, sampled_BL)
    expected = torch.autograd.grad((p_B * rewards).sum(), logits, retain_graph=True)[0]
    found = torch.zeros_like(logits)
    for row, p in enumerate(p_B.tolist()):
        one = slice(row, row + 1)
        value = loss(logps_BL[one], sampled_BL[one], rewards[one] - baseline, sequences=1)
        found -= p * torch.autograd.grad(value, logits, retain_graph=True)[0]  # ascent
    torch.testing.assert_close(found, expected)


def test_gradient_of_one_choice_is_p_times_reward_minus_mean():
    """d E[r] / d logit_k = p_k (r_k - E[r]), the textbook form."""
    logits = torch.tensor([0.3, -1.0, 0.7], requires_grad=True)
    rewards, p = torch.tensor([1.0, 0.0, 0.5]), logits.detach().softmax(-1)
    logps_BL = logits.log_softmax(-1)[:, None]  # each token once, weighted by its probability
    value = loss(logps_BL, torch.ones(3, 1, dtype=torch.bool), p * rewards, sequences=1)
    found = -torch.autograd.grad(value, logits)[0]
    torch.testing.assert_close(found, p * (rewards - p @ rewards))


def batch(seed, rows=6, length=5):
    generator = torch.Generator().manual_seed(seed)
    logps_BL = torch.rand(rows, length, generator=generator).log().requires_grad_()
    sampled_BL = torch.rand(rows, length, generator=generator) < 0.7
    return logps_BL, sampled_BL, torch.randn(rows, generator=generator)


def test_by_hand():
    logps_BL = torch.tensor([[-1.0, -2.0, -9.0], [-3.0, -4.0, -5.0]])
    sampled_BL = torch.tensor([[True, True, False], [False, True, True]])
    # -(0.5 x (-1 - 2) + -2 x (-4 - 5)) / 2
    assert loss(logps_BL, sampled_BL, torch.tensor([0.5, -2.0]), sequences=2).item() == pytest.approx(-8.25)


@given(seed=st.integers(0, 99), at=st.integers(1, 5))
def test_micro_batches_add_up_to_the_step(seed, at):
    parts = batch(seed)
    whole = loss(*parts, sequences=6)
    halves = loss(*(part[:at] for part in parts), 6) + loss(*(part[at:] for part in parts), 6)
    torch.testing.assert_close(halves, whole)
    torch.testing.assert_close(torch.autograd.grad(halves, parts[0]), torch.autograd.grad(whole, parts[0]))


def test_a_rollout_without_advantage_has_no_gradient():
    logps_BL, sampled_BL, advantages_B = batch(0)
    advantages_B[2] = 0
    (found,) = torch.autograd.grad(loss(logps_BL, sampled_BL, advantages_B, sequences=6), logps_BL)
    assert found[2].abs().sum() == 0 < found[1].abs().sum()
    assert found[~sampled_BL].abs().sum() == 0


def test_moving_baseline_by_hand():
    baseline = MovingBaseline(0.95)
    first, second = [1.0, 0.0, 1.0, 1.0], [0.0, 0.0, 1.0, 0.0]
    assert baseline.advantages(first) == [0.25, -0.75, 0.25, 0.25]  # b starts at the batch's mean
    baseline.update(first)
    assert baseline.value == pytest.approx(0.75)
    assert baseline.advantages(second) == pytest.approx([-0.75, -0.75, 0.25, -0.75])  # b of before the batch
    baseline.update(second)
    assert baseline.value == pytest.approx(0.95 * 0.75 + 0.05 * 0.25)


def test_a_run_goes_on_from_the_saved_baseline():
    whole, batches = MovingBaseline(0.9), [[1.0, 0.0], [0.0, 0.0], [1.0, 1.0]]
    for rewards in batches[:2]:
        whole.advantages(rewards)
        whole.update(rewards)
    resumed = MovingBaseline(0.9, whole.value)
    assert resumed.advantages(batches[2]) == whole.advantages(batches[2]) == [1 - whole.value] * 2


def test_rollouts_that_could_not_be_graded_have_no_part():
    baseline = MovingBaseline(0.5)
    assert baseline.advantages([None, None]) == [0, 0]
    baseline.update([None, None])
    assert baseline.value is None
    assert baseline.advantages([1.0, None, 0.0]) == [0.5, 0, -0.5]
    baseline.update([1.0, None, 1.0])
    assert baseline.value == 0.75
    baseline.update([None])
    assert baseline.value == 0.75


def test_a_step_without_a_graded_rollout_has_no_reward(tiny_model, tmp_path):
    """As in TRL's log: NaN would go into the means of the curve, and end the table of training."""
    ended = trained(tiny_model, tmp_path, "reinforce", lambda text, answer: None)
    assert [row["reward"] for row in ended.curve] == [None] * len(ended.curve) != []
