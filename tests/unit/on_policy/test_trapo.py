"""TRAPO: prefixes against the table of thresholds, cuts against a search, the loss by hand."""

import math
import re
from statistics import stdev

import pytest
import torch
from helpers.on_policy_run import references, trained
from hypothesis import given
from hypothesis import strategies as st

from tms.config.method_kinds import KINDS
from tms.on_policy import trapo
from tms.on_policy.kl import KLToBase

SETTINGS = {"limit": 10, "floor": 0.1, "entropy_bonus": 0.001}


def test_the_configuration_counts_the_rollouts_of_the_groups():
    assert KINDS["trapo"].rollouts == sum(trapo.GROUPS)


@pytest.mark.parametrize(
    ("group", "ratios"),
    [  # by the number of right rollouts before the group
        (0, [0]),
        (1, [0.25, 0.25, 0, 0, 0]),
        (2, [0.5, 0.5, 0.5, 0.5, 0, 0, 0]),
        (3, [1, 1, 1, 1, 1, 1, 1, 0]),
    ],
)
def test_prefix_of_each_group(group, ratios):
    assert len(ratios) == sum(trapo.GROUPS[:group]) + 1
    assert [trapo.prefix_ratio(group, right) for right in range(len(ratios))] == ratios


def test_rollouts_that_learn_their_prefix():
    assert sum(trapo.GROUPS) == 8
    assert [trapo.learns_prefix(index) for index in range(8)] == [False] * 5 + [True] * 3


def characters(text):
    """Ends of tokens of one character each."""
    return list(range(1, len(text) + 1))


@pytest.mark.parametrize(
    ("text", "ratio", "prefix"),
    [
        ("abcdefghij", 0.0, ""),
        ("abcdefghij", 0.25, "ab"),  # no blank line: at the ratio, rounded down
        ("abcdefghij", 0.5, "abcde"),
        ("abcdefghij", 1.0, "abcdefghij"),
        ("ab\ncdefghi", 0.25, "ab"),  # the end of a line is no blank line
        ("abc\n\nfghij", 0.25, "abc\n\n"),
        ("abcd\n\nghij", 0.25, "ab"),  # behind 0.25 + 0.3
        ("abcdef\n\nij", 0.5, "abcdef\n\n"),
        ("abcdefg\n\nj", 0.5, "abcde"),
        ("\n\nc\n\nfghij", 0.25, "\n\n"),  # a blank line that ends at the ratio: there, not at the next one
        ("\n\ncde\n\nhij", 0.5, "\n\ncde\n\n"),  # one before the ratio does not count
        ("abcd\n\n\n\nij", 0.5, "abcd\n\n\n\n"),  # several in a row are one
        ("abcd\n \nhij", 0.5, "abcd\n \n"),  # blank, with a space
        ("a\n\nd\n\nghij", 0.25, "a\n\n"),  # the first of two within reach
        ("a\n\n", 1.0, "a\n\n"),
    ],
)
def test_cut_of_a_prefix(text, ratio, prefix):
    assert text[: trapo.cut(text, characters(text), ratio)] == prefix


def test_a_token_that_holds_a_blank_line_stays_whole():
    tokens = ["Let", " x", " be", " 1", ".\n\nSo", " y", " is", " 2", ".", ""]  # the last is the end token
    ends = [len("".join(tokens[: i + 1])) for i in range(len(tokens))]
    text = "".join(tokens)
    assert trapo.cut(text, ends, 0.25) == 5
    assert trapo.cut(text, ends, 0.5) == 5
    assert trapo.cut(text, ends, 1.0) == 10


TEXTS = st.text(alphabet="ab \n", max_size=40)


@given(
    text=TEXTS,
    steps=st.lists(st.integers(1, 4), min_size=40, max_size=40),
    ratio=st.sampled_from((0.25, 0.5)),
)
def test_cut_is_the_first_place_behind_a_blank_line_within_reach(text, steps, ratio):
    ends = [end for i in range(len(steps)) if (end := sum(steps[: i + 1])) < len(text)] + [len(text)]
    at_ratio = int(ratio * len(ends))

    def behind_a_blank_line(cut):
        """Whether the last token of a prefix completes a blank line (or several in a row)."""
        inside = range(ends[cut - 2] + 1 if cut > 1 else 1, ends[cut - 1] + 1)
        return any(
            re.search(r"\n\s*\n\Z", text[:place]) and not re.match(r"\s*\n", text[place:]) for place in inside
        )

    reachable = range(max(at_ratio, 1), int((ratio + 0.3) * len(ends)) + 1)
    expected = next((cut for cut in reachable if behind_a_blank_line(cut)), at_ratio)
    assert trapo.cut(text, ends, ratio) == expected


def test_advantages_by_hand():
    assert trapo.advantages([1, 0, 0, 0, 1, 0, 0, 0]) == [
        0.75,
        -0.25,
        -0.25,
        -0.25,
        0.75,
        -0.25,
        -0.25,
        -0.25,
    ]
    assert trapo.advantages([1.0, None, 0.0, 0.0, None, 0.0, 0.0, 0.5]) == [
        0.75,
        0,
        -0.25,
        -0.25,
        0,
        -0.25,
        -0.25,
        0.25,
    ]
    assert trapo.advantages([None] * 8) == [0] * 8
    assert trapo.advantages([1.0] * 8) == [0] * 8


@given(st.lists(st.none() | st.floats(0, 1), min_size=8, max_size=8))
def test_advantages_sum_to_zero_and_keep_differences(rewards):
    found = trapo.advantages(rewards)
    assert math.fsum(found) == pytest.approx(0, abs=1e-12)
    graded = [
        (reward, advantage) for reward, advantage in zip(rewards, found, strict=True) if reward is not None
    ]
    for reward, advantage in graded:  # not divided by the deviation
        assert advantage - graded[0][1] == pytest.approx(reward - graded[0][0])


