"""NLL and a KL to the base against closed forms."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tms.io.errors import InputError
from tms.training.examples import IGNORED, UNTARGETED
from tms.training.losses import kl, nll

ROWS = st.lists(st.tuples(st.floats(-6, 6), st.floats(-6, 6)), min_size=2, max_size=5)
BETAS = st.floats(0, 10)
TARGET = torch.tensor([0])


def gradient(loss, logits):
    logits = logits.clone().requires_grad_()
    return torch.autograd.grad(loss(logits), logits)[0]


def both(row):
    return (torch.tensor([logits]) for logits in zip(*row, strict=True))


@given(row=ROWS, beta=BETAS)
def test_value_and_gradient(row, beta):
    """-log p_y + beta sum p_0 log (p_0 / p), with the gradient p - 1_y + beta (p - p_0)."""
    logits, base = both(row)
    p, p_0 = (one[0].double().softmax(-1) for one in (logits, base))
    expected = -p[0].log() + beta * (p_0 * (p_0 / p).log()).sum()
    assert kl.summed(logits, TARGET, base, beta).item() == pytest.approx(expected.item(), rel=1e-4, abs=1e-4)
    found = gradient(lambda logits: kl.summed(logits, TARGET, base, beta), logits)
    closed = p - torch.eye(len(p))[0] + beta * (p - p_0)
    torch.testing.assert_close(found[0].double(), closed, atol=2e-5, rtol=1e-4)


@given(row=ROWS, beta=BETAS)
def test_it_is_the_cross_entropy_to_a_mixture_of_target_and_base(row, beta):
    """(1 + beta) times, with the target delta_y / (1 + beta) + beta / (1 + beta) p_0."""
    logits, base = both(row)
    mixed = (torch.eye(len(row))[0] + beta * base[0].softmax(-1)) / (1 + beta)
    expected = gradient(lambda logits: -(1 + beta) * (mixed * logits[0].log_softmax(-1)).sum(), logits)
    found = gradient(lambda logits: kl.summed(logits, TARGET, base, beta), logits)
    torch.testing.assert_close(found, expected, atol=2e-5, rtol=1e-4)


def example():
    generator = torch.Generator().manual_seed(0)
    logits, base = (torch.randn(6, 9, generator=generator) for _ in range(2))
    return logits, torch.tensor([1, IGNORED, 3, 8, IGNORED, 0]), base


def test_beta_0_is_the_nll_bit_for_bit():
    logits, targets, base = example()
    assert kl.summed(logits, targets, base, 0.0).equal(nll.summed(logits, targets))
    found = gradient(lambda logits: kl.summed(logits, targets, base, 0.0), logits)
    assert found.equal(gradient(lambda logits: nll.summed(logits, targets), logits))


def test_at_the_base_there_is_no_kl():
    logits, targets, _ = example()
    assert kl.summed(logits, targets, logits, 5.0).equal(nll.summed(logits, targets))
    found = gradient(lambda given: kl.summed(given, targets, logits, 5.0), logits)
    torch.testing.assert_close(found, gradient(lambda logits: nll.summed(logits, targets), logits))


def test_positions_without_loss_have_no_kl():
    logits, targets, base = example()
    learned = targets != IGNORED
    expected = kl.summed(logits[learned], targets[learned], base[learned], 0.5)
    torch.testing.assert_close(kl.summed(logits, targets, base, 0.5), expected)
    found = gradient(lambda logits: kl.summed(logits, targets, base, 0.5), logits)
    assert not found[~learned].any() and found[learned].any()


def test_half_precision_is_summed_in_float32():
    logits, targets, base = example()
    half = [one.bfloat16() for one in (logits, base)]
    found = kl.summed(half[0], targets, half[1], 0.5)
    assert found.dtype == torch.float32
    assert found.equal(kl.summed(half[0].float(), targets, half[1].float(), 0.5))


@pytest.mark.parametrize(
    ("beta", "prompts", "words"),
    [
        (-0.1, "training", "--kl-beta -0.1: give a number, at least 0"),
        (float("nan"), "training", "--kl-beta nan: give a number"),
        (0.1, "all", "--kl-prompts all: give training"),
    ],
)
def test_settings_that_cannot_work(beta, prompts, words):
    with pytest.raises(InputError, match=words):
        kl.check(beta, prompts)
    kl.check(0.0, "training")


def test_general_prompts_have_the_kl_alone_and_all_others_the_nll_alone():
    logits, targets, base = example()
    general = torch.tensor([False, False, True, False, False, True])
    marked = targets.masked_fill(general, UNTARGETED)

    def loss(logits):
        return kl.summed(logits, marked, base, 0.5, "general")

    p, p_0 = (one.double().softmax(-1)[general] for one in (logits, base))
    expected = nll.summed(logits[~general], targets[~general]) + 0.5 * (p_0 * (p_0 / p).log()).sum()
    assert loss(logits).item() == pytest.approx(expected.item(), rel=1e-5)
    found = gradient(loss, logits)
    torch.testing.assert_close(found[general].double(), 0.5 * (p - p_0), atol=1e-6, rtol=1e-4)
    others = gradient(lambda logits: nll.summed(logits, targets), logits)
    torch.testing.assert_close(found[~general], others[~general])
    # At the base nothing pulls there.
    still = gradient(lambda given: kl.summed(given, marked, logits, 0.5, "general"), logits)
    assert still[general].abs().max() < 1e-6


def test_without_general_prompts_such_a_run_is_sft():
    logits, targets, base = example()
    assert kl.summed(logits, targets, base, 0.5, "general").equal(nll.summed(logits, targets))