def test_what_is_logged_is_of_the_first_group(tiny_model, tmp_path, monkeypatch):
    """Of all rollouts without a prefix, a prompt that is solved has eight and one that is not has four."""
    asked = []
    monkeypatch.setattr(KLToBase, "__call__", lambda kl, trainer, sequences: asked.extend(sequences) or 0.0)

    def half(text, answer):
        return float(int(answer) % 2)

    rows = references(8, "so it is {}")
    ended = trained(tiny_model, tmp_path, "trapo", half, rows=rows, effective_batch=8)
    (rollouts,), (row,) = ended.steps, ended.curve
    assert row["reward"] == 0.5
    assert row["reward_std"] == pytest.approx(stdev([0.0, 1.0] * 16))
    first = [rollout for place, rollout in enumerate(rollouts) if place % 8 < 4]
    assert asked == [(rollout.prompt_ids, rollout.sampled_ids) for rollout in first]
    assert sum(not rollout.prefix_ids for rollout in rollouts) == 4 * 8 + 4 * 4
    assert ended.logged[0]["expert_share"] == 16 / 64


def test_loss_by_hand():
    """A rollout with two tokens of the expert and two of its own, and one of three own tokens."""
    p_BL = torch.tensor([[0.5, 0.02, 0.3, 0.6], [0.9, 0.2, 0.4, 0.7]])
    entropies_BL = torch.tensor([[9.0, 9.0, 1.0, 2.0], [0.5, 0.25, 3.0, 9.0]])
    sampled_BL = torch.tensor([[False, False, True, True], [True, True, True, False]])
    expert_BL = torch.tensor([[True, True, False, False], [False, False, False, False]])
    found = trapo.loss(
        p_BL.log(), entropies_BL, sampled_BL, expert_BL, torch.tensor([0.25, -0.75]), **SETTINGS
    )
    expert = -1 - 0.02 / 0.1
    policy = -0.25 * (math.log(0.3) + math.log(0.6)) + 0.75 * (math.log(0.9) + math.log(0.2) + math.log(0.4))
    entropy = 1 + 2 + 0.5 + 0.25 + 3
    assert found.item() == pytest.approx((expert + policy - 0.001 * entropy) / 10)


def batch(seed, rows=6, length=7):
    """Log-probabilities and entropies of random logits, masks of own and expert tokens, advantages."""
    generator = torch.Generator().manual_seed(seed)
    logits = torch.randn(rows, length, 5, generator=generator, requires_grad=True)
    logps_BLV = logits.log_softmax(-1)
    entropies_BL = -(logps_BLV.exp() * logps_BLV).sum(-1)
    sampled_BL = torch.rand(rows, length, generator=generator) < 0.6
    expert_BL = ~sampled_BL & (torch.rand(rows, length, generator=generator) < 0.5)
    return logits, (
        logps_BLV[..., 0],
        entropies_BL,
        sampled_BL,
        expert_BL,
        torch.randn(rows, generator=generator),
    )


@given(seed=st.integers(0, 99), at=st.integers(1, 5))
def test_micro_batches_add_up_to_the_step(seed, at):
    logits, parts = batch(seed)
    halves = [
        trapo.loss(*(part[rows] for part in parts), **SETTINGS) for rows in (slice(at), slice(at, None))
    ]
    found, expected = sum(halves), trapo.loss(*parts, **SETTINGS)
    torch.testing.assert_close(found, expected)
    both = [torch.autograd.grad(value, logits, retain_graph=True)[0] for value in (found, expected)]
    torch.testing.assert_close(*both)


def test_only_expert_tokens_and_entropy_move_a_rollout_without_advantage():
    logits, (*given_, advantages_B) = batch(1)
    sampled_BL, expert_BL = given_[2:]
    advantages_B[:] = 0
    value = trapo.loss(*given_, advantages_B, limit=10, floor=0.1, entropy_bonus=0.0)
    by_token = torch.autograd.grad(value, logits, retain_graph=True)[0].abs().sum(-1)
    assert torch.equal(by_token > 0, expert_BL)
    value = trapo.loss(*given_, advantages_B, limit=10, floor=0.1, entropy_bonus=0.1)
    by_token = torch.autograd.grad(value, logits)[0].abs().sum(-1)
    assert torch.equal(by_token > 0, expert_BL | sampled_BL)


def test_the_entropy_bonus_raises_the_entropy():
    logits, (logps_BL, entropies_BL, sampled_BL, expert_BL, advantages_B) = batch(2)
    none_BL, zero_B = torch.zeros_like(expert_BL), torch.zeros_like(advantages_B)
    value = trapo.loss(logps_BL, entropies_BL, sampled_BL, none_BL, zero_B, **SETTINGS)
    found = torch.autograd.grad(value, logits, retain_graph=True)[0]
    expected = torch.autograd.grad(entropies_BL[sampled_BL].sum(), logits)[0]
    torch.testing.assert_close(found, -0.001 * expected / 10)


def test_padding_of_any_value_changes_nothing():
    _, parts = batch(3)
    seen_BL = parts[2] | parts[3]
    broken = [part.detach().masked_fill(~seen_BL, -torch.inf).requires_grad_() for part in parts[:2]]
    value = trapo.loss(*broken, *parts[2:], **SETTINGS)
    torch.testing.assert_close(value, trapo.loss(*parts, **SETTINGS).detach())
    assert all(gradient.isfinite().all() for gradient in torch.autograd.grad(value, broken))
